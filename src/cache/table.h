// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include <ringcache/entry_list.h>

#include "base/pages.h"

namespace ringcache {

/// The index of a shard: 32 bits of the hash (the tag) -> ids of entries, 8 bytes each, in buckets
/// of eight: one line of memory, whose tags are compared all at once.
///
/// Ordered linear probing (O. Amble, D. E. Knuth, "Ordered hash tables", The Computer Journal
/// 17(2), 1974), with buckets: a tag's home is its share of the table, tag * buckets / 2^32, and
/// what finds no room there goes to the buckets behind it, so that all stand in the order of their
/// tags, and a search ends at the first larger one, hit or miss. Growth by an eighth copies the
/// buckets in that order; entries are never read. There are no tombstones: deletion moves back what
/// follows. A walk in the order of tags is not confused by growth. A tag is never 0.
class Table {
 public:
  /// Memory of an entry's share: 8 bytes at a load between .75 and .85.
  static constexpr std::size_t kBytesPerEntry = 10;

  /// The first that `match(id)` makes of an entry of that tag and that is not null, or null.
  template <class Match>
  [[gnu::always_inline]] auto find(std::uint32_t tag, Match&& match) const noexcept
      -> decltype(match(EntryId{})) {
    const Bucket* bucket = &buckets_[home(tag)];
    const unsigned which = bucket->where(tag);
    if (which != 0) [[likely]]
      if (auto found = match(bucket->ids[first_of(which)])) [[likely]]
        return found;
    return find_on(bucket, which & (which - 1), tag, match);
  }
  void insert(std::uint32_t tag, EntryId id);
  /// REQUIRES: is here, as it is for replace().
  void erase(std::uint32_t tag, EntryId id);
  void replace(std::uint32_t tag, EntryId id, EntryId with) noexcept;

  std::size_t size() const noexcept { return size_; }
  std::size_t footprint() const noexcept { return buckets_.size() * sizeof(Bucket); }

  /// Calls `visit(tag, id)` in the order of tags, from `tag` on, until it returns false.
  template <class Visit>
  void walk(std::uint32_t tag, Visit&& visit) const {
    for (std::size_t at = home(tag); at < buckets_.size(); ++at)
      for (unsigned i = 0; i < kSlots && buckets_[at].tags[i] != 0; ++i)
        if (buckets_[at].tags[i] >= tag && !visit(buckets_[at].tags[i], buckets_[at].ids[i]))
          return;
  }

  /// Asks the memory for where a search for the tag will begin.
  void prefetch(std::uint32_t tag) const noexcept { __builtin_prefetch(&buckets_[home(tag)]); }

 private:
  static constexpr unsigned kSlots = 8;

  /// Its first slots are in use, in the order of their tags; the others have the tag 0.
  struct alignas(64) Bucket {
    std::array<std::uint32_t, kSlots> tags{};
    std::array<EntryId, kSlots> ids{};

    bool is_full() const noexcept { return tags[kSlots - 1] != 0; }
    /// Is full of tags up to this one: more of them may follow in the next.
    bool ends_before(std::uint32_t tag) const noexcept { return tags[kSlots - 1] - 1 < tag; }
    /// A bit for each slot of that tag.
    unsigned where(std::uint32_t tag) const noexcept;
    /// The number of tags up to this one.
    unsigned up_to(std::uint32_t tag) const noexcept;
    void insert(unsigned at, std::uint32_t tag, EntryId id) noexcept;
    void remove(unsigned at) noexcept;
  };

  struct Place {
    std::size_t bucket;
    unsigned slot;
  };

  std::size_t home(std::uint32_t tag) const noexcept { return tag * homes_ >> 32; }
  static unsigned first_of(unsigned which) noexcept {
    return static_cast<unsigned>(std::countr_zero(which));
  }

  /// find() among the rest of a bucket's slots, and on.
  template <class Match>
  [[gnu::noinline]] static auto find_on(const Bucket* bucket, unsigned rest, std::uint32_t tag,
                                        Match match) noexcept -> decltype(match(EntryId{})) {
    for (;; rest = (++bucket)->where(tag)) {
      for (; rest != 0; rest &= rest - 1)
        if (auto found = match(bucket->ids[first_of(rest)])) return found;
      if (!bucket->ends_before(tag)) return {};
    }
  }

  bool has_pushed(std::size_t at) const noexcept;
  Place place_of(std::uint32_t tag, EntryId id) const noexcept;
  void resize(std::size_t homes);

  /// The last is never full, so that every search ends. Those from homes_ on are for what is pushed
  /// off the end.
  std::vector<Bucket, PageAllocator<Bucket>> buckets_{2};
  std::size_t homes_ = 1;
  std::size_t size_ = 0;
};

inline unsigned Table::Bucket::where(std::uint32_t tag) const noexcept {
#if defined(__SSE2__)
  using Four = std::uint32_t __attribute__((vector_size(16)));
  using Signs = float __attribute__((vector_size(16)));
  const auto same = [&](const std::uint32_t* from) {
    Four four;
    std::memcpy(&four, from, sizeof four);
    return static_cast<unsigned>(__builtin_ia32_movmskps(reinterpret_cast<Signs>(four == tag)));
  };
  return same(&tags[0]) | same(&tags[4]) << 4;
#else
  unsigned which = 0;
  for (unsigned i = 0; i < kSlots; ++i) which |= unsigned{tags[i] == tag} << i;
  return which;
#endif
}

}  // namespace ringcache
