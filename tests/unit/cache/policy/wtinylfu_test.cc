// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/wtinylfu.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <unordered_map>

#include "cache/policy/policies.h"
#include "cache/slab_pool.h"
#include "unit/cache/policy/order.h"

namespace ringcache {
namespace {

/// A cache of numbers, with charges of 1.
class NumberCache {
 public:
  NumberCache(std::size_t capacity, WTinyLfuOptions options = {})
      : capacity_(capacity), policy_(make_wtinylfu({.capacity = capacity}, pool_, options)) {}
  NumberCache(std::size_t capacity, PolicyKind kind)
      : capacity_(capacity), policy_(make_policy(kind, {.capacity = capacity}, pool_)) {}

  bool ask(std::uint64_t number) {
    if (const auto found = resident_.find(number); found != resident_.end())
      return policy_->touch(*found->second), true;
    PolicyEntry& entry = pool_.make_ghost();
    entry.hash = (number + 1) * 0x9E3779B97F4A7C15;
    entry.charge = 1;
    policy_->prepare(entry.hash, 1);
    while (resident_.size() >= capacity_) drop(*policy_->evict());
    policy_->insert(entry);
    number_of_[&entry] = number;
    resident_[number] = &entry;
    return false;
  }

  Policy& policy() { return *policy_; }

 private:
  void drop(PolicyEntry& victim) {
    resident_.erase(number_of_.at(&victim));
    number_of_.erase(&victim);
    pool_.free_ghost(victim);
  }

  SlabPool pool_;
  std::size_t capacity_;
  std::unique_ptr<Policy> policy_;
  std::unordered_map<std::uint64_t, PolicyEntry*> resident_;
  std::unordered_map<const PolicyEntry*, std::uint64_t> number_of_;
};

TEST(WTinyLfuTest, AScanDoesNotDriveOutWhatIsUsedOften) {
  NumberCache cache(100);
  for (int round = 0; round < 10; ++round)
    for (std::uint64_t key = 0; key < 90; ++key) cache.ask(key);
  for (std::uint64_t key = 1'000; key < 3'000; ++key) cache.ask(key);
  int kept = 0;
  for (std::uint64_t key = 0; key < 90; ++key) kept += cache.ask(key);
  EXPECT_GT(kept, 80);
}

TEST(WTinyLfuTest, ALoopThatDoesNotFitIsKeptInPart) {
  NumberCache wtinylfu(100);
  NumberCache lru(100, PolicyKind::lru);
  int hits = 0;
  int lru_hits = 0;
  for (int round = 0; round < 50; ++round)
    for (std::uint64_t key = 0; key < 130; ++key) {
      hits += wtinylfu.ask(key);
      lru_hits += lru.ask(key);
    }
  EXPECT_EQ(lru_hits, 0);
  EXPECT_GT(hits, 50 * 130 / 4);
}

/// Popularity that drifts faster than a sketch forgets: keys are used some times in a row.
int hits_of_bursts(NumberCache& cache) {
  std::mt19937_64 random(3);
  int hits = 0;
  for (std::uint64_t i = 0; i < 200'000; ++i) hits += cache.ask(i / 4 + random() % 60);
  return hits;
}

TEST(WTinyLfuTest, TheWindowGrowsWhereRecencyIsAllThatCounts) {
  NumberCache climbing(100);
  NumberCache narrow(100, WTinyLfuOptions{.window = .01, .climbs = false});
  EXPECT_GT(hits_of_bursts(climbing), hits_of_bursts(narrow) * 11 / 10);
}

TEST(WTinyLfuTest, ASharedSketchIsCountedByItsOwnerAlone) {
  FrequencySketch sketch(1024);
  NumberCache cache(10, WTinyLfuOptions{.window = .2, .climbs = false, .sketch = &sketch});
  for (std::uint64_t key = 0; key < 100; ++key) cache.ask(key % 7);
  for (std::uint64_t key = 0; key < 7; ++key)
    EXPECT_EQ(sketch.frequency((key + 1) * 0x9E3779B97F4A7C15), 0u);
}

TEST(WTinyLfuTest, TwoOfTheSameHistoryAreTheSame) {
  NumberCache one(50);
  NumberCache other(50);
  std::mt19937_64 random(5);
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t key = std::min(random() % 500, random() % 500);
    ASSERT_EQ(one.ask(key), other.ask(key)) << i;
  }
}

TEST(WTinyLfuTest, TheSketchGrowsWithTheEntriesAndKeepsToItsMemory) {
  SlabPool pool;
  const auto policy = make_wtinylfu({.capacity = 1 << 20, .memory_max = 40'000}, pool);
  const std::size_t before = policy->memory();
  for (std::uint64_t i = 0; i < 20'000; ++i) {
    PolicyEntry& entry = pool.make_ghost();
    entry.hash = (i + 1) * 0x9E3779B97F4A7C15;
    entry.charge = 50;
    policy->prepare(entry.hash, entry.charge);
    policy->insert(entry);
    ASSERT_LE(policy->memory(), 40'000u);
  }
  EXPECT_GT(policy->memory(), before);
}

}  // namespace
}  // namespace ringcache
