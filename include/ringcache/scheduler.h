// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>

namespace ringcache {

/// CLOCK_BOOTTIME: never steps, and goes on counting while the machine is suspended, so that a
/// copy cannot outlive its age in a sleeping machine. Reading it costs about 25 ns (vDSO).
struct BootClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock, duration>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept;
  /// Whether `time` has come: now() >= time, for a third of the cost where it is more than a tenth
  /// of a second away. May say no for up to 67 ms after a suspended machine has woken up.
  static bool has_come(time_point time) noexcept;
};

using Duration = BootClock::duration;
using Time = BootClock::time_point;
using Task = std::move_only_function<void()>;

/// `base + span` that stays at Time::max() instead of overflowing: "for ever" plus anything is for
/// ever.
constexpr Time saturating_add(Time base, Duration span) noexcept {
  return span >= Time::max() - std::max(base, Time{}) ? Time::max() : base + span;
}

/// A source of time. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const noexcept = 0;
  /// Whether `time` has come; what reads of a cache ask of every copy that can expire.
  virtual bool has_come(Time time) const noexcept { return now() >= time; }
};

/// The time of the machine.
class SystemClock final : public Clock {
 public:
  Time now() const noexcept override { return BootClock::now(); }
  bool has_come(Time time) const noexcept override { return BootClock::has_come(time); }
};

/// The only source of time and concurrency in the library. Production runs threads; tests run
/// testing::SimScheduler, where time stands still until the test moves it.
/// Thread-safe. A task runs exactly once, or never if the scheduler ends first (it is then
/// destroyed unrun); it must not throw.
class Scheduler : public Clock {
 public:
  /// Runs `task` soon, on some thread of the scheduler, never inside this call.
  virtual void post(Task task) = 0;
  /// Runs `task` once `delay` has passed. There is no cancelling: a task that may find its work
  /// already done holds a weak reference and looks.
  virtual void after(Duration delay, Task task) = 0;
};

/// `threads` worker threads and a timer heap. The destructor lets running tasks finish, destroys
/// the others, and joins; REQUIRES: not called from one of its own threads.
std::unique_ptr<Scheduler> thread_scheduler(unsigned threads);

}  // namespace ringcache
