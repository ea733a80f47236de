// SPDX-License-Identifier: Apache-2.0
// Many keys at once: each is got as if it were alone, but the flights that begin for them go
// together, one call for each owner and one for the source.
#include <map>
#include <optional>
#include <utility>

#include "base/gathering.h"
#include "group/core.h"

namespace ringcache {

void Group::Core::get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) {
  if (keys.empty()) return done(Values());
  if (auto refusal = clients_.refuse(call, keys.size(), scheduler_)) [[unlikely]]
    return done(std::unexpected(std::move(*refusal)));
  const auto gathering = std::make_shared<Gathering>(keys.size(), std::move(done));
  std::vector<std::optional<Copy>> found(keys.size());
  cache_.find_many(keys, found);
  Departing together;
  for (std::size_t i = 0; i < keys.size(); ++i)
    answer_or_load(keys[i], call, std::move(found[i]), gathering->done_of(i), &together);
  read_source_together(std::move(together.to_source));
  ask_peers_together(together.to_peers);
}

void Group::Core::read_source_together(std::vector<Departing::ToSource> departing) {
  if (departing.size() == 1)
    return read_source(departing.front().flight, departing.front().outdated);
  std::vector<FlightPtr> flights;
  std::vector<Keep> keeps;
  for (const auto& [flight, outdated] : departing) {
    if (land_at_copy(flight, outdated)) continue;
    flights.push_back(flight);
    keeps.push_back(keep_of(flight->key.view()));
  }
  if (flights.empty()) return;
  count_.loads += flights.size();
  const Time deadline = saturating_add(flights.front()->begun, options_.load_timeout);
  ask_together(
      std::move(flights), deadline,
      [self = shared_from_this(), keeps = std::move(keeps)](
          std::size_t index, const FlightPtr& flight, Result<Value> result) {
        self->land(flight, self->loaded(*flight, std::move(result)), keeps[index]);
      },
      [&](std::span<const KeyView> keys, Done<Values> done) {
        source_->get_many(keys, {.deadline = deadline}, std::move(done));
      });
}

void Group::Core::ask_peers_together(const std::vector<FlightPtr>& flights) {
  std::map<std::shared_ptr<Store>, std::vector<FlightPtr>> by_peer;
  for (const FlightPtr& flight : flights) {
    const std::shared_ptr<Store> peer = cluster_.owner(flight->key.view());
    if (!peer || !suspects_.may_ask(peer.get(), scheduler_.now()))
      read_past_owner(flight);
    else
      by_peer[peer].push_back(flight);
  }
  for (auto& [peer, its] : by_peer) ask_peer_together(peer, std::move(its));
}

void Group::Core::ask_peer_together(const std::shared_ptr<Store>& peer,
                                    std::vector<FlightPtr> flights) {
  const std::size_t last = flights.size() - 1;
  count_.forwards += flights.size();
  const Time now = scheduler_.now();
  const Time deadline = peer_deadline(now);
  ask_together(
      std::move(flights), deadline,
      [self = shared_from_this(), peer, now, last, again = std::vector<FlightPtr>()](
          std::size_t index, const FlightPtr& flight, Result<Value> result) mutable {
        const Gate::Pass pass(self->gate_);
        if (!pass) return;
        if (!self->peer_answered(flight, peer.get(), now, std::move(result)))
          again.push_back(flight);
        if (index == last) self->ask_peers_together(again);
      },
      [&](std::span<const KeyView> keys, Done<Values> done) {
        peer->get_many(keys, {.deadline = deadline, .forwarded = true}, std::move(done));
      });
}

/// ask() for many: `each` gets every flight's result, or what became of the whole call.
template <class Each, class Start>
void Group::Core::ask_together(std::vector<FlightPtr> flights, Time deadline, Each each,
                               Start start) {
  std::vector<KeyView> keys;
  for (const FlightPtr& flight : flights) keys.push_back(flight->key.view());
  const auto values = std::make_shared<Values>();
  Done<Value> all_done = [values, each = std::move(each),
                          flights = std::move(flights)](const Result<Value>& all) mutable {
    for (std::size_t i = 0; i < flights.size(); ++i)
      each(i, flights[i], all ? std::move((*values)[i]) : std::unexpected(all.error()));
  };
  ask(deadline, Errc::deadline_exceeded, std::move(all_done), [&](Done<Value> done) {
    start(keys, [values, count = keys.size(), done = std::move(done)](Result<Values> all) mutable {
      if (!all) return done(std::unexpected(std::move(all.error())));
      if (all->size() != count) return done(fail(Errc::internal, "not a result for each key"));
      *values = std::move(*all);  // too late, nobody looks there
      done(Value{});
    });
  });
}

}  // namespace ringcache
