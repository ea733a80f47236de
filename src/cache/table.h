// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ringcache/entry_list.h>

namespace ringcache {

/// The index of a shard: 32 bits of the hash (the tag) -> ids of entries, 8 bytes a slot.
///
/// Ordered linear probing (O. Amble, D. E. Knuth, "Ordered hash tables", The Computer Journal
/// 17(2), 1974): a tag's home is its share of the table, tag * slots / 2^32, so that slots stand in
/// the order of their tags, and a search ends at the first larger one, hit or miss. Growth by a
/// quarter copies the slots in that order; entries are never read. There are no tombstones:
/// deletion moves back what follows. A walk in the order of tags is not confused by growth.
/// A tag is never 0.
class Table {
 public:
  /// Memory of an entry's share: 8 bytes at a load between .64 and .8.
  static constexpr std::size_t kBytesPerEntry = 11;

  /// The first that `match(id)` makes of an entry of that tag and that is not null, or null.
  template <class Match>
  [[gnu::always_inline]] auto find(std::uint32_t tag, Match&& match) const noexcept
      -> decltype(match(EntryId{})) {
    for (const Slot* slot = first(tag); slot->tag() == tag; ++slot)
      if (auto found = match(slot->id())) return found;
    return {};
  }
  void insert(std::uint32_t tag, EntryId id);
  /// REQUIRES: is here, as it is for replace().
  void erase(std::uint32_t tag, EntryId id);
  void replace(std::uint32_t tag, EntryId id, EntryId with) noexcept;

  std::size_t size() const noexcept { return size_; }
  std::size_t footprint() const noexcept { return slots_.size() * sizeof(Slot); }

  /// Calls `visit(tag, id)` in the order of tags, from `tag` on, until it returns false.
  template <class Visit>
  void walk(std::uint32_t tag, Visit&& visit) const {
    for (std::size_t at = home(tag); at < slots_.size(); ++at)
      if (const Slot slot = slots_[at]; !slot.empty() && slot.tag() >= tag)
        if (!visit(slot.tag(), slot.id())) return;
  }

  /// Asks the memory for where a search for the tag will begin.
  void prefetch(std::uint32_t tag) const noexcept { __builtin_prefetch(&slots_[home(tag)]); }

 private:
  class Slot {
   public:
    Slot() = default;
    Slot(std::uint32_t tag, EntryId id) : word_(std::uint64_t{tag} << 32 | id) {}
    bool empty() const noexcept { return word_ == 0; }
    std::uint32_t tag() const noexcept { return static_cast<std::uint32_t>(word_ >> 32); }
    EntryId id() const noexcept { return static_cast<EntryId>(word_); }
    /// Empty ones are not.
    bool is_before(std::uint32_t tag) const noexcept {
      return word_ - 1 < (std::uint64_t{tag} << 32) - 1;
    }

   private:
    std::uint64_t word_ = 0;
  };

  std::size_t home(std::uint32_t tag) const noexcept { return tag * homes_ >> 32; }
  /// Where the tag stands or should.
  const Slot* first(std::uint32_t tag) const noexcept {
    const Slot* slot = &slots_[home(tag)];
    while (slot->is_before(tag)) ++slot;
    return slot;
  }
  std::size_t index_of(std::uint32_t tag, EntryId id) const noexcept;
  void resize(std::size_t homes);

  /// The last is always empty, so that every search ends. Those from homes_ on are for what is
  /// pushed off the end.
  std::vector<Slot> slots_{2};
  std::size_t homes_ = 1;
  std::size_t size_ = 0;
};

}  // namespace ringcache
