// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

namespace ringcache {

/// An immutable T that many threads read while now and then another takes its place. Readers take
/// no lock and wait for nobody; publish() waits for the readers it may have cut off, which is why
/// what they do must be short. (std::atomic<std::shared_ptr> is a spin lock and two shared counters
/// in libstdc++ 12; bench/README.md has the figures.)
///
/// A reader counts itself in before it takes the pointer and out when done. The writer changes the
/// pointer first: whoever it then still sees counted may hold the old T, and once each counter has
/// been seen at zero nobody does. There are two counters, and the writer sends newcomers to the one
/// while it waits for the other, so that a stream of readers cannot keep it waiting; and each is
/// split into stripes, so that readers on different threads do not share a cache line.
template <class T>
class Published {
 public:
  Published() = default;
  Published(const Published&) = delete;
  Published& operator=(const Published&) = delete;
  ~Published() { const std::unique_ptr<const T> last(current_.load()); }

  /// Calls `use` with the current T, or with null while there is none, and returns what it returns.
  /// REQUIRES: `use` is short, does not keep the pointer, and does not publish.
  template <class Use>
  auto read(Use&& use) const {
    const Guard guard(stripes_[stripe()].readers[phase_.load()]);
    return std::forward<Use>(use)(static_cast<const T*>(current_.load()));
  }

  /// Returns the T before, which no reader holds any more. REQUIRES: one call at a time.
  std::unique_ptr<const T> publish(std::unique_ptr<const T> next) {
    std::unique_ptr<const T> before(current_.exchange(next.release()));
    for (int turn = 0; turn < 2; ++turn) wait_for_readers(phase_.fetch_xor(1));
    return before;
  }

  /// What read() would see. Only for the thread that publishes.
  const T* current() const noexcept { return current_.load(); }

 private:
  static constexpr std::size_t kStripes = 16;
  static constexpr std::size_t kCacheLine = 64;
  using Count = std::atomic<std::uint32_t>;

  struct alignas(kCacheLine) Stripe {
    mutable std::array<Count, 2> readers{};
  };

  class Guard {
   public:
    explicit Guard(Count& count) : count_(count) { count_.fetch_add(1); }
    ~Guard() { count_.fetch_sub(1, std::memory_order_release); }
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    Count& count_;
  };

  /// A thread's own place, told from the address of a variable of its own.
  static std::size_t stripe() noexcept {
    static thread_local char own;
    return (reinterpret_cast<std::uintptr_t>(&own) * 0x9e3779b97f4a7c15ULL) >> 60;
  }
  static_assert(kStripes == 1U << (64 - 60));

  void wait_for_readers(std::size_t phase) const {
    for (const Stripe& stripe : stripes_) {
      while (stripe.readers[phase].load() != 0) std::this_thread::yield();
    }
  }

  std::atomic<const T*> current_ = nullptr;
  std::atomic<std::uint32_t> phase_ = 0;
  std::array<Stripe, kStripes> stripes_;
};

}  // namespace ringcache
