// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <random>

namespace ringcache {

/// How long to wait before the next attempt: doubling up to a cap, each wait somewhere in the upper
/// half of its step, so that nodes that failed together do not come back together. Not thread-safe.
class Backoff {
 public:
  using Wait = std::chrono::milliseconds;
  static constexpr Wait kFirst{50};
  static constexpr Wait kMost{1000};

  Wait next();
  void reset() { step_ = kFirst; }

 private:
  Wait step_ = kFirst;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace ringcache
