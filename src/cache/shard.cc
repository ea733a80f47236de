// SPDX-License-Identifier: Apache-2.0
#include "cache/shard.h"

#include <algorithm>
#include <cassert>
#include <utility>
#include <vector>

namespace ringcache {
namespace {

/// A policy's memory is part of a budget in bytes: at most this share of it.
constexpr std::size_t kPolicyShare = 10;

PolicyBudget policy_budget(CapacityUnit unit, std::size_t capacity) {
  if (unit == CapacityUnit::objects) return {.capacity = capacity};
  return {.capacity = capacity, .memory_max = capacity / kPolicyShare};
}

}  // namespace

/// Declared before the lock, so that it ends after it.
class Cache::Shard::Departed {
 public:
  Departed() = default;
  Departed(const Departed&) = delete;
  Departed& operator=(const Departed&) = delete;
  ~Departed() {
    while (PolicyEntry* entry = entries_.pop_front())
      Entry::Ptr(static_cast<Entry*>(entry)).reset();
  }

  void add(Entry& entry) { entries_.push_back(entry); }

 private:
  EntryList entries_;
};

Cache::Shard::Shard(const CacheOptions& options, std::size_t capacity, const Scheduler& clock)
    : unit_(options.unit),
      clock_(clock),
      policy_(make_policy(options.policy, policy_budget(options.unit, capacity))),
      capacity_(capacity) {}

Cache::Shard::~Shard() {
  table_.for_each([](Entry& entry) { Entry::Ptr(&entry).reset(); });
}

std::optional<Copy> Cache::Shard::find(const KeyView& key) {
  Departed departed;
  std::lock_guard lock(mutex_);
  Entry* entry = table_.find(key.hash, key.name);
  if (entry && !expired(entry->copy)) {
    ++stats_.hits;
    policy_->touch(*entry);
    return entry->copy;
  }
  ++stats_.misses;
  if (entry) remove(*entry, Departure::expired, departed);
  return std::nullopt;
}

std::optional<Copy> Cache::Shard::peek(const KeyView& key) const {
  std::lock_guard lock(mutex_);
  const Entry* entry = table_.find(key.hash, key.name);
  if (!entry || expired(entry->copy)) return std::nullopt;
  return entry->copy;
}

bool Cache::Shard::insert(const KeyView& key, Copy copy, std::uint32_t weight) {
  const std::uint64_t charge = charge_of(key, copy, weight);
  if (charge > UINT32_MAX) return erase(key, Departure::erased), false;
  Entry::Ptr fresh = Entry::make(key, std::move(copy));
  fresh->charge = static_cast<std::uint32_t>(charge);
  Departed departed;
  std::lock_guard lock(mutex_);
  Entry* old = table_.find(key.hash, key.name);
  if (old && old->copy.version > fresh->copy.version) return false;
  const bool is_expired = expired(fresh->copy);
  if (is_expired || charge > capacity_) {
    if (old) remove(*old, is_expired ? Departure::expired : Departure::evicted, departed);
    return false;
  }
  ++stats_.inserts;
  if (!old) return add(std::move(fresh), departed), true;
  replace(*old, *fresh);
  evict_down_to(capacity_, departed);
  return table_.find(key.hash, key.name) != nullptr;
}

bool Cache::Shard::erase(const KeyView& key, Departure why) {
  Departed departed;
  std::lock_guard lock(mutex_);
  Entry* entry = table_.find(key.hash, key.name);
  if (entry) remove(*entry, why, departed);
  return entry != nullptr;
}

std::size_t Cache::Shard::erase_if(const std::function<bool(std::string_view)>& gone,
                                   Departure why) {
  Departed departed;
  std::vector<Entry*> leaving;  // the table must not change while it is walked
  std::lock_guard lock(mutex_);
  table_.for_each([&](Entry& entry) {
    if (gone(entry.name())) leaving.push_back(&entry);
  });
  for (Entry* entry : leaving) remove(*entry, why, departed);
  return leaving.size();
}

Departure Cache::Shard::departure(const KeyView& key) const {
  std::lock_guard lock(mutex_);
  return departures_.find(key.hash);
}

void Cache::Shard::resize(std::size_t capacity) {
  Departed departed;
  std::lock_guard lock(mutex_);
  capacity_ = capacity;
  evict_down_to(capacity_, departed);
  policy_->resize(policy_budget(unit_, capacity));
  evict_down_to(capacity_, departed);
}

void Cache::Shard::add_to(CacheStats& stats) const {
  std::lock_guard lock(mutex_);
  stats.hits += stats_.hits;
  stats.misses += stats_.misses;
  stats.inserts += stats_.inserts;
  stats.evictions += stats_.evictions;
  stats.expirations += stats_.expirations;
  stats.entries += stats_.entries;
  stats.charge += used();
}

std::string Cache::Shard::audit() const {
  std::lock_guard lock(mutex_);
  std::uint64_t entries = 0;
  std::uint64_t charge = 0;
  std::string broken;
  table_.for_each([&](const Entry& entry) {
    ++entries;
    charge += entry.charge;
    if (table_.find(entry.hash, entry.name()) != &entry) broken = "an entry cannot be found";
    if (entry.hash != hash64(entry.name())) broken = "an entry has another key's hash";
  });
  if (entries != table_.size() || entries != stats_.entries) broken = "entries are miscounted";
  if (charge != stats_.charge) broken = "the charge is not the sum of the entries' charges";
  if (entries != 0 && used() > capacity_) broken = "the charge is above the capacity";
  return broken;
}

std::uint64_t Cache::Shard::charge_of(const KeyView& key, const Copy& copy,
                                      std::uint32_t weight) const {
  if (unit_ == CapacityUnit::objects) return std::max(weight, 1u);
  return entry_bytes(key.name, copy.bytes);
}

/// What counts against the capacity.
std::uint64_t Cache::Shard::used() const {
  return stats_.charge + (unit_ == CapacityUnit::bytes ? policy_->memory() : 0);
}

bool Cache::Shard::expired(const Copy& copy) const {
  return copy.expires_at != Time::max() && clock_.now() >= copy.expires_at;
}

void Cache::Shard::add(Entry::Ptr fresh, Departed& departed) {
  policy_->prepare(fresh->hash, fresh->charge);
  evict_down_to(capacity_ - fresh->charge, departed);
  table_.insert(*fresh);
  Entry& entry = *fresh.release();  // the table's from here on
  policy_->insert(entry);
  ++stats_.entries;
  stats_.charge += entry.charge;
}

/// The old copy leaves with `fresh`, after the lock.
void Cache::Shard::replace(Entry& old, Entry& fresh) {
  stats_.charge = stats_.charge - old.charge + fresh.charge;
  policy_->recharge(old, fresh.charge);
  policy_->touch(old);
  std::swap(old.copy, fresh.copy);
}

void Cache::Shard::evict_down_to(std::uint64_t charge, Departed& departed) {
  while (used() > charge || policy_->evicting()) {
    PolicyEntry* victim = policy_->evict();
    if (!victim) return;  // what is left is the policy's own
    ++stats_.evictions;
    unlink(static_cast<Entry&>(*victim), Departure::evicted, departed);
  }
}

void Cache::Shard::remove(Entry& entry, Departure why, Departed& departed) {
  if (why == Departure::expired) ++stats_.expirations;
  policy_->remove(entry);
  unlink(entry, why, departed);
}

/// REQUIRES: the policy has let go of it.
void Cache::Shard::unlink(Entry& entry, Departure why, Departed& departed) {
  table_.erase(entry);
  --stats_.entries;
  stats_.charge -= entry.charge;
  departures_.record(entry.hash, why);
  departed.add(entry);
}

}  // namespace ringcache
