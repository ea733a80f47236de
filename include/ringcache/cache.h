// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include <ringcache/policy.h>
#include <ringcache/store.h>

namespace ringcache {

/// What a capacity counts. `objects` is for traces and for caches of equal things.
enum class CapacityUnit : std::uint8_t { bytes, objects };

struct CacheOptions {
  /// The budget over all shards. In bytes it counts all an entry takes: key, value, entry, index.
  std::size_t capacity = std::size_t{64} << 20;
  CapacityUnit unit = CapacityUnit::bytes;
  PolicyKind policy = PolicyKind::lru;
  /// A power of two; 0 chooses by capacity and cores. One shard makes a policy exact.
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
  /// exceeds its shard's budget (which then loses nothing). False when it was not kept.
  bool insert(const KeyView& key, Copy copy);

  /// False when the key was not here. `why` is what departure() will say.
  bool erase(const KeyView& key, Departure why = Departure::erased);

  /// Erases every key for which `gone(name)` holds; returns how many. One shard is locked at a
  /// time, and `gone` runs under that lock: it must be quick and must not call the cache.
  std::size_t erase_if(const std::function<bool(std::string_view name)>& gone, Departure why);

  void clear(Departure why = Departure::erased);

  /// Why the key's last copy left, as far as remembered (a small table of recent departures).
  Departure departure(const KeyView& key) const;

  /// Takes effect at once; evicts what no longer fits.
  void resize(std::size_t capacity);

  CacheStats stats() const;
  std::size_t capacity() const noexcept;
  PolicyKind policy() const noexcept;

 private:
  class Shard;
  Shard& shard_of(const KeyView& key) const noexcept;

  CacheOptions options_;
  const Scheduler& clock_;
  std::unique_ptr<Shard[]> shards_;
};

}  // namespace ringcache
