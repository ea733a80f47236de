// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <random>
#include <utility>

#include <ringcache/scheduler.h>

namespace ringcache::testing {

/// Time and concurrency in one thread: tasks run in order of time, ties broken by the seed, and
/// time stands still until the test moves it. Everything that happens is a function of the seed.
/// Not thread-safe; tasks may post further tasks.
class SimScheduler final : public Scheduler {
 public:
  explicit SimScheduler(std::uint64_t seed = 1) : random_(seed) {}

  Time now() const noexcept override { return now_; }
  void post(Task task) override { after(Duration{0}, std::move(task)); }
  void after(Duration delay, Task task) override {
    queue_.emplace(std::pair{saturating_add(now_, std::max(delay, Duration{0})), random_()},
                   std::move(task));
  }

  /// Runs the next task, moving time to it. False when there is none.
  bool step() {
    if (queue_.empty()) return false;
    auto next = queue_.extract(queue_.begin());
    now_ = std::max(now_, next.key().first);
    next.mapped()();
    return true;
  }

  /// Runs everything, timers included.
  void run() {
    while (step()) {
    }
  }

  /// Runs what is due within `span`, then stands at its end.
  void advance(Duration span) {
    const Time until = now_ + span;
    while (!queue_.empty() && queue_.begin()->first.first <= until) step();
    now_ = until;
  }

  /// Runs what is due now, without moving time.
  void settle() { advance(Duration{0}); }

  std::mt19937_64& random() { return random_; }

 private:
  Time now_ = Time{} + std::chrono::hours(1);
  std::mt19937_64 random_;
  std::multimap<std::pair<Time, std::uint64_t>, Task> queue_;
};

}  // namespace ringcache::testing
