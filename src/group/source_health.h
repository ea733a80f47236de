// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>

#include <ringcache/result.h>
#include <ringcache/scheduler.h>

namespace ringcache {

/// Whether an error speaks of trouble with whoever was asked, and not of the key.
constexpr bool is_trouble(Errc code) noexcept {
  switch (code) {
    case Errc::unavailable:
    case Errc::deadline_exceeded:
    case Errc::overloaded:
    case Errc::unknown:
    case Errc::internal:
      return true;
    default:
      return false;
  }
}

/// Remembers whether the source was in trouble when it was last heard of, so that not each get of
/// each key with a stale copy waits to find it out again, nor sends it another query. Thread-safe.
class SourceHealth {
 public:
  /// How long a source in trouble is left alone between two trials.
  static constexpr Duration kPause = std::chrono::milliseconds(500);

  void answered() noexcept {
    if (is_ill()) next_trial_.store(Time{}, std::memory_order_relaxed);
  }

  /// The pause counts from the first failure: keys that always fail must not keep the others from
  /// being tried.
  void failed(Time now) noexcept {
    Time healthy{};
    next_trial_.compare_exchange_strong(healthy, now + kPause, std::memory_order_relaxed);
  }

  bool is_ill() const noexcept { return next_trial_.load(std::memory_order_relaxed) != Time{}; }

  /// Whether to ask it for what can wait; of one that is ill, once a pause.
  bool may_ask(Time now) noexcept {
    Time next = next_trial_.load(std::memory_order_relaxed);
    if (next == Time{}) return true;
    return now >= next &&
           next_trial_.compare_exchange_strong(next, now + kPause, std::memory_order_relaxed);
  }

 private:
  std::atomic<Time> next_trial_{Time{}};  // Time{}: it is well
};

}  // namespace ringcache
