// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "unit/cache/policy/order.h"

namespace ringcache {
namespace {

TEST(FifoTest, UseDoesNotHelp) {
  EXPECT_EQ(testing::ask(PolicyKind::fifo, 3, "abcaaadb"), "...+++a+");
  EXPECT_EQ(testing::ask(PolicyKind::fifo, 2, "abababcacb"), "..++++ab+c");
}

}  // namespace
}  // namespace ringcache
