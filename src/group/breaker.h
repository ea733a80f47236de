// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
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
  /// Nothing if a call may be made now; its end must then be told.
  std::optional<Refusal> refuse(Time now);

  void succeeded();
  void failed(const std::string& why, Time now);
  /// The call was not made after all.
  void not_made();

 private:
  const unsigned failures_max_;
  const Duration pause_;
  std::mutex mutex_;  // guards all below
  unsigned failures_ = 0;
  bool probing_ = false;
  Time next_probe_{};
  std::string last_;
};

}  // namespace ringcache
