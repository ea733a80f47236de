// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "cache/entry.h"

namespace ringcache {

/// The index of a shard: hash and name -> entry. Open addressing with linear probing; a slot is 8
/// bytes, a pointer with 16 bits of the hash in its unused top, so that a probe reads no entry that
/// is not (with one chance in 65,536) the right one. Deletion shifts back what follows: there are
/// no tombstones, and a table that lives long stays as fast as a new one. Owns no entry.
class Table {
 public:
  /// A slot at the lowest load after growth, 2/5 (growth is at 4/5).
  static constexpr std::size_t kBytesPerEntry = 20;

  /// Null when there is none.
  Entry* find(std::uint64_t hash, std::string_view name) const noexcept;
  /// REQUIRES: no entry of that name is here.
  void insert(Entry& entry);
  /// REQUIRES: is here.
  void erase(const Entry& entry);

  std::size_t size() const noexcept { return size_; }

  template <class Visit>
  void for_each(Visit&& visit) const {
    for (const Slot slot : slots_)
      if (slot != kEmpty) visit(*entry_of(slot));
  }

 private:
  using Slot = std::uint64_t;
  static constexpr Slot kEmpty = 0;
  static constexpr unsigned kPointerBits = 48;
  static constexpr Slot kPointerMask = (Slot{1} << kPointerBits) - 1;

  static Slot slot_of(const Entry& entry) noexcept;
  static Entry* entry_of(Slot slot) noexcept {
    return reinterpret_cast<Entry*>(slot & kPointerMask);  // NOLINT(performance-no-int-to-ptr)
  }
  std::size_t home(std::uint64_t hash) const noexcept { return hash & (slots_.size() - 1); }
  std::size_t next(std::size_t index) const noexcept { return (index + 1) & (slots_.size() - 1); }
  void place(Slot slot, std::uint64_t hash) noexcept;
  void resize(std::size_t slots);

  std::vector<Slot> slots_;  // none, or a power of two of them
  std::size_t size_ = 0;
};

}  // namespace ringcache
