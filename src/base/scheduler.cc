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

constexpr std::int64_t kAheadMin = 100'000'000;  // nanoseconds: more than the trusted ticks last

#if defined(__x86_64__)
/// The time stamp counter, of 0.5 GHz at the least: 2^25 of them are at most 67 ms.
std::uint64_t read_ticks() noexcept { return __builtin_ia32_rdtsc(); }
constexpr std::uint64_t kTicksTrusted = 1 << 25;
#else
/// Nanoseconds of the coarse clock, a variable that the kernel sets every 10 ms or more often.
std::uint64_t read_ticks() noexcept {
  return static_cast<std::uint64_t>(read(CLOCK_MONOTONIC_COARSE).time_since_epoch().count());
}
constexpr std::uint64_t kTicksTrusted = 60'000'000;
#endif

/// What this thread saw when it last read the exact time.
struct Seen {
  std::int64_t exact;
  std::uint64_t ticks;
};
constinit thread_local Seen seen{};

[[gnu::noinline]] bool look(std::int64_t at, std::uint64_t ticks) noexcept {
  seen = {.exact = BootClock::now().time_since_epoch().count(), .ticks = ticks};
  return seen.exact >= at;
}

}  // namespace

BootClock::time_point BootClock::now() noexcept { return read(CLOCK_BOOTTIME); }

/// If few ticks have passed since then, then little time has.
bool BootClock::has_come(time_point time) noexcept {
  const std::uint64_t ticks = read_ticks();
  const std::int64_t at = time.time_since_epoch().count();
  if (ticks - seen.ticks < kTicksTrusted && at - kAheadMin > seen.exact) [[likely]]
    return false;
  return look(at, ticks);
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
