// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

#include <ringcache/entry_list.h>

#include "cache/table.h"

namespace ringcache {

/// Entries of a pool by hash. Two entries of one hash may be here; find() gives one of them.
class EntryIndex {
 public:
  /// Memory for an entry, with room to spare: a table of some size takes at most 11 bytes when it
  /// has grown.
  static constexpr std::size_t kBytesPerEntry = 13;

  explicit EntryIndex(const EntryPool& pool) noexcept : pool_(&pool) {}

  PolicyEntry* find(std::uint64_t hash) const noexcept {
    return table_.find(tag(hash), [this, hash](EntryId id) {
      PolicyEntry* entry = &pool_->at(id);
      return entry->hash == hash ? entry : nullptr;
    });
  }
  void insert(PolicyEntry& entry) { table_.insert(tag(entry.hash), EntryPool::id_of(entry)); }
  /// REQUIRES: is here.
  void erase(const PolicyEntry& entry) { table_.erase(tag(entry.hash), EntryPool::id_of(entry)); }
  /// REQUIRES: `from` is here; `to` is its copy.
  void relocate(const PolicyEntry& from, const PolicyEntry& to) noexcept {
    table_.replace(tag(from.hash), EntryPool::id_of(from), EntryPool::id_of(to));
  }

  std::size_t size() const noexcept { return table_.size(); }
  std::size_t memory() const noexcept { return table_.footprint(); }

  template <class Visit>
  void for_each(Visit&& visit) const {
    table_.walk(1, [&](std::uint32_t, EntryId id) {
      visit(pool_->at(id));
      return true;
    });
  }

 private:
  /// The keys of a sample are alike in some bits of their hashes; a product's upper half depends on
  /// all of them.
  static std::uint32_t tag(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash * 0xd6e8feb86659fd93 >> 32) | 1;
  }

  const EntryPool* pool_;
  Table table_;
};

}  // namespace ringcache
