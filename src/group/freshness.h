// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>

#include <ringcache/cache.h>
#include <ringcache/group.h>

namespace ringcache {

/// How long copies are fresh, how long they are kept beyond that, and when they are read again.
/// Thread-safe; limits may change at any time.
class Freshness {
 public:
  void set(const GroupLimits& limits) noexcept;
  /// Those limits that are kept here.
  void add_to(GroupLimits& limits) const noexcept;

  /// Gives the copy of a value, or of its absence, its ends. REQUIRES: it has its version and the
  /// time of its load.
  void date_value(Copy& copy, std::uint64_t hash, const Value& value) const noexcept;
  void date_absence(Copy& copy) const noexcept;

  /// Whether there may be more to do for the copy than to answer with it. Costs a comparison, and
  /// for a copy that has an age another.
  bool is_in_later_life(const Copy& copy, const Clock& clock) const noexcept {
    if (copy.fresh_until == Time::max()) return false;
    if (copy.ends_with_row && copy.fresh_until == copy.expires_at) return false;
    const Duration life = copy.fresh_until - copy.loaded_at;
    return clock.has_come(copy.fresh_until - life / kParts * later_parts_.load(kRelaxed));
  }

  enum class State : std::uint8_t {
    fresh,
    ripe,     ///< Fresh, but to be read again.
    stale,    ///< An answer, and to be read again.
    reserve,  ///< An answer if reading it again fails.
    spent,
  };
  /// Before this moment the copy is just fresh.
  Time ripens(const Copy& copy, Duration load) const noexcept;
  /// `load`, above 0, is what reading it again is likely to take. Chance is a function of key,
  /// version and time, so that simulations repeat.
  State state(const Copy& copy, std::uint64_t hash, Duration load, Time now) const noexcept;

 private:
  static constexpr auto kRelaxed = std::memory_order_relaxed;
  static constexpr int kParts = 1024;  // of a life

  bool is_ripe(const Copy& copy, std::uint64_t hash, Duration load, Time now) const noexcept;
  /// When refresh_ahead wants it to be read again; Time::max(): never.
  Time ahead_point(const Copy& copy) const noexcept;

  std::atomic<Duration> max_age_{Duration::max()};
  std::atomic<Duration> negative_max_age_{Duration{0}};
  std::atomic<Duration> while_revalidate_{Duration{0}};
  std::atomic<Duration> if_error_{Duration{0}};
  std::atomic<double> jitter_{0};
  std::atomic<double> ahead_{0};
  std::atomic<int> later_parts_{kParts / 2};  // of a life, in which it may be read again
};

}  // namespace ringcache
