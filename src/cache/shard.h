// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include <ringcache/cache.h>

#include "cache/departures.h"
#include "cache/entry.h"
#include "cache/policy/entry_list.h"
#include "cache/table.h"

namespace ringcache {

/// One part of the cache: a table, a policy and a budget under one lock. Its functions are those of
/// Cache. Memory is taken before the lock and given back after it.
class alignas(64) Cache::Shard {
 public:
  Shard(const CacheOptions& options, std::size_t capacity, const Scheduler& clock);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  std::optional<Copy> find(const KeyView& key);
  std::optional<Copy> peek(const KeyView& key) const;
  bool insert(const KeyView& key, Copy copy, std::uint32_t weight);
  bool erase(const KeyView& key, Departure why);
  std::size_t erase_if(const std::function<bool(std::string_view name)>& gone, Departure why);
  Departure departure(const KeyView& key) const;
  void resize(std::size_t capacity);
  void add_to(CacheStats& stats) const;
  std::string audit() const;

 private:
  /// Entries that have left, freed when the lock is gone.
  class Departed;

  std::uint64_t charge_of(const KeyView& key, const Copy& copy, std::uint32_t weight) const;
  std::uint64_t used() const;
  bool expired(const Copy& copy) const;
  void add(Entry::Ptr fresh, Departed& departed);
  void replace(Entry& old, Entry& fresh);
  void evict_down_to(std::uint64_t charge, Departed& departed);
  void remove(Entry& entry, Departure why, Departed& departed);
  void unlink(Entry& entry, Departure why, Departed& departed);

  const CapacityUnit unit_;
  const Scheduler& clock_;
  mutable std::mutex mutex_;  // guards all below
  Table table_;
  std::unique_ptr<Policy> policy_;
  std::uint64_t capacity_;
  CacheStats stats_;  // entries and charge always as they are; the charge is the entries' alone
  Departures departures_;
};

}  // namespace ringcache
