// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <expected>
#include <mutex>
#include <optional>
#include <string>

#include <ringcache/result.h>
#include <ringcache/scheduler.h>

namespace ringcache {

/// A circuit breaker: after several failures in a row nobody asks any more, but one after each
/// pause, until one succeeds (M. Nygard, "Release It!", 2007). Thread-safe.
class Breaker {
 public:
  Breaker(unsigned failures_max, Duration pause) : failures_max_(failures_max), pause_(pause) {}

  struct Refusal {
    Duration left;  ///< Until the next try.
    unsigned failures;
    std::string last;  ///< What the last one said.
  };
  /// What a call was admitted as. Of each the end must be told, by one of the three below.
  enum class Ticket : std::uint8_t { plain, probe /*the one try of an open circuit*/ };

  std::expected<Ticket, Refusal> admit(Time now);
  /// Whether a call that has waited since it was admitted had better not be made: others have
  /// failed meanwhile.
  std::optional<Refusal> reconsider(Ticket ticket, Time now) const;

  void succeeded(Ticket ticket);
  void failed(Ticket ticket, const std::string& why, Time now);
  /// The call was not made after all, or says nothing about the source.
  void told_nothing(Ticket ticket);

 private:
  // REQUIRE: mutex_ held.
  bool is_open() const { return failures_ >= failures_max_; }
  Refusal refusal(Time now) const;
  void end(Ticket ticket);

  const unsigned failures_max_;
  const Duration pause_;
  mutable std::mutex mutex_;  // guards all below
  unsigned failures_ = 0;
  bool probing_ = false;
  Time next_probe_{};
  std::string last_;
};

}  // namespace ringcache
