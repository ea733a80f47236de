// SPDX-License-Identifier: Apache-2.0
#include "cache/table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

namespace ringcache {
namespace {

constexpr auto any = [](EntryId id) { return id; };
auto only(EntryId wanted) {
  return [wanted](EntryId id) { return id == wanted ? id : 0; };
}

TEST(TableTest, EntriesOfOneTagAreToldApart) {
  Table table;
  table.insert(7, 1);
  table.insert(7, 2);
  EXPECT_EQ(table.find(7, only(2)), 2u);
  EXPECT_EQ(table.find(7, only(3)), 0u);
  table.erase(7, 1);
  EXPECT_EQ(table.find(7, any), 2u);
}

TEST(TableTest, AnEmptyTableFindsNothing) {
  EXPECT_EQ(Table().find(7, any), 0u);
  EXPECT_EQ(Table().find(UINT32_MAX, any), 0u);
}

TEST(TableTest, AnEntryThatMovesIsFoundUnderItsNewId) {
  Table table;
  for (EntryId id = 1; id < 50; ++id) table.insert(id * 97'000'001, id);
  table.replace(7 * 97'000'001, 7, 1'000);
  EXPECT_EQ(table.find(7 * 97'000'001, any), 1'000u);
  EXPECT_EQ(table.size(), 49u);
}

/// Tags that crowd: few, the last and the first of all among them.
std::uint32_t crowded(EntryId id) { return id % 3 == 0 ? UINT32_MAX : 1 + id % 7 * 2; }

void run_against_a_map(std::uint64_t seed, bool is_crowded) {
  std::mt19937_64 random(seed);
  Table table;
  std::set<EntryId> model;
  for (int i = 0; i < 60'000; ++i) {
    const auto id = static_cast<EntryId>(1 + random() % 400);
    const std::uint32_t tag = is_crowded ? crowded(id) : id * 2'654'435'769u | 1;
    const bool is_here = model.contains(id);
    ASSERT_EQ(table.find(tag, only(id)), is_here ? id : 0);
    const bool grows = i / 5000 % 2 == 0;
    if (!is_here && (grows || random() % 4 == 0)) {
      table.insert(tag, id);
      model.insert(id);
    } else if (is_here && (!grows || random() % 4 == 0)) {
      table.erase(tag, id);
      model.erase(id);
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

TEST(TableTest, DoesWhatASetDoes) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  run_against_a_map(seed, false);
}

TEST(TableTest, DoesSoWhenEverythingCollides) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  run_against_a_map(seed, true);
}

TEST(TableTest, AWalkMeetsEveryEntryOnceInTheOrderOfTags) {
  Table table;
  for (EntryId id = 1; id <= 100; ++id) table.insert(id * 2'654'435'769u | 1, id);
  std::map<EntryId, int> met;
  std::uint32_t last = 0;
  table.walk(1, [&](std::uint32_t tag, EntryId id) {
    EXPECT_LE(last, tag);
    last = tag;
    ++met[id];
    return true;
  });
  EXPECT_EQ(met.size(), 100u);
  for (const auto& [id, times] : met) EXPECT_EQ(times, 1) << id;
}

TEST(TableTest, AWalkGoesOnBehindTheTagWhereItStopped) {
  Table table;
  for (EntryId id = 1; id <= 1'000; ++id) table.insert(id * 2'654'435'769u | 1, id);
  std::size_t met = 0;
  for (std::uint32_t from = 1, next = 0; from != 0; from = next) {
    next = 0;
    int left = 10;
    table.walk(from, [&](std::uint32_t tag, EntryId) {
      if (left-- == 0) return next = tag, false;
      return ++met, true;
    });
    table.insert(from, 5'000 + static_cast<EntryId>(met));  // growth meanwhile, behind the walk
  }
  EXPECT_EQ(met, 1'000u);
}

TEST(TableTest, ItsMemoryFollowsItsSize) {
  Table table;
  std::mt19937 random(1);
  std::vector<std::uint32_t> tags(100'000);
  for (std::uint32_t& tag : tags) tag = static_cast<std::uint32_t>(random()) | 1;
  for (EntryId id = 1; id <= tags.size(); ++id) table.insert(tags[id - 1], id);
  EXPECT_LE(table.footprint(), tags.size() * 13);
  for (EntryId id = 1; id <= tags.size() - 1'000; ++id) table.erase(tags[id - 1], id);
  EXPECT_LE(table.footprint(), 1'000u * 21);
}

}  // namespace
}  // namespace ringcache
