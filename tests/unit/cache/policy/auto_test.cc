// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "cache/policy/auto/miniature.h"
#include "cache/policy/policies.h"
#include "cache/slab_pool.h"

namespace ringcache {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

/// A cache of keys alone, with what a shard does to its policy's entries.
class Keys {
 public:
  Keys(PolicyKind kind, std::size_t capacity)
      : capacity_(capacity), policy_(make_policy(kind, {.capacity = capacity}, pool_)) {}
  /// Auto, in one shard of several.
  Keys(std::shared_ptr<Lead> lead, bool decides, std::size_t capacity)
      : capacity_(capacity),
        policy_(make_auto({.capacity = capacity}, pool_, std::move(lead), decides)) {}

  bool ask(std::uint64_t key, std::uint32_t charge = 1) {
    if (const auto found = resident_.find(key); found != resident_.end())
      return policy_->touch(*found->second), true;
    PolicyEntry& entry = pool_.make_ghost();
    entry.hash = hash_of(key);
    entry.charge = charge;
    policy_->prepare(entry.hash, charge);
    while (charge_ + charge > capacity_) evict();
    policy_->insert(entry);
    keys_[&entry] = key;
    resident_[key] = &entry;
    charge_ += charge;
    return false;
  }

  std::uint64_t ask_all(const std::vector<std::uint64_t>& keys) {
    std::uint64_t hits = 0;
    for (const std::uint64_t key : keys) hits += ask(key) ? 1 : 0;
    return hits;
  }

  bool evict() {
    PolicyEntry* victim = policy_->evict();
    if (!victim) return false;
    EXPECT_EQ(resident_.erase(keys_[victim]), 1u) << "left twice";
    charge_ -= victim->charge;
    keys_.erase(victim);
    pool_.free_ghost(*victim);
    return true;
  }

  void move(std::uint64_t key) {
    PolicyEntry& from = *resident_.at(key);
    PolicyEntry& to = pool_.make_ghost();
    to = from;
    ASSERT_TRUE(policy_->relocate(from, to));
    keys_.erase(&from);
    pool_.free_ghost(from);
    keys_[&to] = key;
    resident_[key] = &to;
  }

  bool holds(std::uint64_t key) const { return resident_.contains(key); }
  std::size_t size() const { return resident_.size(); }
  std::uint64_t charge() const { return charge_; }
  std::size_t memory() const { return policy_->memory(); }

 private:
  static std::uint64_t hash_of(std::uint64_t key) {
    std::uint64_t mixed = (key + 1) * 0xbf58476d1ce4e5b9;
    mixed = (mixed ^ mixed >> 27) * 0x94d049bb133111eb;
    return mixed ^ mixed >> 31;
  }

  SlabPool pool_;
  std::size_t capacity_;
  std::unique_ptr<Policy> policy_;
  std::uint64_t charge_ = 0;
  std::map<std::uint64_t, PolicyEntry*> resident_;
  std::map<PolicyEntry*, std::uint64_t> keys_;
};

std::vector<std::uint64_t> loop(std::size_t keys, std::size_t requests) {
  std::vector<std::uint64_t> made(requests);
  for (std::size_t i = 0; i < requests; ++i) made[i] = i % keys;
  return made;
}

/// Keys of a window that moves on; the newest are asked for most.
std::vector<std::uint64_t> drift(std::size_t window, double step, std::size_t requests,
                                 std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> made(requests);
  for (std::size_t i = 0; i < requests; ++i) {
    const double back = std::pow(static_cast<double>(random() >> 11) * 0x1p-53, 2.0);
    made[i] = 1'000'000 + static_cast<std::uint64_t>(static_cast<double>(window) * (1 - back) +
                                                     step * static_cast<double>(i));
  }
  return made;
}

class AutoTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  std::uint64_t seed_ = std::random_device()();
  ::testing::ScopedTrace trace_{__FILE__, __LINE__, "seed " + std::to_string(seed_)};
  const std::size_t capacity_ = GetParam();
};

/// As small as its miniatures, and much larger.
INSTANTIATE_TEST_SUITE_P(Capacities, AutoTest, ::testing::Values(100u, 3'000u));

TEST_P(AutoTest, ALoopIsHeldAsFarAsThereIsRoom) {
  Keys keys(PolicyKind::automatic, capacity_);
  keys.ask_all(loop(capacity_ * 5 / 4, capacity_ * 20));
  const std::uint64_t hits = keys.ask_all(loop(capacity_ * 5 / 4, capacity_ * 20));
  EXPECT_GT(hits, capacity_ * 20 * 7 / 10) << "LRU has none";
}

TEST_P(AutoTest, AfterALoopItFollowsADriftLikeLru) {
  Keys keys(PolicyKind::automatic, capacity_);
  Keys lru(PolicyKind::lru, capacity_);
  keys.ask_all(loop(capacity_ * 5 / 4, capacity_ * 20));
  const auto all = drift(capacity_ * 2, .1, capacity_ * 80, seed_);
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  keys.ask_all({all.begin(), middle});
  lru.ask_all({all.begin(), middle});
  const std::uint64_t hits = keys.ask_all({middle, all.end()});
  EXPECT_GT(hits, lru.ask_all({middle, all.end()}) * 94 / 100);
}

TEST_P(AutoTest, ADriftFromTheFirstRequestCostsLittle) {
  Keys keys(PolicyKind::automatic, capacity_);
  Keys lru(PolicyKind::lru, capacity_);
  const auto all = drift(capacity_ * 2, .1, capacity_ * 10, seed_);
  EXPECT_GT(keys.ask_all(all), lru.ask_all(all) * 85 / 100);
}

TEST_P(AutoTest, TheSameRequestsHaveTheSameHits) {
  Keys one(PolicyKind::automatic, capacity_);
  Keys other(PolicyKind::automatic, capacity_);
  for (const std::uint64_t key : drift(capacity_ * 3, .05, capacity_ * 20, seed_))
    ASSERT_EQ(one.ask(key), other.ask(key));
}

TEST_P(AutoTest, NoChangeOfPolicyLosesAnEntry) {
  Keys keys(PolicyKind::automatic, capacity_);
  for (int phase = 0; phase < 4; ++phase) {
    keys.ask_all(loop(capacity_ * 5 / 4, capacity_ * 10));
    EXPECT_EQ(keys.size(), capacity_);
    keys.ask_all(drift(capacity_ * 2, .1, capacity_ * 20, seed_ + static_cast<unsigned>(phase)));
    EXPECT_EQ(keys.size(), capacity_);
  }
  while (keys.evict()) {
  }
  EXPECT_EQ(keys.size(), 0u) << "an entry was not given back";
  EXPECT_EQ(keys.charge(), 0u);
}

TEST_P(AutoTest, EntriesMayMoveAtAnyTime) {
  Keys keys(PolicyKind::automatic, capacity_);
  std::mt19937_64 random(seed_);
  std::vector<std::uint64_t> all = loop(capacity_ * 5 / 4, capacity_ * 8);
  const auto more = drift(capacity_ * 2, .1, capacity_ * 20, seed_);
  all.insert(all.end(), more.begin(), more.end());
  for (const std::uint64_t key : all) {
    keys.ask(key);
    if (random() % 4 == 0) keys.move(key);
  }
  EXPECT_EQ(keys.size(), capacity_);
}

TEST_P(AutoTest, WhereSizesDifferSmallValuesAreWorthMore) {
  Keys keys(PolicyKind::automatic, capacity_ * 100);
  Keys lru(PolicyKind::lru, capacity_ * 100);
  std::mt19937_64 random(seed_);
  std::uint64_t hits = 0;
  std::uint64_t lru_hits = 0;
  for (std::size_t i = 0; i < capacity_ * 100; ++i) {
    const std::uint64_t key = random() % (capacity_ * 4);
    const std::uint32_t charge = key % 4 == 0 ? 700 : 20;
    hits += keys.ask(key, charge) ? 1 : 0;
    lru_hits += lru.ask(key, charge) ? 1 : 0;
  }
  EXPECT_GT(hits, lru_hits * 13 / 10);
}

constexpr std::size_t kShard = 3'000;

TEST(AutoShardsTest, OneDecidesForAll) {
  const auto lead = std::make_shared<Lead>();
  Keys deciding(lead, true, kShard);
  Keys following(lead, false, kShard);
  std::uint64_t hits = 0;
  for (const std::uint64_t key : loop(kShard * 5 / 4, kShard * 20)) {
    deciding.ask(key);
    hits += following.ask(key);
  }
  EXPECT_GT(hits, kShard * 20 * 7 / 10) << "LRU has none";
  const std::string_view holding = lead->expert().name;
  for (const std::uint64_t key : drift(kShard * 2, .1, kShard * 80, 1)) {
    deciding.ask(key);
    following.ask(key);
  }
  EXPECT_NE(lead->expert().name, holding);
}

TEST(AutoShardsTest, TheOthersChangeWithTheLead) {
  const auto lead = std::make_shared<Lead>();
  Keys keys(lead, false, kShard);
  lead->set(*std::ranges::find(experts(), "lru", &Expert::name));
  keys.ask_all(loop(kShard * 5 / 4, kShard * 20));
  EXPECT_EQ(keys.ask_all(loop(kShard * 5 / 4, kShard * 10)), 0u);
  lead->set(*std::ranges::find(experts(), "lirs", &Expert::name));
  keys.ask_all(loop(kShard * 5 / 4, kShard * 20));
  EXPECT_GT(keys.ask_all(loop(kShard * 5 / 4, kShard * 10)), kShard * 10 * 7 / 10);
  EXPECT_EQ(keys.size(), kShard);
}

TEST(AutoShardsTest, OnlyTheOneThatDecidesKeepsMiniatures) {
  const auto lead = std::make_shared<Lead>();
  Keys deciding(lead, true, kShard);
  Keys following(lead, false, kShard);
  deciding.ask_all(loop(40, 40));
  following.ask_all(loop(40, 40));
  EXPECT_GT(deciding.memory(), 0u);
  EXPECT_EQ(following.memory(), 0u);
}

TEST(AutoShardsTest, AShardAsSmallAsItsMiniaturesDecidesForItself) {
  const auto lead = std::make_shared<Lead>();
  lead->set(*std::ranges::find(experts(), "lru", &Expert::name));
  Keys keys(lead, false, 100);
  keys.ask_all(loop(125, 2'000));
  EXPECT_GT(keys.ask_all(loop(125, 2'000)), 1'400u);
  EXPECT_EQ(lead->expert().name, "lru");
}

TEST(AutoMemoryTest, ItStaysWithinTheBudget) {
  const PolicyBudget budget{.capacity = 32 * kMiB, .memory_max = 3 * kMiB};
  SlabPool pool;
  auto policy = make_policy(PolicyKind::automatic, budget, pool);
  const Policy& watched = *policy;
  EXPECT_LE(watched.memory(), budget.capacity / 100);
  Miniature cache(pool, std::move(policy), budget.capacity);
  std::mt19937_64 random(1);
  for (std::uint64_t i = 0; i < 1'500'000; ++i) {
    const std::uint64_t key = i / 300'000 % 2 == 0 ? i % 150'000 : i / 4 + random() % 60'000;
    cache.ask(key * 0x94d049bb133111eb, 300);
    ASSERT_LE(watched.memory(), budget.memory_max + budget.memory_max / 10) << i;
  }
}

TEST(AutoMemoryTest, ATinyCacheIsServedToo) {
  SlabPool pool;
  const PolicyBudget budget{.capacity = 10'000, .memory_max = 1'000};
  Miniature cache(pool, make_policy(PolicyKind::automatic, budget, pool), budget.capacity);
  for (std::uint64_t i = 0; i < 1'000; ++i) cache.ask(i % 50, 100);
  EXPECT_EQ(cache.size(), 50u);
}

}  // namespace
}  // namespace ringcache
