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

BootClock::time_point BootClock::now() noexcept {
  timespec spec{};
  clock_gettime(CLOCK_BOOTTIME, &spec);
  return time_point(std::chrono::seconds(spec.tv_sec) + std::chrono::nanoseconds(spec.tv_nsec));
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
