// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>

namespace ringcache {

/// A mutex of four bytes for critical sections of some tens of nanoseconds: two atomic operations,
/// inlined, where std::mutex takes 78 instructions. Who finds it taken looks again for a while,
/// then sleeps in the kernel (U. Drepper, "Futexes are tricky", 2011: the second mutex).
class Lock {
 public:
  void lock() noexcept {
    std::uint32_t free = kFree;
    if (!state_.compare_exchange_strong(free, kTaken, std::memory_order_acquire)) wait();
  }

  void unlock() noexcept {
    if (state_.exchange(kFree, std::memory_order_release) == kWaitedFor) state_.notify_one();
  }

 private:
  enum State : std::uint32_t { kFree, kTaken, kWaitedFor };

  void wait() noexcept;

  std::atomic<std::uint32_t> state_ = kFree;
};

}  // namespace ringcache
