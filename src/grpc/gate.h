// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

#include <ringcache/scheduler.h>

namespace ringcache {

/// Counts the calls in flight and, for the moment of closing, holds their answers back.
/// Thread-safe.
class GrpcGate {
 public:
  void enter() noexcept;
  void leave();
  std::size_t inside() const noexcept { return inside_; }

  /// Whether answers are to be kept; a loop of enter, answer, leave costs one read of it.
  bool holding() const noexcept { return holding_; }
  /// Runs `answer` on release(), or now if that has been.
  void keep(Task answer);

  /// Holds answers from now on, and waits until no call has come in for `pause`, at most `limit`.
  void hold(Duration pause, Duration limit);
  /// Lets go what is held, and holds no more.
  void release();
  /// Waits until nobody is inside, at most until `deadline`.
  void await_empty(Time deadline);

 private:
  std::atomic<std::size_t> inside_{0};
  std::atomic<std::size_t> entered_{0};
  std::atomic<bool> holding_{false};
  std::atomic<bool> awaited_{false};
  std::mutex mutex_;  // guards kept_
  std::condition_variable empty_;
  std::vector<Task> kept_;
};

}  // namespace ringcache
