// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "cache/policy/policies.h"
#include "unit/cache/policy/order.h"

namespace ringcache {
namespace {

TEST(FifoTest, UseDoesNotHelp) {
  EXPECT_EQ(testing::ask(*make_fifo(), 3, "abcaaadb"), "...+++a+");
  EXPECT_EQ(testing::ask(*make_fifo(), 2, "abababcacb"), "..++++ab+c");
}

}  // namespace
}  // namespace ringcache
