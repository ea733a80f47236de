// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cache/policy/policies.h"
#include "unit/cache/policy/order.h"

namespace ringcache {
namespace {

TEST(GdsfTest, TheLeastUsedLeavesAndOfTheseTheLeastRecentlyUsed) {
  EXPECT_EQ(testing::ask(PolicyKind::gdsf, 3, "aaabbbcde"), ".++.++.cd");
  EXPECT_EQ(testing::ask(PolicyKind::gdsf, 3, "abcbacd"), "...+++b");
}

TEST(GdsfTest, WhatWasOnceUsedOftenLeavesInTheEnd) {
  // Each eviction raises the clock by 1, so that the third newcomer outranks a's three uses.
  EXPECT_EQ(testing::ask(PolicyKind::gdsf, 2, "aaabcdef"), ".++.bcad");
}

/// A policy of entries with sizes, and what the paper says of them.
class GdsfSizesTest : public ::testing::Test {
 protected:
  /// The paper, over a map.
  struct Object {
    double priority = 0;
    std::uint64_t used = 0;
    std::uint32_t size = 1;
    std::uint32_t uses = 0;
  };

  void use(std::uint64_t key) {
    Object& object = objects_[key];
    object.priority = clock_ + ++object.uses * 1e6 / object.size;
    object.used = ++used_;
  }

  void add(std::uint64_t key, std::uint32_t size) {
    objects_[key].size = size;
    use(key);
    auto& entry = entries_[key] = std::make_unique<PolicyEntry>();
    entry->hash = key;
    entry->charge = size;
    gdsf_->prepare(key, size);
    gdsf_->insert(*entry);
  }

  void touch(std::uint64_t key) {
    use(key);
    gdsf_->touch(*entries_[key]);
  }

  void remove(std::uint64_t key) {
    gdsf_->remove(*entries_[key]);
    forget(key);
  }

  void forget(std::uint64_t key) {
    objects_.erase(key);
    entries_.erase(key);
  }

  void move(std::uint64_t key) {
    auto moved = std::make_unique<PolicyEntry>(*entries_[key]);
    EXPECT_TRUE(gdsf_->relocate(*entries_[key], *moved));
    entries_[key] = std::move(moved);
  }

  std::uint64_t expected_victim() {
    const auto first = std::ranges::min_element(objects_, {}, [](const auto& keyed) {
      return std::pair(keyed.second.priority, keyed.second.used);
    });
    clock_ = first->second.priority;
    return first->first;
  }

  std::unique_ptr<Policy> gdsf_ = make_gdsf();
  std::map<std::uint64_t, std::unique_ptr<PolicyEntry>> entries_;
  std::map<std::uint64_t, Object> objects_;
  double clock_ = 0;
  std::uint64_t used_ = 0;
};

TEST_F(GdsfSizesTest, OfEqualUseTheLargestLeaves) {
  for (const std::uint32_t size : {30, 100, 10}) add(size, size);
  EXPECT_EQ(gdsf_->evict()->hash, 100u);
  EXPECT_EQ(gdsf_->evict()->hash, 30u);
}

TEST_F(GdsfSizesTest, VictimsAreThoseOfThePaper) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (std::uint64_t i = 0; i < 30'000; ++i) {
    const std::size_t most = i / 5'000 % 2 == 0 ? 200 : 20;
    while (objects_.size() >= most) {
      const std::uint64_t expected = expected_victim();
      ASSERT_EQ(gdsf_->evict()->hash, expected) << i;
      forget(expected);
    }
    add(i, 1 + static_cast<std::uint32_t>(random() % 20 * (random() % 20)));
    const auto some = [&] {
      return std::next(entries_.begin(), static_cast<long>(random() % entries_.size()))->first;
    };
    touch(some());
    touch(some());
    if (random() % 8 == 0) move(some());
    if (random() % 8 == 0) remove(some());
  }
}

TEST_F(GdsfSizesTest, ANewSizeCountsFromTheNextUse) {
  for (const std::uint64_t key : {1, 2}) add(key, 10);
  gdsf_->recharge(*entries_[2], 100);
  touch(2);  // two uses of 100 bytes against one of 10
  EXPECT_EQ(gdsf_->evict()->hash, 2u);
}

TEST_F(GdsfSizesTest, MemoryIsANodeForEachEntry) {
  for (std::uint64_t i = 0; i < 1'000; ++i) add(i, 1);
  EXPECT_LE(gdsf_->memory(), 1'000 * 28);
  for (std::uint64_t i = 10; i < 1'000; ++i) remove(i);
  EXPECT_LE(gdsf_->memory(), 1'000);
}

}  // namespace
}  // namespace ringcache
