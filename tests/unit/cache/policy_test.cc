// SPDX-License-Identifier: Apache-2.0
#include <ringcache/policy.h>

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "cache/slab_pool.h"

namespace ringcache {
namespace {

TEST(PolicyNamesTest, ANameLeadsToItsKind) {
  for (const PolicyKind kind : policy_kinds())
    EXPECT_EQ(policy_from_name(policy_name(kind)), kind) << policy_name(kind);
  EXPECT_EQ(policy_name(PolicyKind::arc), "arc");
  EXPECT_FALSE(policy_from_name("ARC"));
  EXPECT_FALSE(policy_from_name(""));
}

class PolicyTest : public ::testing::TestWithParam<PolicyKind> {
 protected:
  static constexpr std::size_t kCapacity = 50;

  PolicyEntry& add(std::uint64_t hash, std::uint32_t charge = 1) {
    entries_.push_back(&pool_.make_ghost());
    PolicyEntry& entry = *entries_.back();
    entry.hash = hash;
    entry.charge = charge;
    policy_->prepare(hash, charge);
    policy_->insert(entry);
    return entry;
  }

  /// Everything that evict() gives, until it gives nothing.
  std::vector<std::uint64_t> drain() {
    std::vector<std::uint64_t> hashes;
    while (const PolicyEntry* victim = policy_->evict()) hashes.push_back(victim->hash);
    return hashes;
  }

  SlabPool pool_;
  std::unique_ptr<Policy> policy_ = make_policy(GetParam(), {.capacity = kCapacity}, pool_);
  std::vector<PolicyEntry*> entries_;
};

INSTANTIATE_TEST_SUITE_P(Policies, PolicyTest, ::testing::ValuesIn(policy_kinds()),
                         [](const auto& test) { return std::string(policy_name(test.param)); });

TEST_P(PolicyTest, AnEmptyPolicyHasNoVictim) { EXPECT_EQ(policy_->evict(), nullptr); }

TEST_P(PolicyTest, EvictionComesToAnEndWithEveryEntryOnce) {
  for (std::uint64_t i = 0; i < 50; ++i) add(i);
  for (std::size_t i = 0; i < 50; i += 3) policy_->touch(*entries_[i]);
  const auto hashes = drain();
  EXPECT_EQ(hashes.size(), 50u);
  EXPECT_EQ(std::set<std::uint64_t>(hashes.begin(), hashes.end()).size(), 50u);
}

TEST_P(PolicyTest, UnusedKeysLeaveInOrderOfArrival) {
  for (std::uint64_t i = 0; i < 5; ++i) add(i);
  EXPECT_EQ(drain(), (std::vector<std::uint64_t>{0, 1, 2, 3, 4}));
}

TEST_P(PolicyTest, ARemovedEntryIsNoVictim) {
  for (std::uint64_t i = 0; i < 5; ++i) add(i);
  policy_->touch(*entries_[3]);
  policy_->remove(*entries_[3]);
  policy_->remove(*entries_[0]);
  EXPECT_EQ(drain(), (std::vector<std::uint64_t>{1, 2, 4}));
}

TEST_P(PolicyTest, ANewChargeChangesNothingElse) {
  for (std::uint64_t i = 0; i < 3; ++i) add(i);
  policy_->recharge(*entries_[1], 9);
  EXPECT_EQ(entries_[1]->charge, 9u);
  EXPECT_EQ(drain(), (std::vector<std::uint64_t>{0, 1, 2}));
}

TEST_P(PolicyTest, AnEntryMayMove) {
  for (std::uint64_t i = 0; i < 6; ++i) add(i);
  for (const std::size_t i : {0, 2, 5}) {  // the ends, and one between
    PolicyEntry& to = pool_.make_ghost();
    to = *entries_[i];
    ASSERT_TRUE(policy_->relocate(*entries_[i], to));
    pool_.free_ghost(*entries_[i]);
    entries_[i] = &to;
  }
  policy_->touch(*entries_[0]);
  policy_->remove(*entries_[2]);
  const auto hashes = drain();
  EXPECT_EQ(std::set<std::uint64_t>(hashes.begin(), hashes.end()),
            (std::set<std::uint64_t>{0, 1, 3, 4, 5}));
}

TEST_P(PolicyTest, AnyOrderOfCallsLeavesTheSameSet) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::set<PolicyEntry*> linked;
  for (int i = 0; i < 20'000; ++i) {
    PolicyEntry* some = linked.empty() ? nullptr : *linked.begin();
    if (random() % 4 == 0)
      some = linked.empty() ? nullptr
                            : *std::next(linked.begin(),
                                         static_cast<std::ptrdiff_t>(random() % linked.size()));
    switch (random() % 6) {
      case 0:
      case 1: {
        if (linked.size() == kCapacity) linked.erase(policy_->evict());
        linked.insert(&add(random() % 200));
        break;
      }
      case 2:
      case 3:
        if (some) policy_->touch(*some);
        break;
      case 4:
        if (some) policy_->recharge(*some, 1 + static_cast<std::uint32_t>(random() % 5));
        break;
      default:
        if (some) policy_->remove(*some), linked.erase(some);
    }
  }
  while (PolicyEntry* victim = policy_->evict()) ASSERT_EQ(linked.erase(victim), 1u);
  EXPECT_TRUE(linked.empty());
}

}  // namespace
}  // namespace ringcache
