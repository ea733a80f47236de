// SPDX-License-Identifier: Apache-2.0
#include "cache/table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <utility>

namespace ringcache {
namespace {

Entry::Ptr entry(const std::string& name, std::uint64_t hash) {
  KeyView key("", name);
  key.hash = hash;
  return Entry::make(key, {});
}

TEST(TableTest, KeysOfOneHashAreToldApart) {
  const auto a = entry("a", 1);
  const auto b = entry("b", 1);
  Table table;
  table.insert(*a);
  table.insert(*b);
  EXPECT_EQ(table.find(1, "a"), a.get());
  EXPECT_EQ(table.find(1, "b"), b.get());
  EXPECT_EQ(table.find(1, "c"), nullptr);
  table.erase(*a);
  EXPECT_EQ(table.find(1, "a"), nullptr);
  EXPECT_EQ(table.find(1, "b"), b.get());
}

TEST(TableTest, AnEmptyTableFindsNothing) { EXPECT_EQ(Table().find(7, "a"), nullptr); }

/// Hashes that crowd: few home slots, the last of them included, and few tags.
std::uint64_t crowded(std::uint64_t number) {
  return (number % 3 == 0 ? ~std::uint64_t{0} : number % 7) ^ (number % 5 << 48);
}

void run_against_a_map(std::uint64_t seed, bool is_crowded) {
  std::mt19937_64 random(seed);
  Table table;
  std::map<std::string, Entry::Ptr> model;
  for (int i = 0; i < 60'000; ++i) {
    const std::uint64_t number = random() % 400;
    const std::string name = std::to_string(number);
    const std::uint64_t hash = is_crowded ? crowded(number) : hash64(name);
    const auto held = model.find(name);
    ASSERT_EQ(table.find(hash, name), held == model.end() ? nullptr : held->second.get());
    const bool grows = i / 5000 % 2 == 0;
    if (held == model.end() && (grows || random() % 4 == 0)) {
      auto made = entry(name, hash);
      table.insert(*made);
      model[name] = std::move(made);
    } else if (held != model.end() && (!grows || random() % 4 == 0)) {
      table.erase(*held->second);
      model.erase(held);
    }
    ASSERT_EQ(table.size(), model.size());
  }
}

TEST(TableTest, DoesWhatAMapDoes) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  run_against_a_map(seed, false);
}

TEST(TableTest, DoesSoWhenEverythingCollides) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  run_against_a_map(seed, true);
}

TEST(TableTest, AWalkMeetsEveryEntryOnce) {
  Table table;
  std::map<const Entry*, int> met;
  std::map<int, Entry::Ptr> entries;
  for (int i = 0; i < 100; ++i) {
    entries[i] = entry(std::to_string(i), static_cast<std::uint64_t>(i) * 0x9e3779b97f4a7c15u);
    table.insert(*entries[i]);
  }
  table.for_each([&met](const Entry& each) { ++met[&each]; });
  EXPECT_EQ(met.size(), 100u);
  for (const auto& [each, times] : met) EXPECT_EQ(times, 1);
}

}  // namespace
}  // namespace ringcache
