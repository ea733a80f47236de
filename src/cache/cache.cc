// SPDX-License-Identifier: Apache-2.0
#include <ringcache/cache.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <thread>
#include <utility>

#include "base/pages.h"
#include "cache/budget.h"
#include "cache/policy/auto/lead.h"
#include "cache/shard.h"

namespace ringcache {
namespace {

constexpr std::size_t kShardsMax = 256;
constexpr std::size_t kShardBytesMin = std::size_t{8} << 20;
constexpr std::size_t kShardObjectsMin = 1024;

std::size_t shard_count(const CacheOptions& options) {
  if (options.shards != 0) return std::min<std::size_t>(std::bit_floor(options.shards), kShardsMax);
  const std::size_t least = options.unit == CapacityUnit::bytes ? kShardBytesMin : kShardObjectsMin;
  const std::size_t wanted = std::bit_ceil(16 * std::size_t{std::thread::hardware_concurrency()});
  const std::size_t fits = std::bit_floor(std::max<std::size_t>(options.capacity / least, 1));
  return std::clamp<std::size_t>(wanted, 1, std::min(fits, kShardsMax));
}

/// 0 is no tag.
Entry::Tag tag_of(std::string_view name) { return static_cast<Entry::Tag>(hash64(name) >> 32) | 1; }

}  // namespace

std::string_view departure_name(Departure why) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"never_seen", "evicted", "expired",
                                                   "erased",     "moved",   "replaced"};
  return kNames.at(static_cast<std::size_t>(why));
}

Cache::Cache(CacheOptions options, const Clock& clock)
    : options_(std::move(options)),
      mask_(shard_count(options_) - 1),
      budget_(std::make_unique<Budget>(options_.capacity, mask_ + 1)),
      shards_(mask_ + 1) {
  const auto lead = std::make_shared<Lead>();
  for (std::size_t i = 0; i < shards_.size(); ++i)
    shards_[i] = std::make_unique<Shard>(options_, *budget_, i, lead, clock);
}

Cache::~Cache() = default;

void Cache::find_many(std::span<const KeyView> keys, std::span<std::optional<Copy>> found) {
  assert(keys.size() == found.size());
  constexpr std::size_t kBatch = 64;
  for (; keys.size() > kBatch; keys = keys.subspan(kBatch), found = found.subspan(kBatch))
    find_many(keys.first(kBatch), found.first(kBatch));
  std::array<std::uint8_t, kBatch> order;
  const auto numbers = std::span(order).first(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) numbers[i] = static_cast<std::uint8_t>(i);
  const auto shard = [&](std::uint8_t number) { return shard_number(keys[number]); };
  std::ranges::sort(numbers, {}, shard);
  for (std::size_t begin = 0, end = 0; begin < numbers.size(); begin = end) {
    while (end < numbers.size() && shard(numbers[end]) == shard(numbers[begin])) ++end;
    shards_[shard(numbers[begin])]->find_many(keys, numbers.subspan(begin, end - begin), found);
  }
}

std::optional<Copy> Cache::peek(const KeyView& key) const { return shard_of(key).peek(key); }

bool Cache::insert(const KeyView& key, Copy copy, std::uint32_t weight,
                   std::span<const std::string_view> tags) {
  assert(tags.size() <= kTagsMax);
  std::array<Entry::Tag, kTagsMax> hashes;
  std::ranges::transform(tags, hashes.begin(), tag_of);
  const std::span<const Entry::Tag> entry_tags = std::span(hashes).first(tags.size());
  Shard& home = shard_of(key);
  Shard::Outcome outcome = home.insert(key, copy, weight, entry_tags, false);
  if (outcome == Shard::Outcome::needs_loan) {
    std::lock_guard lock(rebudgeting_);
    if (!lend(home.charge_of(key, copy, weight, entry_tags))) return false;
    outcome = home.insert(key, copy, weight, entry_tags, true);
  }
  const bool is_kept = outcome == Shard::Outcome::kept;
  if (is_kept && options_.on_insert) options_.on_insert(key.name, copy);
  return is_kept;
}

/// Takes room for it from all shards; former loans end, if there is not enough else.
bool Cache::lend(std::uint64_t charge) {
  if (charge > std::min<std::size_t>(budget_->capacity(), UINT32_MAX - 1)) return false;
  for (bool is_ended = true; is_ended && !budget_->can_lend(charge);)
    is_ended = std::ranges::any_of(shards_, [](const auto& shard) { return shard->evict_loan(); });
  if (!budget_->can_lend(charge)) return false;  // what a listener is inserting meanwhile has it
  budget_->lend(charge);
  for (const auto& shard : shards_) shard->fit();
  return true;
}

bool Cache::erase(const KeyView& key, Departure why) { return shard_of(key).erase(key, why); }

std::size_t Cache::erase_if(const std::function<bool(std::string_view name)>& gone, Departure why) {
  return erase_entries([&gone](const Entry& entry) { return gone(entry.name()); }, why);
}

std::size_t Cache::erase_prefix(std::string_view prefix, Departure why) {
  return erase_entries([prefix](const Entry& entry) { return entry.name().starts_with(prefix); },
                       why);
}

std::size_t Cache::erase_tag(std::string_view tag, Departure why) {
  return erase_entries([tag = tag_of(tag)](const Entry& entry) { return entry.has_tag(tag); }, why);
}

void Cache::clear(Departure why) {
  erase_entries([](const Entry&) { return true; }, why);
}

std::size_t Cache::erase_entries(const std::function<bool(const Entry&)>& gone, Departure why) {
  std::size_t erased = 0;
  for (const auto& shard : shards_) erased += shard->erase_if(gone, why);
  return erased;
}

void Cache::for_each(
    const std::function<void(std::string_view name, const Copy& copy)>& visit) const {
  Shard::Window window;
  for (const auto& shard : shards_)
    for (std::uint32_t at = 1; at != 0;) {
      window.clear();
      at = shard->look(at, window);
      for (const auto& [name, copy] : window) visit(name, copy);
    }
}

Departure Cache::departure(const KeyView& key) const { return shard_of(key).departure(key); }

void Cache::resize(std::size_t capacity) {
  std::lock_guard lock(rebudgeting_);
  const bool is_less = capacity < budget_->capacity();
  budget_->resize(capacity);
  while (!budget_->can_lend(0) &&
         std::ranges::any_of(shards_, [](const auto& shard) { return shard->evict_loan(); })) {
  }
  for (const auto& shard : shards_) shard->resize();
  if (is_less) trim_heap();
}

CacheStats Cache::stats() const {
  CacheStats stats;
  for (const auto& shard : shards_) shard->add_to(stats);
  return stats;
}

std::size_t Cache::size() const { return stats().entries; }

std::size_t Cache::capacity() const noexcept { return budget_->capacity(); }

PolicyKind Cache::policy() const noexcept { return options_.policy; }

unsigned Cache::shards() const noexcept { return static_cast<unsigned>(shards_.size()); }

std::string Cache::audit() const {
  for (const auto& shard : shards_)
    if (std::string broken = shard->audit(); !broken.empty()) return broken;
  return {};
}

}  // namespace ringcache
