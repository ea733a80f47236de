// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/auto/filling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "cache/slab_pool.h"

namespace ringcache {
namespace {

class FillingTest : public ::testing::Test {
 protected:
  PolicyEntry& add(std::uint64_t hash) {
    PolicyEntry& entry = pool_.make_ghost();
    entry.hash = hash;
    filling_.insert(entry);
    return entry;
  }
  std::vector<std::uint64_t> drain() {
    std::vector<std::uint64_t> hashes;
    while (const PolicyEntry* entry = filling_.evict()) hashes.push_back(entry->hash);
    return hashes;
  }

  SlabPool pool_;
  Filling filling_{160, pool_};  // ages of ten entries
};

TEST_F(FillingTest, WhatIsUsedInALaterAgeIsYounger) {
  PolicyEntry& first = add(0);
  for (std::uint64_t i = 1; i < 20; ++i) add(i);
  filling_.touch(first);
  const auto order = drain();
  EXPECT_EQ(order.size(), 20u);
  EXPECT_EQ(order.front(), 1u);
  EXPECT_GT(std::ranges::find(order, 0u), std::ranges::find(order, 8u)) << "8 is of the first age";
}

TEST_F(FillingTest, AUseTouchesNoList) {
  add(0);
  PolicyEntry& second = add(1);
  for (std::uint64_t i = 2; i < 20; ++i) add(i);
  const PolicyEntry before = second;
  filling_.touch(second);
  EXPECT_NE(before.mark, second.mark);
  EXPECT_EQ(before.prev, second.prev);
  EXPECT_EQ(before.next, second.next);
}

TEST_F(FillingTest, WhileItIsPutInOrderEntriesLeaveAndMoveAsBefore) {
  std::vector<PolicyEntry*> entries;
  for (std::uint64_t i = 0; i < 5'000; ++i) entries.push_back(&add(i));
  EXPECT_EQ(filling_.evict()->hash, 0u);
  for (std::size_t i = 1; i < 5'000; i += 7) filling_.remove(*entries[i]);
  for (std::size_t i = 2; i < 5'000; i += 7) {
    PolicyEntry& to = pool_.make_ghost();
    to = *entries[i];
    EXPECT_TRUE(filling_.relocate(*entries[i], to));
    filling_.touch(to);
  }
  auto left = drain();
  EXPECT_EQ(left.size(), 4'999u - 715u);
  std::ranges::sort(left);
  EXPECT_EQ(std::ranges::adjacent_find(left), left.end()) << "one left twice";
}

TEST_F(FillingTest, KnowsWhatItHolds) {
  PolicyEntry& first = add(0);
  add(1);
  filling_.recharge(first, 5);
  EXPECT_EQ(filling_.charge(), 6u);
  EXPECT_EQ(filling_.size(), 2u);
  filling_.remove(first);
  EXPECT_EQ(filling_.charge(), 1u);
  EXPECT_EQ(filling_.size(), 1u);
}

}  // namespace
}  // namespace ringcache
