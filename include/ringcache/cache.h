// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/policy.h>
#include <ringcache/store.h>

namespace ringcache {

/// What a capacity counts. `bytes` is memory: key, value, entry, index, what allocators round up,
/// and what the policy remembers. `objects` is for traces and for caches of equal things: an entry
/// costs 1, or its weight.
enum class CapacityUnit : std::uint8_t { bytes, objects };

/// Why a key that was here is not here now, or why a copy left.
enum class Departure : std::uint8_t { never_seen, evicted, expired, erased, moved, replaced };
std::string_view departure_name(Departure why) noexcept;

/// What a cache keeps of a key: its bytes, or the knowledge that the key is absent.
struct Copy {
  Bytes bytes;  ///< Null: the key is known not to exist (negative copy).
  std::uint64_t version = 0;
  Time loaded_at{};
  Time expires_at = Time::max();  ///< Here no longer than until then.
  /// When its user should read it again. From a cache never later than `expires_at`; 8 bytes of
  /// memory where it is earlier.
  Time fresh_until = Time::max();
  bool ends_with_row = false;  ///< A note of its user's: `expires_at` is the row's own end.

  bool absent() const noexcept { return bytes.is_null(); }
};

struct CacheOptions {
  /// The budget over all shards. Not in it: about 30 KiB for each shard itself.
  std::size_t capacity = std::size_t{64} << 20;
  CapacityUnit unit = CapacityUnit::bytes;
  /// `automatic` chooses while it runs; name one where you know which, or every instruction counts.
  PolicyKind policy = PolicyKind::automatic;
  /// A power of two up to 256; 0 chooses by capacity and cores, no shard below 8 MiB (or 1024
  /// objects). One shard makes a policy exact.
  unsigned shards = 0;
  /// A policy of the user's own instead of `policy`: one for each shard.
  std::function<std::unique_ptr<Policy>(PolicyBudget, EntryPool&)> own_policy;
  /// Called after every insertion, and after every departure of a copy, also of one that a newer
  /// replaced: on the thread that caused it, under no lock. They must be quick, and may call the
  /// cache.
  std::function<void(std::string_view name, const Copy& copy)> on_insert;
  std::function<void(std::string_view name, const Copy& copy, Departure why)> on_departure;
};

struct CacheStats {
  std::uint64_t hits = 0;
  /// @name Misses, by why the key was not here
  /// As far as is remembered: a key that left long ago counts as cold.
  /// @{
  std::uint64_t misses_cold = 0;
  std::uint64_t misses_expired = 0;
  std::uint64_t misses_evicted = 0;
  std::uint64_t misses_erased = 0;  ///< Or moved to another owner.
  /// @}
  std::uint64_t inserts = 0;
  std::uint64_t evictions = 0;
  std::uint64_t expirations = 0;
  std::uint64_t entries = 0;
  std::uint64_t charge = 0;  ///< In the cache's unit; never above the capacity.

  std::uint64_t misses() const noexcept {
    return misses_cold + misses_expired + misses_evicted + misses_erased;
  }
};

class Budget;
class Entry;

/// A sharded in-memory map with a budget. Knows nothing of networks, sources or groups: a key is
/// its name (KeyView::group is ignored). Thread-safe; no call blocks on anything but one shard's
/// lock. Expiry is checked on every read, and counts from the write: reading never prolongs a life.
/// What has expired and is not asked for is found by a hand that goes round, some entries with each
/// insertion.
///
/// Values of up to 2 KiB live in their entry: an insertion copies them, a find shares them. What a
/// reader holds is his, whatever happens to the entry.
class Cache {
 public:
  /// Tags that an entry can have.
  static constexpr std::size_t kTagsMax = 16;

  /// REQUIRES: `clock` outlives the cache.
  Cache(CacheOptions options, const Clock& clock);
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  /// The live copy; counts as a use of the key. The hot path: a probe, a clock comparison, a policy
  /// touch and one reference, under one shard lock.
  std::optional<Copy> find(const KeyView& key);

  /// find() of each key, into the place of the same number: locks each shard once for up to 64
  /// keys, and fetches what they need from memory side by side. REQUIRES: as many places as keys.
  void find_many(std::span<const KeyView> keys, std::span<std::optional<Copy>> found);

  /// As find(), but neither counted nor a use.
  std::optional<Copy> peek(const KeyView& key) const;

  /// Keeps the copy unless one with a larger version is here, it is expired already, or it alone
  /// exceeds the capacity. False when it was not kept; no other key then loses its copy, but an
  /// older copy of this key does, as it is out of date. A new copy of a key counts as a use of it.
  /// A copy larger than a shard's part of the capacity is taken too: all shards make room for it.
  /// `weight` (0 counts as 1) is the cost in a cache of objects. `tags` are names for erase_tag().
  /// REQUIRES: at most kTagsMax tags.
  bool insert(const KeyView& key, Copy copy, std::uint32_t weight = 1,
              std::span<const std::string_view> tags = {});

  /// False when the key was not here. `why` is what departure() will say.
  bool erase(const KeyView& key, Departure why = Departure::erased);

  /// @name Many at once
  /// Each walks all entries, one locked shard at a time, and returns how many it erased.
  /// @{
  /// `gone(name)` runs under the lock: it must be quick and must not call the cache.
  std::size_t erase_if(const std::function<bool(std::string_view name)>& gone, Departure why);
  std::size_t erase_prefix(std::string_view prefix, Departure why = Departure::erased);
  std::size_t erase_tag(std::string_view tag, Departure why = Departure::erased);
  void clear(Departure why = Departure::erased);
  /// @}

  /// Visits every live entry, under no lock: writers go on, `visit` may call the cache. What is
  /// here throughout is visited exactly once, what comes or goes meanwhile at most once; each with
  /// the copy that it has then. Not a use.
  void for_each(const std::function<void(std::string_view name, const Copy& copy)>& visit) const;

  /// Why the key's last copy left, as far as remembered (a small table of recent departures); it is
  /// remembered also when a new copy has come since.
  Departure departure(const KeyView& key) const;

  /// Takes effect at once; evicts what no longer fits, and gives its memory back to the system.
  void resize(std::size_t capacity);

  CacheStats stats() const;
  /// Entries, expired ones that nobody has met yet included.
  std::size_t size() const;
  std::size_t capacity() const noexcept;
  PolicyKind policy() const noexcept;
  unsigned shards() const noexcept;

  /// The first broken invariant in words, or empty. Walks all entries, one locked shard at a time:
  /// for tests.
  std::string audit() const;

 private:
  class Shard;
  /// The table takes its place from the lowest bits of the hash; this takes from others.
  std::size_t shard_number(const KeyView& key) const noexcept { return (key.hash >> 40) & mask_; }
  Shard& shard_of(const KeyView& key) const noexcept { return *shards_[shard_number(key)]; }
  bool lend(std::uint64_t charge);
  std::size_t erase_entries(const std::function<bool(const Entry&)>& gone, Departure why);

  const CacheOptions options_;
  const std::size_t mask_;  // shards - 1
  const std::unique_ptr<Budget> budget_;
  // Capacity and loans change one at a time; taken before a shard's lock. A listener that is told
  // meanwhile may come back.
  std::recursive_mutex rebudgeting_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace ringcache
