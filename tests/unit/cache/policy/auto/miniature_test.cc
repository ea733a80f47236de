// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/auto/miniature.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "cache/slab_pool.h"

namespace ringcache {
namespace {

class MiniatureTest : public ::testing::Test {
 protected:
  /// A hit is "+", a miss "."; each letter is a key.
  std::string ask(const std::string& letters) {
    std::string answer;
    for (const char letter : letters)
      answer += lru_.ask(static_cast<unsigned char>(letter), 1) ? '+' : '.';
    return answer;
  }

  SlabPool pool_;
  Miniature lru_{pool_, make_policy(PolicyKind::lru, {.capacity = 3}, pool_), 3};
};

TEST_F(MiniatureTest, HitsAsACacheOfThatSizeWould) { EXPECT_EQ(ask("abcabcdabcd"), "...+++....."); }

TEST_F(MiniatureTest, TellsWhoLeft) {
  ask("abcd");
  ASSERT_EQ(lru_.left().size(), 1u);
  EXPECT_EQ(lru_.left()[0], static_cast<std::uint64_t>('a'));
  ask("d");
  EXPECT_TRUE(lru_.left().empty());
}

TEST_F(MiniatureTest, AForgottenKeyIsNotHere) {
  ask("abc");
  lru_.forget('b');
  lru_.forget('x');
  EXPECT_FALSE(lru_.holds('b'));
  EXPECT_EQ(lru_.size(), 2u);
  EXPECT_EQ(ask("acb"), "++.");
}

TEST_F(MiniatureTest, KeysCostWhatTheirLastRequestSays) {
  ask("abc");
  EXPECT_TRUE(lru_.ask('a', 2));
  EXPECT_FALSE(lru_.holds('b'));
  EXPECT_EQ(lru_.size(), 2u);
}

TEST_F(MiniatureTest, WhatIsLargerThanAllOfItPassesBy) {
  ask("abc");
  EXPECT_FALSE(lru_.ask('x', 4));
  EXPECT_FALSE(lru_.holds('x'));
  EXPECT_EQ(ask("abc"), "+++");
}

TEST_F(MiniatureTest, ASmallerOneKeepsWhatItsPolicyWould) {
  ask("abc");
  lru_.resize({.capacity = 1});
  std::set<std::uint64_t> kept;
  lru_.for_each([&kept](std::uint64_t hash) { kept.insert(hash); });
  EXPECT_EQ(kept, std::set<std::uint64_t>{'c'});
}

TEST_F(MiniatureTest, GivesItsMemoryBack) {
  const std::size_t before = pool_.footprint();
  {
    Miniature arc(pool_, make_policy(PolicyKind::arc, {.capacity = 5'000}, pool_), 5'000);
    for (std::uint64_t i = 0; i < 20'000; ++i) arc.ask(i, 1);
    EXPECT_GT(pool_.footprint(), before + 5'000 * sizeof(PolicyEntry));
  }
  EXPECT_LE(pool_.footprint(), before + (std::size_t{16} << 10));
}

}  // namespace
}  // namespace ringcache
