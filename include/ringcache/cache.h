// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/policy.h>
#include <ringcache/store.h>

namespace ringcache {

/// What a capacity counts. `bytes` is memory: key, value, entry, index and what malloc rounds up.
/// `objects` is for traces and for caches of equal things: an entry costs 1, or its weight.
enum class CapacityUnit : std::uint8_t { bytes, objects };

struct CacheOptions {
  /// The budget over all shards, in equal parts. Not in it: about 9 KiB for each shard itself.
  std::size_t capacity = std::size_t{64} << 20;
  CapacityUnit unit = CapacityUnit::bytes;
  PolicyKind policy = PolicyKind::lru;
  /// A power of two up to 256; 0 chooses by capacity and cores, no shard below 32 MiB (or 1024
  /// objects), so that large values fit. One shard makes a policy exact.
  unsigned shards = 0;
};

/// Why a key that was here is not here now.
enum class Departure : std::uint8_t { never_seen, evicted, expired, erased, moved };
std::string_view departure_name(Departure why) noexcept;

struct CacheStats {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;  ///< Includes finds of expired entries.
  std::uint64_t inserts = 0;
  std::uint64_t evictions = 0;
  std::uint64_t expirations = 0;
  std::uint64_t entries = 0;
  std::uint64_t charge = 0;  ///< In the cache's unit; never above the capacity.
};

/// What a cache keeps of a key: its bytes, or the knowledge that the key is absent.
struct Copy {
  Bytes bytes;  ///< Null: the key is known not to exist (negative copy).
  std::uint64_t version = 0;
  Time loaded_at{};
  Time expires_at = Time::max();

  bool absent() const noexcept { return bytes.is_null(); }
};

/// A sharded in-memory map with a budget. Knows nothing of networks, sources or groups: a key is
/// its name (KeyView::group is ignored). Thread-safe; no call blocks on anything but one shard's
/// lock. Expiry is checked on every read, and counts from the write: reading never prolongs a life.
class Cache {
 public:
  /// REQUIRES: `clock` outlives the cache.
  Cache(CacheOptions options, const Scheduler& clock);
  ~Cache();
  Cache(const Cache&) = delete;
  Cache& operator=(const Cache&) = delete;

  /// The live copy; counts as a use of the key. The hot path: a probe, a clock comparison, a policy
  /// touch and one reference, under one shard lock.
  std::optional<Copy> find(const KeyView& key);

  /// As find(), but neither counted nor a use.
  std::optional<Copy> peek(const KeyView& key) const;

  /// Keeps the copy unless one with a larger version is here, it is expired already, or it alone
  /// exceeds its shard's budget. False when it was not kept; no other key then loses its copy, but
  /// an older copy of this key does, as it is out of date. A new copy of a key counts as a use of
  /// it. `weight` (0 counts as 1) is the cost in a cache of objects.
  bool insert(const KeyView& key, Copy copy, std::uint32_t weight = 1);

  /// False when the key was not here. `why` is what departure() will say.
  bool erase(const KeyView& key, Departure why = Departure::erased);

  /// Erases every key for which `gone(name)` holds; returns how many. One shard is locked at a
  /// time, and `gone` runs under that lock: it must be quick and must not call the cache.
  std::size_t erase_if(const std::function<bool(std::string_view name)>& gone, Departure why);

  void clear(Departure why = Departure::erased);

  /// Why the key's last copy left, as far as remembered (a small table of recent departures); it is
  /// remembered also when a new copy has come since.
  Departure departure(const KeyView& key) const;

  /// Takes effect at once; evicts what no longer fits.
  void resize(std::size_t capacity);

  CacheStats stats() const;
  std::size_t capacity() const noexcept;
  PolicyKind policy() const noexcept;
  unsigned shards() const noexcept;

  /// The first broken invariant in words, or empty. Walks all entries, one locked shard at a time:
  /// for tests.
  std::string audit() const;

 private:
  class Shard;
  Shard& shard_of(const KeyView& key) const noexcept;

  const PolicyKind policy_;
  std::mutex resizing_;  // taken before a shard's lock
  std::atomic<std::size_t> capacity_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace ringcache
