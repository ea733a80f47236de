// SPDX-License-Identifier: Apache-2.0
#include "cache/shard.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>

#include <ringcache/testing/sim_scheduler.h>

namespace ringcache {
namespace {

/// A cache of one shard: what is one shard's to keep right.
class ShardTest : public ::testing::Test {
 protected:
  static KeyView key(std::string_view name, std::uint64_t hash) {
    KeyView key("", name);
    key.hash = hash;
    return key;
  }

  testing::SimScheduler clock_;
  Cache cache_{{.capacity = 4, .unit = CapacityUnit::objects, .shards = 1}, clock_};
};

TEST_F(ShardTest, KeysWithOneHashHaveTheirOwnValues) {
  cache_.insert(key("a", 7), {.bytes = Bytes::copy("1")});
  cache_.insert(key("b", 7), {.bytes = Bytes::copy("2")});
  EXPECT_EQ(cache_.find(key("a", 7))->bytes.view(), "1");
  EXPECT_EQ(cache_.find(key("b", 7))->bytes.view(), "2");
  EXPECT_FALSE(cache_.find(key("c", 7)));
  cache_.erase(key("a", 7));
  EXPECT_EQ(cache_.find(key("b", 7))->bytes.view(), "2");
}

TEST_F(ShardTest, CountsAddUp) {
  for (std::uint64_t i = 0; i < 10; ++i) cache_.insert(KeyView("", std::to_string(i)), {});
  cache_.insert(KeyView("", "9"), {});
  cache_.erase(KeyView("", "9"));
  const CacheStats stats = cache_.stats();
  EXPECT_EQ(stats.inserts, 11u);
  EXPECT_EQ(stats.evictions, 6u);
  EXPECT_EQ(stats.entries, 3u);
  EXPECT_EQ(stats.charge, 3u);
}

TEST_F(ShardTest, ManyEvictionsForOneInsertionEnd) {
  for (std::uint64_t i = 0; i < 4; ++i) cache_.insert(KeyView("", std::to_string(i)), {});
  EXPECT_TRUE(cache_.insert(KeyView("", "wide"), {}, 4));
  EXPECT_EQ(cache_.stats().entries, 1u);
  EXPECT_TRUE(cache_.insert(KeyView("", "0"), {}));
  EXPECT_EQ(cache_.stats().entries, 1u);
  EXPECT_EQ(cache_.audit(), "");
}

}  // namespace
}  // namespace ringcache
