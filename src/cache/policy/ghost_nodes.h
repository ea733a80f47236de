// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

#include <ringcache/entry_list.h>

#include "cache/policy/entry_index.h"

namespace ringcache {

/// Ghosts that have a place in a list among entries, as in LIRS's stack, and are found by hash. Two
/// keys of one hash have a ghost each, and either is found first, which does no harm.
class GhostNodes {
 public:
  explicit GhostNodes(EntryPool& pool) : pool_(pool), index_(pool) {}
  GhostNodes(const GhostNodes&) = delete;
  GhostNodes& operator=(const GhostNodes&) = delete;
  ~GhostNodes();

  /// How many surely fit into so many bytes.
  static std::size_t fits(std::size_t bytes) noexcept;
  /// The two lowest bits of a ghost's mark are set; no entry in the same list may have both.
  static bool is_ghost(const PolicyEntry& entry) noexcept { return (entry.mark & kMark) == kMark; }

  /// A ghost, not linked, of what has this hash and charge.
  PolicyEntry& add(std::uint64_t hash, std::uint32_t charge);
  /// Null when there is none.
  PolicyEntry* find(std::uint64_t hash) const noexcept { return index_.find(hash); }
  /// REQUIRES: not linked any more.
  void remove(PolicyEntry& ghost);

  std::size_t size() const noexcept { return index_.size(); }
  std::uint64_t charge() const noexcept { return charge_; }
  std::size_t memory() const noexcept { return size() * sizeof(PolicyEntry) + index_.memory(); }

 private:
  static constexpr std::uint32_t kMark = 3;

  EntryPool& pool_;
  EntryIndex index_;
  std::uint64_t charge_ = 0;
};

}  // namespace ringcache
