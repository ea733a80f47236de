// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "cache/policy/policies.h"
#include "unit/cache/policy/order.h"

namespace ringcache {
namespace {

TEST(LfuTest, TheLeastUsedLeaves) {
  EXPECT_EQ(testing::ask(PolicyKind::lfu, 3, "aabbbcdcd"), ".+.++.cdc");
}

TEST(LfuTest, OfEqualCountsTheLeastRecentlyUsedLeaves) {
  EXPECT_EQ(testing::ask(PolicyKind::lfu, 3, "abccbad"), "...+++c");
}

TEST(LfuTest, ACountIsForgottenWithItsEntry) {
  EXPECT_EQ(testing::ask(PolicyKind::lfu, 2, "aaabbbbcac"), ".++.+++aca");
}

TEST(LfuTest, ManyCountsKeepTheirOrder) {
  SlabPool pool;
  const auto lfu = make_lfu(pool);
  std::array<PolicyEntry*, 20> entries;
  for (PolicyEntry*& entry : entries) lfu->insert(*(entry = &pool.make_ghost()));
  for (std::size_t round = 0; round < entries.size(); ++round)
    for (std::size_t i = 0; i < entries.size(); ++i)
      if ((i * 7) % entries.size() > round) lfu->touch(*entries[i]);
  for (std::size_t uses = 0; uses < entries.size(); ++uses)
    EXPECT_EQ(lfu->evict(), entries[uses * 3 % entries.size()]);  // 3 * 7 is 1 modulo 20
}

}  // namespace
}  // namespace ringcache
