// SPDX-License-Identifier: Apache-2.0
#include "net/buffer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace ringcache {
namespace {

void append(NetBuffer& buffer, std::string_view text) {
  const auto room = buffer.room(text.size());
  ASSERT_GE(room.size(), text.size());
  std::ranges::copy(text, room.begin());
  buffer.commit(text.size());
}

TEST(NetBufferTest, WhatIsLeftStaysTogetherInOrder) {
  NetBuffer buffer(10'000);
  std::string expected;
  for (int i = 0; i < 2'000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 7), static_cast<char>('a' + i % 26));
    append(buffer, piece);
    expected += piece;
    const std::size_t eaten = std::min<std::size_t>(expected.size(), i % 11 == 0 ? 30 : 0);
    buffer.consume(eaten);
    expected.erase(0, eaten);
    ASSERT_EQ(buffer.view(), expected);
  }
}

TEST(NetBufferTest, GrowsToItsMaximumAndNoFurther) {
  NetBuffer buffer(9'000);
  append(buffer, std::string(9'000, 'x'));
  EXPECT_TRUE(buffer.room(1).empty());
  buffer.consume(1);
  EXPECT_EQ(buffer.room(100).size(), 1u);
}

TEST(NetBufferTest, GivesLargeMemoryBack) {
  NetBuffer buffer(1 << 20);
  append(buffer, std::string(100'000, 'x'));
  buffer.consume(100'000);
  buffer.shrink();
  EXPECT_LT(buffer.room(1).size(), 10'000u);
}

}  // namespace
}  // namespace ringcache
