// SPDX-License-Identifier: Apache-2.0
// What a hit costs, under each policy, and what of it is the virtual Policy seam. bench/README.md
// has the method and the figures.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <ringcache/cache.h>

#include "cache/slab_pool.h"

namespace ringcache {
namespace {

PolicyKind kind_of(const benchmark::State& state) {
  return policy_kinds()[static_cast<std::size_t>(state.range(0))];
}

/// Keys in random order, each with its hash, as they come from a front door.
class Keys {
 public:
  explicit Keys(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) names_.push_back("student:" + std::to_string(i));
    for (const std::string& name : names_) views_.emplace_back("scores", name);
    std::shuffle(views_.begin(), views_.end(), std::mt19937_64(1));
  }
  const KeyView& operator[](std::size_t i) const { return views_[i]; }
  std::size_t size() const { return views_.size(); }

 private:
  std::vector<std::string> names_;
  std::vector<KeyView> views_;
};

/// A cache that holds all keys, with values of 100 bytes.
struct Filled {
  Filled(PolicyKind policy, std::size_t count, unsigned shards, Time expiry = Time::max())
      : keys(count),
        cache({.capacity = std::size_t{1} << 30, .policy = policy, .shards = shards}, clock) {
    for (std::size_t i = 0; i < count; ++i)
      cache.insert(keys[i], {.bytes = Bytes::copy(std::string(100, 'v')), .expires_at = expiry});
  }

  SystemClock clock;
  Keys keys;
  Cache cache;
};

void find_all(benchmark::State& state, Filled& filled) {
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.cache.find(filled.keys[i]));
    if (++i == filled.keys.size()) i = 0;
  }
  state.SetLabel(std::string(policy_name(filled.cache.policy())));
}

void hit(benchmark::State& state) {
  Filled filled(kind_of(state), static_cast<std::size_t>(state.range(1)), 1);
  find_all(state, filled);
}
BENCHMARK(hit)->ArgsProduct(
    {benchmark::CreateDenseRange(0, static_cast<int>(policy_kinds().size()) - 1, 1),
     {1'000, 1'000'000}});

/// A copy with an end of life costs a reading of the clock.
void hit_with_expiry(benchmark::State& state) {
  Filled filled(kind_of(state), 1'000, 1, BootClock::now() + std::chrono::hours(1));
  find_all(state, filled);
}
BENCHMARK(hit_with_expiry)->Arg(1);

void miss(benchmark::State& state) {
  Filled filled(kind_of(state), 1'000, 1);
  const Keys others(2'000);
  filled.cache.clear();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(filled.cache.find(others[i++ % 2'000]));
}
BENCHMARK(miss)->Arg(1);

/// A miss that inserts and evicts: keys come round in a cache that holds half of them.
void insert_and_evict(benchmark::State& state) {
  const SystemClock clock;
  const Keys keys(20'000);
  Cache cache(
      {.capacity = 10'000, .unit = CapacityUnit::objects, .policy = kind_of(state), .shards = 1},
      clock);
  const Bytes value = Bytes::copy(std::string(100, 'v'));
  std::size_t i = 0;
  for (auto _ : state) cache.insert(keys[i++ % keys.size()], {.bytes = value});
  state.SetLabel(std::string(policy_name(cache.policy())));
}
BENCHMARK(insert_and_evict)->DenseRange(0, static_cast<int>(policy_kinds().size()) - 1);

std::unique_ptr<Filled> shared;

void hit_by_threads(benchmark::State& state) {
  if (state.thread_index() == 0)
    shared =
        std::make_unique<Filled>(PolicyKind::lru, 1'000, static_cast<unsigned>(state.range(0)));
  std::size_t i = static_cast<std::size_t>(state.thread_index()) * 100;
  for (auto _ : state) benchmark::DoNotOptimize(shared->cache.find(shared->keys[i++ % 1'000]));
  if (state.thread_index() == 0) shared.reset();
}
BENCHMARK(hit_by_threads)->Arg(1)->Arg(8)->ThreadRange(1, 2)->UseRealTime();

/// @name The seam
/// LRU's touch through Policy, and the same list operation called directly.
/// @{
constexpr std::size_t kEntries = 1'000;
constexpr std::int64_t kTouches = 5'000'000;  // fixed, so that instructions can be divided by it

struct Entries {
  Entries() {
    for (std::size_t i = 0; i < kEntries; ++i) in_order.push_back(&pool.make_ghost());
    shuffled = in_order;
    std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937_64(1));
  }

  SlabPool pool;
  std::vector<PolicyEntry*> in_order;
  std::vector<PolicyEntry*> shuffled;
};

void touch_virtual(benchmark::State& state) {
  Entries entries;
  const auto policy = make_policy(PolicyKind::lru, {.capacity = kEntries}, entries.pool);
  for (PolicyEntry* entry : entries.in_order) policy->insert(*entry);
  std::size_t i = 0;
  for (auto _ : state) {
    policy->touch(*entries.shuffled[i]);
    if (++i == kEntries) i = 0;
  }
}
BENCHMARK(touch_virtual)->Iterations(kTouches);

void touch_direct(benchmark::State& state) {
  Entries entries;
  EntryList list(entries.pool);
  for (PolicyEntry* entry : entries.in_order) list.push_back(*entry);
  std::size_t i = 0;
  for (auto _ : state) {
    list.move_to_back(*entries.shuffled[i]);
    if (++i == kEntries) i = 0;
  }
}
BENCHMARK(touch_direct)->Iterations(kTouches);
/// @}

}  // namespace
}  // namespace ringcache
