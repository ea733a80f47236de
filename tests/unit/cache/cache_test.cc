// SPDX-License-Identifier: Apache-2.0
#include <ringcache/cache.h>

#include <gtest/gtest.h>

#include <string>

#include <ringcache/testing/sim_scheduler.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

class CacheTest : public ::testing::Test {
 protected:
  static KeyView key(std::string_view name) { return {"group", name}; }
  static Copy copy(std::string_view text, std::uint64_t version = 0, Time expires = Time::max()) {
    return {.bytes = Bytes::copy(text), .version = version, .expires_at = expires};
  }
  std::string read(std::string_view name) {
    const auto found = cache_.find(key(name));
    return found ? std::string(found->bytes.view()) : "-";
  }

  testing::SimScheduler clock_;
  Cache cache_{{.capacity = 1 << 20}, clock_};
};

TEST_F(CacheTest, FindsWhatWasInserted) {
  EXPECT_TRUE(cache_.insert(key("a"), copy("1")));
  EXPECT_EQ(read("a"), "1");
  EXPECT_EQ(read("b"), "-");
  EXPECT_EQ(cache_.stats().hits, 1u);
  EXPECT_EQ(cache_.stats().misses, 1u);
}

TEST_F(CacheTest, KeepsANewerVersion) {
  EXPECT_TRUE(cache_.insert(key("a"), copy("new", 2)));
  EXPECT_FALSE(cache_.insert(key("a"), copy("old", 1)));
  EXPECT_EQ(read("a"), "new");
  EXPECT_TRUE(cache_.insert(key("a"), copy("again", 2)));
  EXPECT_EQ(read("a"), "again");
}

TEST_F(CacheTest, ReadingDoesNotProlongALife) {
  cache_.insert(key("a"), copy("1", 0, clock_.now() + 300ms));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(read("a"), "1");
    clock_.advance(60ms);
  }
  EXPECT_EQ(read("a"), "-");
  EXPECT_EQ(cache_.stats().expirations, 1u);
  EXPECT_EQ(cache_.departure(key("a")), Departure::expired);
}

}  // namespace
}  // namespace ringcache
