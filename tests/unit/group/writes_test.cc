// SPDX-License-Identifier: Apache-2.0
#include "group/writes.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

WritePtr erase_of(const char* name) {
  return std::make_shared<Write>(
      Write{.key = OwnedKey(KeyView("g", name)), .kind = Write::Kind::erase});
}

TEST(WritesTest, EachWriteOfAKeyHasItsTurnInTheOrderInWhichItCame) {
  Writes writes(10);
  const auto first = erase_of("k"), second = erase_of("k"), third = erase_of("k");
  EXPECT_EQ(writes.add(first), Writes::Turn::now);
  EXPECT_EQ(writes.add(second), Writes::Turn::later);
  EXPECT_EQ(writes.add(third), Writes::Turn::later);
  EXPECT_EQ(writes.next("k"), second);
  EXPECT_EQ(writes.next("k"), third);
  EXPECT_EQ(writes.next("k"), nullptr);
  EXPECT_EQ(writes.add(first), Writes::Turn::now);
}

TEST(WritesTest, KeysDoNotWaitForEachOther) {
  Writes writes(10);
  writes.add(erase_of("k"));
  EXPECT_EQ(writes.add(erase_of("l")), Writes::Turn::now);
}

TEST(WritesTest, RefusesMoreThanMayWait) {
  Writes writes(1);
  writes.add(erase_of("k"));
  EXPECT_EQ(writes.add(erase_of("k")), Writes::Turn::later);
  EXPECT_EQ(writes.add(erase_of("k")), Writes::Turn::refused);
  writes.next("k");
  EXPECT_EQ(writes.add(erase_of("k")), Writes::Turn::later);
}

}  // namespace
}  // namespace ringcache
