// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include <ringcache/store.h>

namespace ringcache {

/// Tokens that come at a steady rate, up to a most that can be saved; who acts takes some. Not
/// thread-safe.
class TokenBucket {
 public:
  /// Full at first. A rate of 0 means that nobody is ever kept waiting.
  TokenBucket(double per_second, double most) noexcept
      : per_second_(per_second), most_(most), tokens_(most) {}

  /// Takes as many, and answers 0; or takes none, and answers how long until they are there. More
  /// than the bucket holds are taken when it is full, and owed. Who wants none never waits.
  Duration take(double tokens, Time now) noexcept;

  /// How long take() would have one wait.
  Duration wait(double tokens, Time now) const noexcept;

  /// When so many will have come, if nobody else takes any.
  Duration until(double tokens, Time now) const noexcept;

  bool is_full(Time now) const noexcept { return until(most_, now) <= Duration{0}; }

 private:
  double tokens_at(Time now) const noexcept;

  const double per_second_;
  const double most_;
  double tokens_;
  Time at_{};
};

/// What a source may be asked for. The sum over a cluster is this times its nodes, and no more, as
/// only owners load.
struct SourceLimits {
  /// Calls that run at once. While calls fail or are late, fewer do, down to one (additive
  /// increase, multiplicative decrease; D.-M. Chiu, R. Jain, "Analysis of the increase and decrease
  /// algorithms for congestion avoidance in computer networks", 1989).
  unsigned loads_max = 64;
  /// Keys read in a second; a second's worth may come at once. 0: no limit. Writes are not counted,
  /// and do not wait for reads that are.
  double loads_per_second = 0;
  /// Calls that may wait for their turn. One that would wait past its deadline is refused at once.
  std::size_t waiting_max = 10'000;
  /// So many calls of a group that fail one after the other open its circuit: calls are refused
  /// without being made, but for one after each pause, until one succeeds. A batch fails if all its
  /// keys do; a call that ran out of less than half a second says nothing about the source.
  unsigned failures_max = 5;
  Duration probe_pause = std::chrono::milliseconds(500);
};

struct SourceStats {
  unsigned running = 0;
  unsigned running_max = 0;  ///< As many may, now.
  std::size_t waiting = 0;
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;  ///< Of the source: not found and the like are none.
  std::uint64_t refused = 0;   ///< No room, no time, or an open circuit.
};

/// Stands between groups and a source that they share, so that no load of theirs is more than the
/// source can bear. Refusals are Errc::overloaded, with Error::retry_after, or, where the circuit
/// is open, Errc::unavailable; a write that is refused was not applied. Thread-safe. Costs a call
/// two short locks.
class SourceGuard : public std::enable_shared_from_this<SourceGuard> {
 public:
  /// `name` begins every error. REQUIRES: `scheduler` outlives the calls under way.
  static std::shared_ptr<SourceGuard> make(std::string name, const SourceLimits& limits,
                                           Scheduler& scheduler);
  virtual ~SourceGuard() = default;

  /// The source as one group sees it: a Store that keeps to the limits of all.
  virtual std::shared_ptr<Store> guard(std::shared_ptr<Store> source) = 0;
  virtual SourceStats stats() const = 0;
};

}  // namespace ringcache
