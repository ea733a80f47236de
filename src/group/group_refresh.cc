// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "group/core.h"

namespace ringcache {
/// A get that has found a copy in the later part of its life, or past it.
void Group::Core::get_aging(const KeyView& key, const Call& call, Copy copy, Done<Value> done,
                            Departing* together) {
  using State = Freshness::State;
  const Duration load_time = load_times_.expected(key.hash, copy.version);
  if (!scheduler_.has_come(freshness_.ripens(copy, load_time)))
    return done(answer_of(std::move(copy)));
  const Time now = scheduler_.now();
  const State state = freshness_.state(copy, key.hash, load_time, now);
  const bool is_in_trouble = state == State::reserve && health_.is_ill();
  if (state == State::ripe || state == State::stale || is_in_trouble) refresh(key, copy.version);
  if (state < State::reserve || is_in_trouble ||
      now < saturating_add(copy.fresh_until, call.max_stale))
    return done(answer_of(std::move(copy), now));
  ++count_.outlived;
  const std::uint64_t outdated = copy.version;
  if (state == State::spent) return load(key, call, outdated, std::move(done), together);
  Call hasty = call;
  hasty.deadline = hurried(call.deadline, now);
  load(key, hasty, outdated, or_stale(std::move(copy), std::move(done)), together);
}

/// By way of the scheduler: whoever found the copy has his answer, and does not wait for a source
/// that is slow to take a query. A refresh is a load like others: a write supersedes it. Of a
/// source in trouble no trial is spent on a key whose load hangs already.
void Group::Core::refresh(const KeyView& key, std::uint64_t outdated) {
  const KeyView name = own(key.name);
  const Time now = scheduler_.now();
  if (health_.is_ill() && (flights_.in_flight(name) || !health_.may_ask(now))) return;
  const FlightPtr flight = flights_.start(name, now);
  if (!flight) return;
  ++count_.refreshes;
  soon({}, [flight, outdated](Core& core) { core.read_source(flight, outdated); });
}

/// The stale copy instead of an answer that speaks of trouble. A source that only lets those wait
/// is in trouble as well.
Done<Value> Group::Core::or_stale(Copy copy, Done<Value> done) {
  return [self = shared_from_this(), copy = std::move(copy),
          done = std::move(done)](Result<Value> result) mutable {
    if (result || !is_trouble(result.error().code)) return done(std::move(result));
    if (const Gate::Pass pass(self->gate_); pass) self->health_.failed(self->scheduler_.now());
    const Time past = copy.fresh_until;
    done(self->answer_of(std::move(copy), past));
  };
}

}  // namespace ringcache
