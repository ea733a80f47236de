// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ringcache {

/// Keys that have left, by hash, in the order in which they left: what ARC and its kin learn from.
/// Two keys of one hash are one ghost to it, which does no harm.
///
/// A ring of ghosts in their order, and an index into it: open addressing, where a slot is a place
/// in the ring and, in the bits that are left, a tag of the hash. 17 to 20 bytes a ghost, and no
/// allocation while as many come as go. One that is taken leaves a hole in the ring until those
/// older than it have gone; holes above a fifth of the ring are closed.
class GhostList {
 public:
  /// How many ghosts of so many lists together never take more memory than that.
  static constexpr std::size_t most_in(std::size_t memory, std::size_t lists = 1) {
    const std::size_t fixed = lists * kFixedBytesMax;
    return memory < fixed ? 0 : (memory - fixed) / kGhostBytesMax;
  }

  void push(std::uint64_t hash, std::uint32_t charge);
  /// Removes the ghost of `hash`; its charge, or nothing when there is none.
  std::optional<std::uint32_t> take(std::uint64_t hash);
  /// REQUIRES: not empty.
  void pop_oldest();

  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }
  std::uint64_t charge() const noexcept { return charge_; }
  /// What it has allocated.
  std::size_t memory() const noexcept {
    return ring_.size() * sizeof(Ghost) + slots_.size() * sizeof(Slot);
  }

 private:
  using Slot = std::uint32_t;
  /// 12 bytes: a hash in one piece would make it 16.
  struct Ghost {
    std::array<std::uint32_t, 2> halves;  // of the hash, the lower first
    std::uint32_t charge;                 // or kHole
  };

  // The ring has at most half as many places again as there are ghosts, and 8; the index four
  // slots for three places.
  static constexpr std::size_t kGhostBytesMax = 26;
  static constexpr std::size_t kFixedBytesMax = 8 * kGhostBytesMax;

  std::size_t home(const Ghost& ghost) const;
  Slot slot_of(const Ghost& ghost, std::size_t place) const;
  std::size_t place_in(std::size_t slot) const { return slots_[slot] & place_mask_; }
  std::size_t slot_after(std::size_t slot) const {
    return slot + 1 == slots_.size() ? 0 : slot + 1;
  }
  std::size_t place_after(std::size_t place) const {
    return place + 1 == ring_.size() ? 0 : place + 1;
  }
  void append(const Ghost& ghost);
  void remove(std::size_t slot);
  void free_slot(std::size_t slot);
  void rebuild(std::size_t places);

  std::vector<Ghost> ring_;
  std::vector<Slot> slots_;
  Slot place_mask_ = 0;     // the bits of a slot that are a place
  std::size_t oldest_ = 0;  // its place
  std::size_t used_ = 0;    // places from the oldest to the newest, with the holes between
  std::size_t size_ = 0;
  std::uint64_t charge_ = 0;
};

}  // namespace ringcache
