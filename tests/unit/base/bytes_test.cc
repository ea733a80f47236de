// SPDX-License-Identifier: Apache-2.0
#include <ringcache/bytes.h>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ringcache {
namespace {

TEST(BytesTest, CopiesShareTheirPayload) {
  const Bytes first = Bytes::copy("payload");
  const Bytes second = first;
  EXPECT_EQ(second.view().data(), first.view().data());
}

TEST(BytesTest, NullAndEmptyDiffer) {
  EXPECT_TRUE(Bytes().is_null());
  EXPECT_FALSE(Bytes::copy("").is_null());
  EXPECT_EQ(Bytes::copy("").view(), Bytes().view());
}

TEST(BytesTest, KeepsNulAndHighBytes) {
  const std::string odd("a\0b\xff", 4);
  EXPECT_EQ(Bytes::copy(odd).view(), odd);
}

TEST(BytesTest, OutlivesTheHandleItWasCopiedFrom) {
  Bytes kept;
  {
    Bytes first = Bytes::copy("still here");
    kept = first;
  }
  EXPECT_EQ(kept.view(), "still here");
}

}  // namespace
}  // namespace ringcache
