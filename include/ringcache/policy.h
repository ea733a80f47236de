// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include <ringcache/entry_list.h>

namespace ringcache {

/// What a policy may use.
struct PolicyBudget {
  std::size_t capacity = 0;           ///< Units of charge that all its entries have together.
  std::size_t memory_max = SIZE_MAX;  ///< Bytes it may keep beside the entries: ghosts, counters.
};

/// Decides which entry leaves next. One instance per shard, called under the shard's lock.
/// The same class serves the live cache, miniature caches and `ringcache replay`: one truth per
/// algorithm. Entries belong to the caller; a policy only links them between insert() and
/// remove()/evict(), and destroys none.
///
/// A miss on a key is always the same three steps, so that a policy may learn from its ghosts
/// before it chooses victims:  prepare(hash, charge);  evict() until there is room and evicting()
/// says no;  insert(entry).
class Policy {
 public:
  virtual ~Policy() = default;

  /// A key that is not resident is about to be inserted.
  virtual void prepare(std::uint64_t /*hash*/, std::uint32_t /*charge*/) {}
  /// Links a new entry. REQUIRES: not linked; prepare() was its key's.
  virtual void insert(PolicyEntry& entry) = 0;
  /// A hit, or a new value for the key. The one call on the hot path: constant time.
  virtual void touch(PolicyEntry& entry) = 0;
  /// A new value costs something else. The caller evicts what is too much, maybe this entry itself.
  virtual void recharge(PolicyEntry& entry, std::uint32_t charge) { entry.charge = charge; }
  /// Unlinks an entry that was erased or has expired; it leaves no ghost.
  virtual void remove(PolicyEntry& entry) = 0;
  /// Unlinks and returns the victim, or null when nothing is linked.
  virtual PolicyEntry* evict() = 0;
  /// More must go along with the last victim, even if there is room without it.
  virtual bool evicting() const noexcept { return false; }
  /// An entry's memory moves: puts `to`, a copy of `from` with its links, in the place of `from`.
  /// False when the policy cannot, as it keeps addresses: the entry then stays where it is.
  virtual bool relocate(PolicyEntry& /*from*/, PolicyEntry& /*to*/) { return false; }
  /// The budget has changed, and what was too much has been evicted; ghosts and shares follow.
  virtual void resize(PolicyBudget budget) = 0;
  /// Bytes kept beside the entries now (ghosts, counters); a cache's budget in bytes counts them.
  /// Constant time.
  virtual std::size_t memory() const noexcept { return 0; }
};

enum class PolicyKind : std::uint8_t {
  fifo,
  lru,
  lfu,
  arc,
  sieve,
  s3fifo,
  lirs,
  wtinylfu,
  gdsf,
  automatic,  ///< "auto": chooses among the others while it runs.
};

/// Every kind, in the order in which tables print them.
std::span<const PolicyKind> policy_kinds() noexcept;
std::string_view policy_name(PolicyKind kind) noexcept;
std::optional<PolicyKind> policy_from_name(std::string_view name) noexcept;

/// The policy of a shard whose entries live in `pool`, which outlives it.
std::unique_ptr<Policy> make_policy(PolicyKind kind, PolicyBudget budget, EntryPool& pool);

}  // namespace ringcache
