// SPDX-License-Identifier: Apache-2.0
#include "node/plain_store.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

TEST(PlainStoreTest, KnowsNoKey) {
  EXPECT_EQ(get_blocking(*plain_store(), KeyView("g", "k")).error().code, Errc::not_found);
}

TEST(PlainStoreTest, TakesEveryWriteWithItsLife) {
  const Time end = Time{} + std::chrono::seconds(5);
  const auto stored = put_blocking(*plain_store(), KeyView("g", "k"),
                                   {.bytes = Bytes::copy("v"), .expires_at = end});
  EXPECT_EQ(stored->bytes.view(), "v");
  EXPECT_EQ(stored->expires_at, end);
  EXPECT_TRUE(erase_blocking(*plain_store(), KeyView("g", "k")));
}

}  // namespace
}  // namespace ringcache
