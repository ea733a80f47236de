// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "unit/cache/policy/order.h"

namespace ringcache {
namespace {

TEST(LruTest, TheLongestUnusedLeaves) {
  EXPECT_EQ(testing::ask(PolicyKind::lru, 3, "abcadbec"), "...+bcad");
}

TEST(LruTest, UseOfTheNewestChangesNothing) {
  EXPECT_EQ(testing::ask(PolicyKind::lru, 2, "abbbca"), "..++ab");
}

}  // namespace
}  // namespace ringcache
