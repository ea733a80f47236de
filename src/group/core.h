// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <ringcache/group.h>

#include "base/round.h"
#include "group/client_limits.h"
#include "group/deadlines.h"
#include "group/departing.h"
#include "group/flights.h"
#include "group/freshness.h"
#include "group/gate.h"
#include "group/load_times.h"
#include "group/source_health.h"
#include "group/suspects.h"
#include "group/writes.h"

namespace ringcache {

/// What a Group is made of. Shared with the calls under way, which may outlive the Group: whatever
/// they come back to passes the gate first.
class Group::Core : public std::enable_shared_from_this<Core> {
 public:
  Core(GroupOptions options, std::shared_ptr<Store> source, Cluster& cluster, Scheduler& scheduler);

  void open();
  void close();

  void get(const KeyView& key, const Call& call, Done<Value> done);
  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done);
  void write(Write write, Done<Value> done);
  void invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done);
  KeyView own(std::string_view name) const noexcept { return {options_.name, name}; }

  Explanation explain(const KeyView& key) const;
  GroupStats stats() const;
  const GroupOptions& options() const noexcept { return options_; }
  GroupLimits limits() const;
  void set_limits(const GroupLimits& limits);

 private:
  std::optional<Error> refuse(const KeyView& key, const Call& call) const;
  void on_ring(const Ring& ring, bool forget_all);

  static Time hurried(Time deadline, Time now);
  void answer_or_load(const KeyView& key, const Call& call, std::optional<Copy>&& copy,
                      Done<Value> done, Departing* together);
  void load(const KeyView& key, const Call& call, std::uint64_t outdated, Done<Value> done,
            Departing* together);
  void board(const KeyView& key, Via via, const Deadlines::Id& waiter, bool bypass,
             std::uint64_t outdated = 0, Departing* together = nullptr);
  bool land_at_copy(const FlightPtr& flight, std::uint64_t outdated);
  void read_source(const FlightPtr& flight, std::uint64_t outdated = 0);
  void ask_peer(const FlightPtr& flight);
  Time peer_deadline(Time now) const;
  bool peer_answered(const FlightPtr& flight, const Store* peer, Time asked, Result<Value> result);
  void read_past_owner(const FlightPtr& flight);
  Result<Value> loaded(const Flight& flight, Result<Value> result);
  void heard(const Result<Value>& result);
  enum class Keep : std::uint8_t { nothing, as_owner, as_guest };
  Keep keep_of(const KeyView& key) const;
  void land(const FlightPtr& flight, const Result<Value>& result, Keep keep = Keep::nothing);
  void fill(const Flight& flight, const Result<Value>& result, Keep keep, bool bypass);

  void read_source_together(std::vector<Departing::ToSource> departing);
  void ask_peers_together(const std::vector<FlightPtr>& flights);
  void ask_peer_together(const std::shared_ptr<Store>& peer, std::vector<FlightPtr> flights);
  template <class Each, class Start>
  void ask_together(std::vector<FlightPtr> flights, Time deadline, Each each, Start start);

  void get_aging(const KeyView& key, const Call& call, Copy copy, Done<Value> done,
                 Departing* together);
  void refresh(const KeyView& key, std::uint64_t outdated);
  Done<Value> or_stale(Copy copy, Done<Value> done);

  void route(const WritePtr& write);
  void queue(const WritePtr& write);
  std::optional<Error> refuse_write(const Write& write) const;
  void run(const WritePtr& write);
  void find_expected(const WritePtr& write);
  void found_expected(const WritePtr& write, Result<Value> row);
  void apply(const WritePtr& write);
  void next_write(const KeyView& key);
  void wrote(const WritePtr& write, Time begun, Result<Value> result);
  void keep_written(const Write& write, Time begun, const Result<Value>& result);
  void forward(const WritePtr& write, const std::shared_ptr<Store>& peer);
  void forwarded(const WritePtr& write, const Store* peer, Result<Value> result);
  bool try_again(const WritePtr& write, const Store* peer);
  bool commit(const WritePtr& write);
  void answer(const Write& write, Result<Value> result);

  template <class Start>
  void ask(Time deadline, Errc late, Done<Value> done, Start start);
  static void send(Store& store, const Write& write, const Call& call, Done<Value> done);

  std::uint64_t invalidate_here(const Invalidation& what);
  void invalidate_there(const Cluster::Peer& peer, const Invalidation& what, const Call& call,
                        const std::shared_ptr<Round>& round);

  template <class Step>
  void soon(Duration delay, Step step);

  std::size_t drop_copies(const KeyView& key);
  static void keep_copy(Cache& cache, const KeyView& key, Copy copy, const Bytes& tags);
  Copy copy_of(const KeyView& key, const Value& value) const;
  Copy absent_copy(std::uint64_t version, Time begun) const;
  Result<Value> answer_of(Copy copy, Time now = Time{});

  struct Counters {
    std::atomic<std::uint64_t> puts{0}, touches{0}, erases{0}, invalidations{0}, coalesced{0},
        loads{0}, load_errors{0}, forwards{0}, bypasses{0}, refreshes{0}, stales{0};
    std::atomic<std::uint64_t> outlived{0};  // copies found that were no answer any more
  };

  const GroupOptions options_;
  Cluster& cluster_;
  Scheduler& scheduler_;
  std::shared_ptr<Store> source_;
  std::unique_ptr<Cluster::Subscription> subscription_;
  Gate gate_;  // callbacks pass it before they touch cluster_, scheduler_, source_ or a cache

  ClientLimits clients_;
  Cache cache_;
  Cache bypassed_;  // read past an owner; asked only while that owner does not answer
  Flights flights_;
  Writes writes_;
  Suspects suspects_;
  Freshness freshness_;
  LoadTimes load_times_;
  SourceHealth health_;
  const std::shared_ptr<Deadlines> deadlines_;
  Counters count_;

  std::atomic<std::size_t> value_bytes_max_;
};

/// Some wait a little less than they could: who has a stale copy to fall back on, and who answers
/// for another node. His answer must reach the caller, over the wire too, before he has left.
inline Time Group::Core::hurried(Time deadline, Time now) {
  constexpr Duration kMost = std::chrono::milliseconds(100);
  if (deadline == Time::max() || deadline <= now) return deadline;
  return deadline - std::min((deadline - now) / 8, kMost);
}

inline void Group::Core::answer_or_load(const KeyView& key, const Call& call,
                                        std::optional<Copy>&& copy, Done<Value> done,
                                        Departing* together) {
  if (!copy) return load(key, call, 0, std::move(done), together);
  if (freshness_.is_in_later_life(*copy, scheduler_)) [[unlikely]]
    return get_aging(key, call, std::move(*copy), std::move(done), together);
  done(answer_of(std::move(*copy)));
}

/// Starts a call to a Store and sees to it that `done` runs once: with the answer, with what the
/// call threw, or at the deadline. A later answer finds nobody.
template <class Start>
void Group::Core::ask(Time deadline, Errc late, Done<Value> done, Start start) {
  const auto waiter = deadlines_->add(deadline, late, std::move(done));
  try {
    start([deadlines = deadlines_, waiter](Result<Value> result) {
      if (auto waiting = deadlines->take(waiter)) waiting(std::move(result));
    });
  } catch (const std::exception& thrown) {
    if (auto waiting = deadlines_->take(waiter))
      waiting(fail(late == Errc::unknown ? Errc::unknown : Errc::internal,
                   std::string("the store threw: ") + thrown.what()));
  }
}

/// Runs `step` from the scheduler's loop unless the group has ended by then.
template <class Step>
void Group::Core::soon(Duration delay, Step step) {
  auto task = [weak = weak_from_this(), step = std::move(step)] {
    const auto self = weak.lock();
    if (!self) return;
    if (const Gate::Pass pass(self->gate_); pass) step(*self);
  };
  if (delay == Duration{0})
    scheduler_.post(std::move(task));
  else
    scheduler_.after(delay, std::move(task));
}

}  // namespace ringcache
