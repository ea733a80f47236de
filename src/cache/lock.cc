// SPDX-License-Identifier: Apache-2.0
#include "cache/lock.h"

namespace ringcache {
namespace {

constexpr int kLooks = 100;

void pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

}  // namespace

void Lock::wait() noexcept {
  for (int i = 0; i < kLooks; ++i) {
    std::uint32_t free = kFree;
    if (state_.load(std::memory_order_relaxed) == kFree &&
        state_.compare_exchange_weak(free, kTaken, std::memory_order_acquire))
      return;
    pause();
  }
  while (state_.exchange(kWaitedFor, std::memory_order_acquire) != kFree)
    state_.wait(kWaitedFor, std::memory_order_relaxed);
}

}  // namespace ringcache
