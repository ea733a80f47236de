// SPDX-License-Identifier: Apache-2.0
#include <ringcache/cache.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <thread>
#include <utility>

#include "cache/shard.h"

namespace ringcache {
namespace {

constexpr std::size_t kShardsMax = 256;
constexpr std::size_t kShardBytesMin = std::size_t{32} << 20;
constexpr std::size_t kShardObjectsMin = 1024;

std::size_t shard_count(const CacheOptions& options) {
  if (options.shards != 0) return std::min<std::size_t>(std::bit_floor(options.shards), kShardsMax);
  const std::size_t least = options.unit == CapacityUnit::bytes ? kShardBytesMin : kShardObjectsMin;
  const std::size_t wanted = std::bit_ceil(4 * std::size_t{std::thread::hardware_concurrency()});
  const std::size_t fits = std::bit_floor(std::max<std::size_t>(options.capacity / least, 1));
  return std::clamp<std::size_t>(wanted, 1, std::min(fits, kShardsMax));
}

/// The first parts take what does not divide.
std::size_t part(std::size_t capacity, std::size_t parts, std::size_t index) {
  return capacity / parts + (index < capacity % parts ? 1 : 0);
}

}  // namespace

std::string_view departure_name(Departure why) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"never_seen", "evicted", "expired", "erased",
                                                   "moved"};
  return kNames.at(static_cast<std::size_t>(why));
}

Cache::Cache(CacheOptions options, const Scheduler& clock)
    : policy_(options.policy), capacity_(options.capacity), shards_(shard_count(options)) {
  for (std::size_t i = 0; i < shards_.size(); ++i)
    shards_[i] = std::make_unique<Shard>(options, part(options.capacity, shards_.size(), i), clock);
}

Cache::~Cache() = default;

std::optional<Copy> Cache::find(const KeyView& key) { return shard_of(key).find(key); }

std::optional<Copy> Cache::peek(const KeyView& key) const { return shard_of(key).peek(key); }

bool Cache::insert(const KeyView& key, Copy copy, std::uint32_t weight) {
  return shard_of(key).insert(key, std::move(copy), weight);
}

bool Cache::erase(const KeyView& key, Departure why) { return shard_of(key).erase(key, why); }

std::size_t Cache::erase_if(const std::function<bool(std::string_view name)>& gone, Departure why) {
  std::size_t erased = 0;
  for (const auto& shard : shards_) erased += shard->erase_if(gone, why);
  return erased;
}

void Cache::clear(Departure why) {
  erase_if([](std::string_view) { return true; }, why);
}

Departure Cache::departure(const KeyView& key) const { return shard_of(key).departure(key); }

void Cache::resize(std::size_t capacity) {
  std::lock_guard lock(resizing_);
  capacity_ = capacity;
  for (std::size_t i = 0; i < shards_.size(); ++i)
    shards_[i]->resize(part(capacity, shards_.size(), i));
}

CacheStats Cache::stats() const {
  CacheStats stats;
  for (const auto& shard : shards_) shard->add_to(stats);
  return stats;
}

std::size_t Cache::capacity() const noexcept { return capacity_; }

PolicyKind Cache::policy() const noexcept { return policy_; }

unsigned Cache::shards() const noexcept { return static_cast<unsigned>(shards_.size()); }

std::string Cache::audit() const {
  for (const auto& shard : shards_)
    if (std::string broken = shard->audit(); !broken.empty()) return broken;
  return {};
}

/// The table takes its place from the lowest bits of the hash and its tag from the 16 highest; this
/// takes from those between, so that all three are independent.
Cache::Shard& Cache::shard_of(const KeyView& key) const noexcept {
  return *shards_[(key.hash >> 40) & (shards_.size() - 1)];
}

}  // namespace ringcache
