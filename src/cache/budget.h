// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ringcache {

/// A cache's capacity, divided between its shards. Each has an equal part; an entry that is larger
/// than that is *lent* its charge by all, so that the sum stays: a shard may use
/// part - its share of all that is lent + what itself was lent. Thread-safe.
class Budget {
 public:
  Budget(std::size_t capacity, std::size_t parts) noexcept : parts_(parts), capacity_(capacity) {}

  std::size_t capacity() const noexcept { return capacity_.load(std::memory_order_relaxed); }
  void resize(std::size_t capacity) noexcept { capacity_ = capacity; }

  /// Of the shard of that number. The first parts take what does not divide.
  std::size_t part(std::size_t index) const noexcept {
    return capacity() / parts_ + (index < capacity() % parts_ ? 1 : 0);
  }

  std::uint64_t limit(std::size_t index, std::uint64_t own_loans) const noexcept {
    const std::uint64_t lent = lent_.load(std::memory_order_relaxed);
    if (lent == 0) return part(index);
    const std::uint64_t given = (lent + parts_ - 1) / parts_;
    return (part(index) > given ? part(index) - given : 0) + own_loans;
  }

  void lend(std::uint64_t charge) noexcept { lent_ += charge; }
  void take_back(std::uint64_t charge) noexcept { lent_ -= charge; }
  /// Whether so much can be lent on top of what is.
  bool can_lend(std::uint64_t charge) const noexcept { return lent_ + charge <= capacity(); }

 private:
  const std::size_t parts_;
  std::atomic<std::size_t> capacity_;
  std::atomic<std::uint64_t> lent_{0};
};

}  // namespace ringcache
