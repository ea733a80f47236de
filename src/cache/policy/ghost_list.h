// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ringcache {

/// Keys that have left, by hash, in the order in which they left: what ARC and its kin learn from.
/// Two keys of one hash are one ghost to it, which does no harm.
class GhostList {
 public:
  /// Memory of a ghost: 24 bytes, up to twice that in a pool that has just grown, and two buckets.
  static constexpr std::size_t kBytes = 56;

  void push(std::uint64_t hash, std::uint32_t charge);
  /// Removes the ghost of `hash`; its charge, or nothing when there is none.
  std::optional<std::uint32_t> take(std::uint64_t hash);
  void pop_oldest();

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  std::uint64_t charge() const noexcept { return charge_; }

 private:
  struct Ghost {
    std::uint64_t hash;
    std::uint32_t charge;
    std::uint32_t older;
    std::uint32_t newer;
    std::uint32_t chain;  // next in the same bucket, or in the free list
  };

  std::uint32_t& bucket(std::uint64_t hash) { return buckets_[hash & (buckets_.size() - 1)]; }
  std::uint32_t* find(std::uint64_t hash);
  void remove(std::uint32_t& link);
  std::uint32_t take_free();
  void rebuild(std::size_t buckets);

  std::vector<Ghost> pool_;
  std::vector<std::uint32_t> buckets_;  // a power of two of them
  std::uint32_t free_ = UINT32_MAX;
  std::uint32_t oldest_ = UINT32_MAX;
  std::uint32_t newest_ = UINT32_MAX;
  std::size_t size_ = 0;
  std::uint64_t charge_ = 0;
};

}  // namespace ringcache
