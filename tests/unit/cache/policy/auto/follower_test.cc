// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/auto/follower.h"

#include <gtest/gtest.h>

#include <map>

#include "cache/slab_pool.h"

namespace ringcache {
namespace {

class FollowerTest : public ::testing::Test {
 protected:
  PolicyEntry& add(std::uint64_t hash) {
    PolicyEntry& entry = pool_.make_ghost();
    entry.hash = hash;
    follower_.insert(entry);
    return *(entries_[hash] = &entry);
  }

  SlabPool pool_;
  Miniature leader_{pool_, make_policy(PolicyKind::lru, {.capacity = 2}, pool_), 2};
  Follower follower_{leader_, pool_};
  std::map<std::uint64_t, PolicyEntry*> entries_;
};

TEST_F(FollowerTest, WhatTheLeaderHasNotLeavesFirst) {
  leader_.ask(1, 1);
  for (const std::uint64_t hash : {1, 2, 3}) add(hash);
  EXPECT_EQ(follower_.evict()->hash, 2u);
  EXPECT_EQ(follower_.evict()->hash, 3u);
  EXPECT_EQ(follower_.evict()->hash, 1u);
  EXPECT_EQ(follower_.evict(), nullptr);
}

TEST_F(FollowerTest, WhatTheLeaderLetsGoLeavesBeforeWhatItKeeps) {
  for (const std::uint64_t hash : {1, 2}) leader_.ask(hash, 1), add(hash);
  follower_.left(2);
  follower_.left(99);
  EXPECT_EQ(follower_.evict()->hash, 2u);
}

TEST_F(FollowerTest, AUseAsksTheLeaderAgain) {
  for (const std::uint64_t hash : {1, 2}) add(hash);
  leader_.ask(1, 1);
  follower_.touch(*entries_[1]);
  EXPECT_EQ(follower_.evict()->hash, 2u);
}

TEST_F(FollowerTest, AnotherLeaderCostsNoEntry) {
  Miniature other(pool_, make_policy(PolicyKind::lru, {.capacity = 2}, pool_), 2);
  for (const std::uint64_t hash : {1, 2}) leader_.ask(hash, 1), add(hash);
  other.ask(1, 1);
  follower_.follow(other);
  EXPECT_TRUE(follower_.holds(1));
  EXPECT_TRUE(follower_.holds(2));
  EXPECT_EQ(follower_.evict()->hash, 2u);
}

TEST_F(FollowerTest, AnEntryThatMovesIsFoundWhereItIs) {
  PolicyEntry& from = add(1);
  PolicyEntry& to = pool_.make_ghost();
  to = from;
  EXPECT_TRUE(follower_.relocate(from, to));
  pool_.free_ghost(from);
  EXPECT_EQ(follower_.evict(), &to);
}

}  // namespace
}  // namespace ringcache
