// SPDX-License-Identifier: Apache-2.0
#include "cache/shard.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "cache/policy/policies.h"

namespace ringcache {
namespace {

/// A policy's memory is part of a budget in bytes: at most this share of it.
constexpr std::size_t kPolicyShare = 10;
/// Entries that sweep() looks at.
constexpr int kSwept = 2;
/// Entries that look() gathers under one lock.
constexpr std::size_t kWindow = 64;

PolicyBudget policy_budget(CapacityUnit unit, std::size_t capacity) {
  if (unit == CapacityUnit::objects) return {.capacity = capacity};
  return {.capacity = capacity, .memory_max = capacity / kPolicyShare};
}

std::unique_ptr<Policy> policy_of(const CacheOptions& options, std::size_t capacity,
                                  EntryPool& pool, std::shared_ptr<Lead> lead, bool decides) {
  const PolicyBudget budget = policy_budget(options.unit, capacity);
  if (options.own_policy) return options.own_policy(budget, pool);
  if (options.policy != PolicyKind::automatic) return make_policy(options.policy, budget, pool);
  return make_auto(budget, pool, std::move(lead), decides);
}

/// The table's part of a hash; shards are chosen by other bits.
std::uint32_t table_tag(std::uint64_t hash) { return static_cast<std::uint32_t>(hash) | 1; }

}  // namespace

/// Declared before the lock is taken, so that it ends after it.
class Cache::Shard::Departed {
 public:
  explicit Departed(const CacheOptions& options) : options_(options) {}
  Departed(const Departed&) = delete;
  Departed& operator=(const Departed&) = delete;
  ~Departed() {
    for (const Event& event : events_) options_.on_departure(event.name, event.copy, event.why);
  }

  void note(const Entry& entry, Departure why) {
    if (options_.on_departure)
      events_.push_back({.name = std::string(entry.name()), .copy = entry.copy(), .why = why});
  }
  void take(Entry::Outside outside) {
    if (!outside.name.is_null()) outside_.push_back(std::move(outside.name));
    if (!outside.value.is_null()) outside_.push_back(std::move(outside.value));
  }

 private:
  struct Event {
    std::string name;
    Copy copy;
    Departure why;
  };

  const CacheOptions& options_;
  std::vector<Bytes> outside_;
  std::vector<Event> events_;
};

Cache::Shard::Shard(const CacheOptions& options, Budget& budget, std::size_t number,
                    std::shared_ptr<Lead> lead, const Clock& clock)
    : clock_(clock),
      policy_(policy_of(options, budget.part(number), pool_, std::move(lead), number == 0)),
      options_(options),
      budget_(budget),
      number_(number) {}

Cache::Shard::~Shard() {
  table_.walk(1, [this](std::uint32_t, EntryId id) {
    Entry::end(pool_, entry(id));
    return true;
  });
}

[[gnu::always_inline]] inline Entry* Cache::Shard::lookup(const KeyView& key) const noexcept {
  return table_.find(table_tag(key.hash), [this, &key](EntryId id) {
    Entry& met = entry(id);
    return met.is_named(key.name) ? &met : nullptr;
  });
}

inline bool Cache::Shard::has_come(Time expiry) const noexcept {
  return expiry != Time::max() && clock_.has_come(expiry);
}

[[gnu::always_inline]] inline std::optional<Copy> Cache::Shard::find(const KeyView& key) {
  std::optional<Copy> found;
  lock_.lock();
  Entry* entry = lookup(key);
  const Time expiry = entry ? entry->expires_at() : Time::max();
  if (!entry || has_come(expiry)) [[unlikely]] {
    miss(key, entry);
    return found;
  }
  ++stats_.hits;
  policy_->touch(*entry);
  entry->copy_to(found, expiry);
  lock_.unlock();
  return found;
}

/// Here, so that the shard's part is inlined.
std::optional<Copy> Cache::find(const KeyView& key) { return shard_of(key).find(key); }

/// Goes on under find()'s lock.
void Cache::Shard::miss(const KeyView& key, Entry* expired) {
  Departed departed(options_);
  std::lock_guard lock(lock_, std::adopt_lock);
  if (expired) remove(*expired, Departure::expired, departed);
  count_miss(key.hash);
}

void Cache::Shard::find_many(std::span<const KeyView> keys, std::span<const std::uint8_t> numbers,
                             std::span<std::optional<Copy>> found) {
  Departed departed(options_);
  std::lock_guard lock(lock_);
  for (const std::uint8_t number : numbers) table_.prefetch(table_tag(keys[number].hash));
  for (const std::uint8_t number : numbers) {
    const EntryId id = table_.find(table_tag(keys[number].hash), [](EntryId any) { return any; });
    if (id != 0) __builtin_prefetch(&entry(id), 1);
  }
  for (const std::uint8_t number : numbers) found[number] = find_locked(keys[number], departed);
}

std::optional<Copy> Cache::Shard::find_locked(const KeyView& key, Departed& departed) {
  Entry* entry = lookup(key);
  if (entry && !has_come(entry->expires_at())) {
    ++stats_.hits;
    policy_->touch(*entry);
    return entry->copy();
  }
  if (entry) remove(*entry, Departure::expired, departed);
  count_miss(key.hash);
  return std::nullopt;
}

std::optional<Copy> Cache::Shard::peek(const KeyView& key) const {
  std::lock_guard lock(lock_);
  const Entry* entry = lookup(key);
  if (!entry || has_come(entry->expires_at())) return std::nullopt;
  return entry->copy();
}

Cache::Shard::Outcome Cache::Shard::insert(const KeyView& key, const Copy& copy,
                                           std::uint32_t weight, std::span<const Tag> tags,
                                           bool is_lent) {
  const Entry::Plan plan(key, copy, tags);
  const std::uint64_t charge = charge_of(key, copy, weight, tags);
  Departed departed(options_);
  std::lock_guard lock(lock_);
  Entry* old = lookup(key);
  const bool is_outdated = old && old->version() > copy.version;
  const bool expired = has_come(copy.expires_at);
  if (is_lent && (is_outdated || expired)) budget_.take_back(charge);
  if (is_outdated) return Outcome::refused;
  const bool is_too_large = charge > budget_.part(number_) && !is_lent;
  if (expired || is_too_large) {
    if (old) remove(*old, expired ? Departure::expired : Departure::evicted, departed);
    return expired ? Outcome::refused : Outcome::needs_loan;
  }
  if (old && is_lent) {  // a loan is an entry's from its first day
    remove(*old, Departure::replaced, departed);
    old = nullptr;
  }
  ++stats_.inserts;
  if (old)
    replace(*old, plan, charge, departed);
  else
    add(plan, key, charge, is_lent, departed);
  sweep(departed);
  compact();
  return lookup(key) ? Outcome::kept : Outcome::refused;
}

bool Cache::Shard::erase(const KeyView& key, Departure why) {
  Departed departed(options_);
  std::lock_guard lock(lock_);
  Entry* entry = lookup(key);
  if (entry) remove(*entry, why, departed);
  compact();
  return entry != nullptr;
}

std::size_t Cache::Shard::erase_if(const Gone& gone, Departure why) {
  std::vector<EntryId> leaving;  // the table must not change while it is walked
  {
    Departed departed(options_);
    std::lock_guard lock(lock_);
    table_.walk(1, [&](std::uint32_t, EntryId id) {
      if (gone(entry(id))) leaving.push_back(id);
      return true;
    });
    for (const EntryId id : leaving) remove(entry(id), why, departed);
  }
  tidy();
  return leaving.size();
}

Departure Cache::Shard::departure(const KeyView& key) const {
  std::lock_guard lock(lock_);
  return departures_.find(key.hash);
}

void Cache::Shard::fit() {
  {
    Departed departed(options_);
    std::lock_guard lock(lock_);
    evict_down_to(limit(), departed);
  }
  tidy();
}

void Cache::Shard::resize() {
  {
    Departed departed(options_);
    std::lock_guard lock(lock_);
    evict_down_to(limit(), departed);
    policy_->resize(policy_budget(options_.unit, budget_.part(number_)));
    evict_down_to(limit(), departed);
  }
  tidy();
}

/// After much has left, and those who were told have let go of it.
void Cache::Shard::tidy() {
  std::lock_guard lock(lock_);
  while (pool_.find_sparse()) compact();
}

bool Cache::Shard::evict_loan() {
  Departed departed(options_);
  std::lock_guard lock(lock_);
  if (loans_.empty()) return false;
  ++stats_.evictions;
  remove(entry(loans_.front().entry), Departure::evicted, departed);
  return true;
}

void Cache::Shard::add_to(CacheStats& stats) const {
  std::lock_guard lock(lock_);
  stats.hits += stats_.hits;
  stats.misses_cold += stats_.misses_cold;
  stats.misses_expired += stats_.misses_expired;
  stats.misses_evicted += stats_.misses_evicted;
  stats.misses_erased += stats_.misses_erased;
  stats.inserts += stats_.inserts;
  stats.evictions += stats_.evictions;
  stats.expirations += stats_.expirations;
  stats.entries += stats_.entries;
  stats.charge += used();
}

std::uint32_t Cache::Shard::look(std::uint32_t from, Window& window) const {
  std::lock_guard lock(lock_);
  std::uint32_t next = 0;
  std::uint32_t last = 0;
  table_.walk(from, [&](std::uint32_t tag, EntryId id) {
    if (window.size() >= kWindow && tag != last) return next = tag, false;
    last = tag;
    if (const Entry& seen = entry(id); !has_come(seen.expires_at()))
      window.emplace_back(seen.name(), seen.copy());
    return true;
  });
  return next;
}

std::uint64_t Cache::Shard::charge_of(const KeyView& key, const Copy& copy, std::uint32_t weight,
                                      std::span<const Tag> tags) const {
  if (options_.unit == CapacityUnit::objects) return std::max(weight, 1u);
  return Entry::Plan(key, copy, tags).footprint();
}

void Cache::Shard::count_miss(std::uint64_t hash) noexcept {
  switch (departures_.find(hash)) {
    case Departure::never_seen:
      ++stats_.misses_cold;
      break;
    case Departure::evicted:
      ++stats_.misses_evicted;
      break;
    case Departure::expired:
      ++stats_.misses_expired;
      break;
    case Departure::erased:
    case Departure::moved:
    case Departure::replaced:
      ++stats_.misses_erased;
  }
}

/// What counts against the limit.
std::uint64_t Cache::Shard::used() const {
  return stats_.charge + (options_.unit == CapacityUnit::bytes ? policy_->memory() : 0);
}

std::uint64_t Cache::Shard::limit() const noexcept { return budget_.limit(number_, lent_); }

void Cache::Shard::add(const Entry::Plan& plan, const KeyView& key, std::uint64_t charge,
                       bool is_lent, Departed& departed) {
  if (is_lent) lent_ += charge;
  policy_->prepare(key.hash, static_cast<std::uint32_t>(charge));
  const std::uint64_t most = limit();
  evict_down_to(most > charge ? most - charge : 0, departed);
  Entry& added = Entry::make(pool_, plan, static_cast<std::uint32_t>(charge));
  const EntryId id = EntryPool::id_of(added);
  table_.insert(table_tag(key.hash), id);
  if (is_lent) loans_.push_back({.entry = id, .charge = charge});
  if (added.expires()) ++expiring_;
  ++stats_.entries;
  stats_.charge += charge;
  policy_->insert(added);
  evict_down_to(most, departed);  // the policy may have grown
}

/// The new entry has the old one's place in the policy, where the policy allows that.
void Cache::Shard::replace(Entry& old, const Entry::Plan& plan, std::uint64_t charge,
                           Departed& departed) {
  Entry& fresh = Entry::make(pool_, plan, old.charge);
  static_cast<PolicyEntry&>(fresh) = old;
  const bool is_relocated = policy_->relocate(old, fresh);
  if (!is_relocated) policy_->remove(old);
  table_.replace(table_tag(old.hash), EntryPool::id_of(old), EntryPool::id_of(fresh));
  expiring_ += fresh.expires();
  expiring_ -= old.expires();
  stats_.charge = stats_.charge - old.charge + charge;
  end_loan(EntryPool::id_of(old));
  departed.note(old, Departure::replaced);
  departed.take(Entry::end(pool_, old));
  if (!is_relocated) {
    fresh.mark = fresh.lane = 0;
    fresh.prev = fresh.next = 0;
    policy_->prepare(fresh.hash, fresh.charge);
    policy_->insert(fresh);
  }
  policy_->recharge(fresh, static_cast<std::uint32_t>(charge));
  policy_->touch(fresh);
  evict_down_to(limit(), departed);
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
  const EntryId id = EntryPool::id_of(entry);
  table_.erase(table_tag(entry.hash), id);
  --stats_.entries;
  stats_.charge -= entry.charge;
  expiring_ -= entry.expires();
  end_loan(id);
  if (why != Departure::replaced) departures_.record(entry.hash, why);
  departed.note(entry, why);
  departed.take(Entry::end(pool_, entry));
}

void Cache::Shard::end_loan(EntryId id) noexcept {
  if (loans_.empty()) return;
  const auto loan = std::ranges::find(loans_, id, &Loan::entry);
  if (loan == loans_.end()) return;
  lent_ -= loan->charge;
  budget_.take_back(loan->charge);
  loans_.erase(loan);
}

/// Looks at the next entries in the order of their hashes, so that with as many insertions as half
/// of the entries every expired one is met.
void Cache::Shard::sweep(Departed& departed) {
  if (expiring_ == 0) return;
  EntryId met[kSwept];
  int count = 0;
  std::uint32_t next = 1;
  table_.walk(hand_, [&](std::uint32_t tag, EntryId id) {
    if (count == kSwept) next = tag;
    if (count < kSwept)
      met[count] = id;
    else
      __builtin_prefetch(&entry(id));  // for the next time
    return ++count < 2 * kSwept;
  });
  hand_ = next;
  for (int i = 0; i < std::min(count, kSwept); ++i)
    if (has_come(entry(met[i]).expires_at())) remove(entry(met[i]), Departure::expired, departed);
}

/// Empties one slab whose entries fit into the holes of others, if there is one.
void Cache::Shard::compact() {
  if (!pool_.is_sparse()) return;
  const SlabPool::Sparse sparse = pool_.open_sparse_slab();
  for (char* slot = sparse.begin; slot != sparse.end; slot += sparse.slot_bytes)
    if (SlabPool::is_used(slot)) relocate(*reinterpret_cast<Entry*>(slot));
  pool_.close(sparse);
}

void Cache::Shard::relocate(Entry& from) {
  Entry* to = Entry::move(pool_, from);
  if (!to) return;
  if (!policy_->relocate(from, *to)) return pool_.free(to);
  const EntryId from_id = EntryPool::id_of(from);
  const EntryId to_id = EntryPool::id_of(*to);
  table_.replace(table_tag(to->hash), from_id, to_id);
  for (Loan& loan : loans_)
    if (loan.entry == from_id) loan.entry = to_id;
  pool_.free(&from);
}

std::string Cache::Shard::audit() const {
  std::lock_guard lock(lock_);
  std::uint64_t entries = 0;
  std::uint64_t charge = 0;
  std::uint64_t expiring = 0;
  std::string broken;
  table_.walk(1, [&](std::uint32_t tag, EntryId id) {
    ++entries;
    charge += entry(id).charge;
    expiring += entry(id).expires();
    if (std::string wrong = audit_entry(tag, entry(id)); !wrong.empty()) broken = wrong;
    return true;
  });
  if (entries != table_.size() || entries != stats_.entries) broken = "entries are miscounted";
  if (expiring != expiring_) broken = "entries that expire are miscounted";
  if (charge != stats_.charge) broken = "the charge is not the sum of the entries' charges";
  if (entries != 0 && used() > limit()) broken = "the charge is above the capacity";
  return broken;
}

std::string Cache::Shard::audit_entry(std::uint32_t tag, const Entry& entry) const {
  if (tag != table_tag(entry.hash) || entry.hash != hash64(entry.name()))
    return "an entry has another key's hash";
  KeyView key("", entry.name());
  return lookup(key) == &entry ? "" : "an entry cannot be found";
}

}  // namespace ringcache
