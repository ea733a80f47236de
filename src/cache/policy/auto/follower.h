// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>

#include <ringcache/policy.h>

#include "cache/policy/auto/miniature.h"
#include "cache/policy/entry_index.h"

namespace ringcache {

/// Keeps what a miniature keeps that is as large as the cache itself: of the entries that are not
/// in the miniature the least recently used leaves first. To follow another miniature costs no
/// entry: what both keep stays, and the rest leaves as room is needed.
class Follower final : public Policy {
 public:
  /// REQUIRES: `leader` outlives this, or follow() replaces it.
  Follower(const Miniature& leader, const EntryPool& pool)
      : pool_(pool), leader_(&leader), index_(pool), in_(pool), out_(pool) {}

  void follow(const Miniature& leader);
  /// The leader has let go of this key.
  void left(std::uint64_t hash);
  bool holds(std::uint64_t hash) const noexcept { return index_.find(hash) != nullptr; }

  void insert(PolicyEntry& entry) override;
  void touch(PolicyEntry& entry) override;
  void remove(PolicyEntry& entry) override;
  PolicyEntry* evict() override;
  bool relocate(PolicyEntry& from, PolicyEntry& to) override;
  void resize(PolicyBudget /*budget*/) override {}
  std::size_t memory() const noexcept override { return index_.memory(); }

 private:
  EntryList& list_of(const PolicyEntry& entry) { return entry.mark == kIn ? in_ : out_; }
  void place(PolicyEntry& entry);

  static constexpr std::uint32_t kOut = 0;
  static constexpr std::uint32_t kIn = 1;

  const EntryPool& pool_;
  const Miniature* leader_;
  EntryIndex index_;
  EntryList in_;   // what the leader has too, by last use
  EntryList out_;  // and what not, by when it was used last or left the leader
};

}  // namespace ringcache
