// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <ringcache/store.h>

#include "group/deadlines.h"

namespace ringcache {

/// Whom a load asks. A forwarded get rides on a flight to the source, never on one to a peer: two
/// nodes that take each other for the owner would wait for each other.
enum class Via : std::uint8_t { source, peer };

/// One load under way and those who wait for it.
struct Flight {
  Flight(const KeyView& k, Via v, std::uint64_t s, Time b, Duration stale = {})
      : key(k), via(v), stamp(s), begun(b), max_stale(stale) {}

  const OwnedKey key;
  const Via via;
  const std::uint64_t stamp;  ///< Orders the load among the writes of its key: taken at its start.
  const Time begun;
  const Duration max_stale;            ///< What a peer may answer: see Call.
  bool bypass = false;                 ///< Someone reads past an owner. Guarded by Flights.
  std::vector<Deadlines::Id> waiters;  ///< Guarded by Flights.
};
using FlightPtr = std::shared_ptr<Flight>;

/// The loads and writes under way, by key, and the one lock under which copies of a key change.
/// Per key and way at most one flight is *live*: it can be joined, and may fill the cache. A write
/// supersedes it: it still answers those who wait, but nobody joins it and it fills nothing.
///
/// To the source all who ask ride on the live flight; writes pass through the same node and
/// supersede it. To a peer they do not: the answer may have left the owner before a write that
/// was acknowledged through a third node. Who comes while a flight to a peer is under way waits
/// for the next one, which starts when it lands.
///
/// `change` and `fill` run under the lock and touch the cache alone. Thread-safe.
class Flights {
 public:
  using Change = std::function<void()>;

  /// Lets `waiter` ride. The flight to start if there was none to join, else null.
  FlightPtr join(const KeyView& key, Via via, const Deadlines::Id& waiter, Time now,
                 bool bypass = false);

  /// A flight to the source that nobody waits for yet; null if there is one to join.
  FlightPtr start(const KeyView& key, Time now);

  /// A flight to a peer for one who takes a stale copy. It is never live: others on it would get
  /// what they did not ask for, and on theirs he would wait for what he does not need.
  FlightPtr alone(const KeyView& key, const Deadlines::Id& waiter, Time now, Duration max_stale);

  struct Landing {
    std::vector<Deadlines::Id> waiters;
    FlightPtr next;  ///< To be started, for those who came after the flight began.
  };
  /// The flight is over; once per flight. Calls `fill(bypass)` if the flight is live and no write
  /// of its key is running.
  Landing land(const FlightPtr& flight, const std::function<void(bool bypass)>& fill, Time now);

  /// Makes the key's flights answer, but neither fill nor be joined, and a write that runs keep
  /// nothing; then `change()`.
  void supersede(const KeyView& key, const Change& change);

  /// A write of the key is about to reach the source. REQUIRES: none is running.
  void begin_write(const KeyView& key, const Change& drop);

  /// It is over: supersedes what was loaded meanwhile and calls `keep()`, or `drop()` if the key
  /// left this node while the write ran.
  void end_write(const KeyView& key, const Change& keep, const Change& drop);

  /// supersede() of all keys for which `gone(name)` holds. What they had kept is still there.
  void supersede_if(const std::function<bool(std::string_view name)>& gone);

  /// The next number in the order of loads and writes of this group.
  std::uint64_t stamp() noexcept { return ++stamps_; }

  bool in_flight(const KeyView& key) const;
  std::size_t size() const;  ///< Live flights.

 private:
  struct Slot {
    FlightPtr live[2];
    std::vector<Deadlines::Id> next;  // wait for the next flight to a peer
    bool writing = false;
    bool keeps = false;  // the write running may become the copy

    bool empty() const { return !live[0] && !live[1] && next.empty() && !writing; }
  };
  struct NameHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const noexcept { return hash64(name); }
  };
  using Slots = std::unordered_map<std::string, Slot, NameHash, std::equal_to<>>;

  Slot& slot(const KeyView& key);
  void tidy(Slots::iterator at);
  FlightPtr depart(Slot& slot, const KeyView& key, Via via, Time now);
  static void detach(Slot& slot);

  mutable std::mutex mutex_;  // guards slots_
  Slots slots_;
  std::atomic<std::uint64_t> stamps_{0};
};

}  // namespace ringcache
