// SPDX-License-Identifier: Apache-2.0
#include "cache/entry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include <ringcache/hash.h>

namespace ringcache {
namespace {

class EntryTest : public ::testing::Test {
 protected:
  Entry& make(std::string_view name, const Copy& copy, std::vector<Entry::Tag> tags = {}) {
    const KeyView key("group", name);
    return Entry::make(pool_, Entry::Plan(key, copy, tags), 1);
  }

  SlabPool pool_;
};

TEST_F(EntryTest, HoldsNamesAndValuesOfEverySize) {
  for (const std::size_t name_size : {0, 1, 7, 8, 15, 16, 17, 1'000, 2'040, 3'000, 70'000})
    for (const std::size_t value_size : {0, 1, 100, 1'990, 2'000, 3'000, 300'000}) {
      const std::string name(name_size, 'n');
      const std::string value(value_size, 'v');
      Entry& entry = make(name, {.bytes = Bytes::copy(value)});
      ASSERT_EQ(entry.name(), name);
      ASSERT_TRUE(entry.is_named(name));
      ASSERT_FALSE(entry.is_named(name + "x"));
      ASSERT_EQ(entry.copy().bytes.view(), value) << name_size << " " << value_size;
      ASSERT_EQ(entry.hash, hash64(name));
      Entry::end(pool_, entry);
    }
}

TEST_F(EntryTest, KeepsEachPartOfACopyThatThereIs) {
  const Time time = Time{} + std::chrono::hours(7);
  for (int parts = 0; parts < 64; ++parts) {
    Copy copy{.version = parts & 1 ? 9u : 0u};
    if (parts & 2) copy.loaded_at = time;
    if (parts & 4) copy.expires_at = time + Duration{1};
    if (parts & 8) copy.bytes = Bytes::copy("value");
    if (parts & 16) copy.fresh_until = time;
    if (parts & 32) copy.ends_with_row = true;
    const Entry& entry = make("name", copy, {3, 5});
    EXPECT_TRUE(entry.has_tag(3) && entry.has_tag(5));
    const Copy kept = entry.copy();
    EXPECT_EQ(kept.version, copy.version);
    EXPECT_EQ(kept.loaded_at, copy.loaded_at);
    EXPECT_EQ(kept.expires_at, copy.expires_at);
    EXPECT_EQ(kept.fresh_until, std::min(copy.fresh_until, copy.expires_at));
    EXPECT_EQ(kept.ends_with_row, copy.ends_with_row);
    EXPECT_EQ(kept.absent(), copy.absent());
    EXPECT_EQ(kept.bytes.view(), copy.bytes.view());
  }
}

TEST_F(EntryTest, WhatWasInItsMemoryIsNoTag) {
  const std::string long_name(3'000, 'n');
  Entry::end(pool_, make(long_name, {}, {7}));
  Entry& entry = make(long_name, {});
  EXPECT_FALSE(entry.has_tag(7)) << "a gap stands there";
  Entry::end(pool_, entry);
}

TEST_F(EntryTest, KnowsItsTagsAndNoOthers) {
  for (const std::string& name : {std::string("n"), std::string(70'000, 'n')}) {
    const Entry& entry = make(name, {.version = 7}, {1, 4'000'000'001});
    EXPECT_TRUE(entry.has_tag(1));
    EXPECT_TRUE(entry.has_tag(4'000'000'001));
    EXPECT_FALSE(entry.has_tag(7));
    EXPECT_FALSE(make(name, {}).has_tag(1));
  }
}

TEST_F(EntryTest, NamesThatDifferInOneByteAreToldApart) {
  for (std::size_t size = 1; size < 40; ++size) {
    const std::string name(size, 'n');
    const Entry& entry = make(name, {});
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = name;
      other[at] = 'x';
      ASSERT_FALSE(entry.is_named(other)) << size << " " << at;
    }
  }
}

TEST_F(EntryTest, MovesWithAllItHolds) {
  const Time time = Time{} + std::chrono::hours(7);
  Entry& from =
      make("name", {.bytes = Bytes::copy("value"), .version = 3, .fresh_until = time}, {5});
  from.mark = 6;
  Entry* to = Entry::move(pool_, from);
  pool_.free(&from);
  ASSERT_NE(to, nullptr);
  EXPECT_EQ(to->name(), "name");
  EXPECT_EQ(to->copy().bytes.view(), "value");
  EXPECT_EQ(to->version(), 3u);
  EXPECT_EQ(to->copy().fresh_until, time);
  EXPECT_TRUE(to->has_tag(5));
  EXPECT_EQ(to->mark, 6u);
}

TEST_F(EntryTest, DoesNotMoveUnderAReader) {
  Entry& entry = make("name", {.bytes = Bytes::copy("value")});
  std::optional<Bytes> reader = entry.copy().bytes;
  EXPECT_EQ(Entry::move(pool_, entry), nullptr);
  reader.reset();
  EXPECT_NE(Entry::move(pool_, entry), nullptr);
}

TEST_F(EntryTest, AReaderKeepsAValueThatHasLeft) {
  Entry& entry = make("name", {.bytes = Bytes::copy("value")});
  const Bytes reader = entry.copy().bytes;
  Entry::end(pool_, entry);
  for (int i = 0; i < 100; ++i) make("name", {.bytes = Bytes::copy("other")});
  EXPECT_EQ(reader.view(), "value");
  EXPECT_EQ(Entry::move(pool_, entry), nullptr) << "it is no entry any more";
}

TEST_F(EntryTest, SmallEntriesAreSmall) {
  const KeyView key("", "user:00000000001");
  const Copy copy{.bytes = Bytes::copy(std::string(100, 'v'))};
  EXPECT_EQ(Entry::Plan(key, copy, {}).footprint(), 116u + 46);
}

TEST_F(EntryTest, FreshnessTakesMemoryOnlyWhereItEndsBeforeTheCopy) {
  const KeyView key("", "user:00000000001");
  const Time end = Time{} + std::chrono::hours(7);
  Copy copy{.bytes = Bytes::copy(std::string(64, 'v')), .expires_at = end};
  const auto plain = Entry::Plan(key, copy, {}).footprint();
  copy.fresh_until = end;
  copy.ends_with_row = true;
  EXPECT_EQ(Entry::Plan(key, copy, {}).footprint(), plain);
  copy.fresh_until = end - Duration{1};
  EXPECT_GT(Entry::Plan(key, copy, {}).footprint(), plain);
}

TEST_F(EntryTest, WhatIsOutsideCounts) {
  const KeyView key("", "k");
  const Copy copy{.bytes = Bytes::copy(std::string(100'000, 'v'))};
  EXPECT_GE(Entry::Plan(key, copy, {}).footprint(), 102'400u) << "whole pages";
  const std::string name(3'000, 'n');
  EXPECT_GE(Entry::Plan(KeyView("", name), {}, {}).footprint(), 3'000u);
}

}  // namespace
}  // namespace ringcache
