// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>

#include "cache/policy/auto/experts.h"

namespace ringcache {

/// Whom the shards of one cache follow. Each has the same share of its keys, by hash, so what is
/// best in one is best in all: the shard that decides pays for the contest, and the others read
/// here. Thread-safe.
class Lead {
 public:
  const Expert& expert() const noexcept { return *expert_.load(std::memory_order_relaxed); }
  void set(const Expert& expert) noexcept {
    if (&expert != &this->expert()) expert_.store(&expert, std::memory_order_relaxed);
  }

 private:
  std::atomic<const Expert*> expert_{experts().data()};
};

}  // namespace ringcache
