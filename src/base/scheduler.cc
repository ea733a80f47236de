// SPDX-License-Identifier: Apache-2.0
#include <ringcache/scheduler.h>

#include <time.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace ringcache {

namespace {

BootClock::time_point read(clockid_t clock) noexcept {
  timespec spec{};
  clock_gettime(clock, &spec);
  return BootClock::time_point(
      std::chrono::nanoseconds(spec.tv_sec * 1'000'000'000 + spec.tv_nsec));
}

}  // namespace

BootClock::time_point BootClock::now() noexcept { return read(CLOCK_BOOTTIME); }

/// The coarse clock is a variable that the kernel sets at each tick (10 ms apart at most). If it
/// says that less than 50 ms have passed since this thread read the exact one, then less than 60
/// have.
bool BootClock::has_come(time_point time) noexcept {
  struct Seen {
    time_point exact;
    time_point coarse;
  };
  static thread_local Seen seen{};
  const time_point coarse = read(CLOCK_MONOTONIC_COARSE);
  if (coarse - seen.coarse < std::chrono::milliseconds(50) &&
      time - std::max(seen.exact, time_point{}) > std::chrono::milliseconds(100))
    return false;
  seen = {.exact = now(), .coarse = coarse};
  return seen.exact >= time;
}

namespace {

/// One queue of ready tasks and one heap of timers under one lock; every worker serves both. The
/// worker that goes to sleep takes the earliest timer as its alarm.
class ThreadScheduler final : public Scheduler {
 public:
  explicit ThreadScheduler(unsigned threads) {
    for (unsigned i = 0; i < std::max(threads, 1u); ++i) workers_.emplace_back([this] { work(); });
  }

  ~ThreadScheduler() override {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }

  Time now() const noexcept override { return BootClock::now(); }
  bool has_come(Time time) const noexcept override { return BootClock::has_come(time); }

  void post(Task task) override {
    {
      std::lock_guard lock(mutex_);
      ready_.push_back(std::move(task));
    }
    changed_.notify_one();
  }

  void after(Duration delay, Task task) override {
    {
      std::lock_guard lock(mutex_);
      timers_.push_back({saturating_add(now(), delay), ++timers_made_, std::move(task)});
      std::ranges::push_heap(timers_, Later{});
    }
    changed_.notify_one();
  }

 private:
  struct Timer {
    Time due;
    std::uint64_t order;
    Task task;
  };
  struct Later {
    bool operator()(const Timer& a, const Timer& b) const {
      return std::pair(a.due, a.order) > std::pair(b.due, b.order);
    }
  };

  void work() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
      if (Task task = next(); task) {
        lock.unlock();
        task();
        task = nullptr;  // what it held is destroyed outside the lock
        lock.lock();
      } else {
        sleep(lock);
      }
    }
  }

  /// REQUIRES: mutex_ held. The next task that may run, or null.
  Task next() {
    if (!timers_.empty() && timers_.front().due <= now()) {
      std::ranges::pop_heap(timers_, Later{});
      Task task = std::move(timers_.back().task);
      timers_.pop_back();
      return task;
    }
    if (ready_.empty()) return nullptr;
    Task task = std::move(ready_.front());
    ready_.pop_front();
    return task;
  }

  void sleep(std::unique_lock<std::mutex>& lock) {
    if (timers_.empty())
      changed_.wait(lock);
    else
      changed_.wait_for(lock,
                        std::min<Duration>(timers_.front().due - now(), std::chrono::hours(1)));
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> ready_;
  std::vector<Timer> timers_;
  std::uint64_t timers_made_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace

std::unique_ptr<Scheduler> thread_scheduler(unsigned threads) {
  return std::make_unique<ThreadScheduler>(threads);
}

}  // namespace ringcache
