// SPDX-License-Identifier: Apache-2.0
#include <ringcache/cache.h>

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include <ringcache/testing/sim_scheduler.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

constexpr auto kObjects = CapacityUnit::objects;
constexpr auto kBytes = CapacityUnit::bytes;

KeyView key(std::string_view name) { return {"group", name}; }

Copy copy(std::string_view text, std::uint64_t version = 0, Time expires = Time::max()) {
  return {.bytes = Bytes::copy(text), .version = version, .expires_at = expires};
}

/// Every promise holds under every policy.
class CacheTest : public ::testing::TestWithParam<PolicyKind> {
 protected:
  Cache make(std::size_t capacity, CapacityUnit unit = kObjects, unsigned shards = 1) {
    return {{.capacity = capacity, .unit = unit, .policy = GetParam(), .shards = shards}, clock_};
  }

  static std::string read(Cache& cache, std::string_view name) {
    const auto found = cache.find(key(name));
    return found ? std::string(found->bytes.view()) : "-";
  }

  static void fill(Cache& cache, int count, std::string_view prefix = "k") {
    for (int i = 0; i < count; ++i)
      cache.insert(key(std::string(prefix) + std::to_string(i)), copy("v"));
  }

  testing::SimScheduler clock_;
};

INSTANTIATE_TEST_SUITE_P(Policies, CacheTest, ::testing::ValuesIn(policy_kinds()),
                         [](const auto& test) { return std::string(policy_name(test.param)); });

TEST_P(CacheTest, FindsWhatWasInserted) {
  Cache cache = make(10);
  EXPECT_TRUE(cache.insert(key("a"), copy("1")));
  EXPECT_EQ(read(cache, "a"), "1");
  EXPECT_EQ(read(cache, "b"), "-");
  EXPECT_EQ(cache.stats().hits, 1u);
  EXPECT_EQ(cache.stats().misses(), 1u);
  EXPECT_EQ(cache.audit(), "");
}

TEST_P(CacheTest, ANameIsAnyBytesAndTheGroupIsNotPartOfIt) {
  Cache cache = make(10);
  const std::string_view zero("a\0b", 3);
  cache.insert(key(zero), copy("1"));
  cache.insert(key(""), copy("2"));
  EXPECT_EQ(read(cache, zero), "1");
  EXPECT_EQ(read(cache, "a"), "-");
  EXPECT_EQ(read(cache, ""), "2");
  EXPECT_TRUE(cache.find(KeyView("another", "")));
}

TEST_P(CacheTest, FreshnessIsANoteAndNotTheEnd) {
  Cache cache = make(10);
  Copy noted = copy("1", 0, clock_.now() + 3s);
  noted.fresh_until = clock_.now() + 1s;
  cache.insert(key("a"), noted);
  cache.insert(key("b"), copy("2", 0, clock_.now() + 3s));
  clock_.advance(2s);
  EXPECT_EQ(cache.find(key("a"))->fresh_until, noted.fresh_until);
  EXPECT_EQ(cache.peek(key("b"))->fresh_until, noted.expires_at) << "what ends is no longer fresh";
  clock_.advance(1s);
  EXPECT_EQ(read(cache, "a"), "-");
}

TEST_P(CacheTest, AbsenceIsKnownToo) {
  Cache cache = make(10);
  cache.insert(key("gone"), Copy{.version = 3});
  EXPECT_TRUE(cache.find(key("gone"))->absent());
  cache.insert(key("empty"), copy(""));
  EXPECT_FALSE(cache.find(key("empty"))->absent());
}

TEST_P(CacheTest, ASmallerVersionNeverReplacesALarger) {
  Cache cache = make(10);
  EXPECT_TRUE(cache.insert(key("a"), copy("new", 2)));
  EXPECT_FALSE(cache.insert(key("a"), copy("old", 1)));
  EXPECT_FALSE(cache.insert(key("a"), copy("unstamped")));
  EXPECT_EQ(read(cache, "a"), "new");
  EXPECT_TRUE(cache.insert(key("a"), copy("again", 2)));
  EXPECT_EQ(read(cache, "a"), "again");
}

TEST_P(CacheTest, WithoutALifetimeNothingExpires) {
  Cache cache = make(100);
  fill(cache, 100);
  for (int minute = 0; minute < 100; ++minute) {
    clock_.advance(24h);
    fill(cache, 1, "k");
  }
  EXPECT_EQ(cache.stats().entries, 100u);
  EXPECT_EQ(cache.stats().expirations, 0u);
  EXPECT_EQ(read(cache, "k99"), "v");
}

TEST_P(CacheTest, ReadingDoesNotProlongALife) {
  Cache cache = make(10);
  cache.insert(key("a"), copy("1", 0, clock_.now() + 300ms));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(read(cache, "a"), "1");
    clock_.advance(60ms);
  }
  EXPECT_EQ(read(cache, "a"), "-");
  EXPECT_EQ(cache.departure(key("a")), Departure::expired);
  EXPECT_EQ(cache.stats().expirations, 1u);
  EXPECT_EQ(cache.stats().entries, 0u);
}

TEST_P(CacheTest, WhatHasExpiredIsNotTaken) {
  Cache cache = make(10);
  EXPECT_FALSE(cache.insert(key("a"), copy("1", 1, clock_.now())));
  EXPECT_EQ(cache.stats().entries, 0u);
  cache.insert(key("a"), copy("1", 1));
  EXPECT_FALSE(cache.insert(key("a"), copy("2", 2, clock_.now())));
  EXPECT_EQ(read(cache, "a"), "-") << "the older copy is out of date";
}

TEST_P(CacheTest, PeekingLeavesNoTrace) {
  Cache cache = make(2);
  cache.insert(key("a"), copy("1", 0, clock_.now() + 1s));
  EXPECT_EQ(cache.peek(key("a"))->bytes.view(), "1");
  EXPECT_FALSE(cache.peek(key("b")));
  clock_.advance(1s);
  EXPECT_FALSE(cache.peek(key("a")));
  const CacheStats stats = cache.stats();
  EXPECT_EQ(stats.hits + stats.misses() + stats.expirations, 0u);
  EXPECT_EQ(stats.entries, 1u);
}

TEST_P(CacheTest, TheBudgetHoldsAtEveryStep) {
  for (const std::size_t capacity : {0, 1, 2, 7}) {
    Cache cache = make(capacity);
    for (int i = 0; i < 200; ++i) {
      fill(cache, i % 20, std::to_string(i % 3));
      ASSERT_LE(cache.stats().charge, capacity);
      ASSERT_EQ(cache.audit(), "");
    }
    EXPECT_EQ(cache.stats().entries, capacity);
  }
}

TEST_P(CacheTest, WhatCannotFitIsRefusedAndHarmsNobody) {
  Cache cache = make(16'000, kBytes);
  for (int i = 0; i < 14; ++i) cache.insert(key("k" + std::to_string(i)), copy("v"));
  EXPECT_FALSE(cache.insert(key("huge"), copy(std::string(16'000, 'x'))));
  EXPECT_EQ(cache.stats().entries, 14u);
  EXPECT_EQ(cache.stats().evictions, 0u);
}

TEST_P(CacheTest, ARefusedCopyTakesItsOlderOneAlong) {
  Cache cache = make(16'000, kBytes);
  cache.insert(key("a"), copy("small", 1));
  EXPECT_FALSE(cache.insert(key("a"), copy(std::string(16'000, 'x'), 2)));
  EXPECT_EQ(read(cache, "a"), "-");
  cache.insert(key("a"), copy("small", 3));
  EXPECT_FALSE(cache.insert(key("a"), copy(std::string(16'000, 'x'), 2)));
  EXPECT_EQ(read(cache, "a"), "small") << "a newer one stays";
}

TEST_P(CacheTest, AGrowingValueMakesRoomForItself) {
  Cache cache = make(4'000, kBytes);
  fill(cache, 25);
  for (std::size_t size = 1; size < 3'000; size += 100) {
    cache.insert(key("k5"), copy(std::string(size, 'x')));
    ASSERT_EQ(cache.audit(), "");
  }
  EXPECT_LT(cache.stats().entries, 25u);
}

TEST_P(CacheTest, TheBudgetHoldsForOneValueOfItsSize) {
  for (std::size_t size = 15'000; size < 16'000; size += 16) {
    Cache cache = make(16'000, kBytes);
    for (int round = 0; round < 3; ++round) fill(cache, 60 * (1 + round), round == 2 ? "l" : "k");
    const bool is_kept = cache.insert(key("large"), copy(std::string(size, 'x')));
    ASSERT_EQ(cache.audit(), "") << size;
    ASSERT_EQ(cache.stats().entries > 0 && read(cache, "large") != "-", is_kept) << size;
  }
}

TEST_P(CacheTest, WeightsAreTheCostOfObjects) {
  Cache cache = make(10);
  EXPECT_TRUE(cache.insert(key("a"), copy("1"), 4));
  EXPECT_TRUE(cache.insert(key("b"), copy("1"), 6));
  EXPECT_FALSE(cache.insert(key("c"), copy("1"), 11));
  EXPECT_EQ(cache.stats().charge, 10u);
  EXPECT_TRUE(cache.insert(key("d"), copy("1"), 0));
  EXPECT_LE(cache.stats().charge, 7u);
}

TEST_P(CacheTest, ErasingTellsWhetherItWasHereAndWhyItLeft) {
  Cache cache = make(10);
  cache.insert(key("a"), copy("1"));
  EXPECT_TRUE(cache.erase(key("a")));
  EXPECT_FALSE(cache.erase(key("a")));
  EXPECT_EQ(cache.departure(key("a")), Departure::erased);
  cache.insert(key("a"), copy("1"));
  cache.erase(key("a"), Departure::moved);
  EXPECT_EQ(cache.departure(key("a")), Departure::moved);
  EXPECT_EQ(cache.departure(key("b")), Departure::never_seen);
}

TEST_P(CacheTest, AnEvictionIsRemembered) {
  Cache cache = make(1);
  fill(cache, 2);
  EXPECT_EQ(cache.departure(key("k0")), Departure::evicted);
  EXPECT_EQ(cache.departure(key("k1")), Departure::never_seen);
}

TEST_P(CacheTest, EraseIfTakesThoseAndNoOthers) {
  Cache cache = make(1000, kObjects, 4);
  fill(cache, 100, "a");
  fill(cache, 50, "b");
  const auto is_b = [](std::string_view name) { return name.starts_with('b'); };
  EXPECT_EQ(cache.erase_if(is_b, Departure::moved), 50u);
  EXPECT_EQ(cache.stats().entries, 100u);
  EXPECT_EQ(cache.departure(key("b7")), Departure::moved);
  EXPECT_EQ(cache.audit(), "");
  cache.clear();
  EXPECT_EQ(cache.stats().entries, 0u);
  EXPECT_EQ(cache.stats().charge, 0u);
}

TEST_P(CacheTest, ResizingTakesEffectAtOnce) {
  Cache cache = make(100, kObjects, 4);
  fill(cache, 1000);
  EXPECT_EQ(cache.stats().entries, 100u);
  cache.resize(10);
  EXPECT_EQ(cache.capacity(), 10u);
  EXPECT_EQ(cache.stats().entries, 10u);
  cache.resize(50);
  fill(cache, 1000);
  EXPECT_EQ(cache.stats().entries, 50u);
  cache.resize(0);
  EXPECT_EQ(cache.stats().entries, 0u);
  EXPECT_EQ(cache.audit(), "");
}

TEST_P(CacheTest, NewKeysThatAreUsedStay) {
  Cache cache = make(10);
  for (int round = 0; round < 2; ++round) fill(cache, 10);
  for (int round = 0; round < 25; ++round) fill(cache, 2, "new");
  // Where every write is a use, a key that is written again and again is not the first to leave.
  EXPECT_EQ(read(cache, "new1"), "v");
}

TEST_P(CacheTest, ACopyThatIsReadOutlivesItsEntry) {
  Cache cache = make(1);
  cache.insert(key("a"), copy("kept"));
  const auto found = cache.find(key("a"));
  cache.insert(key("b"), copy("other"));
  cache.clear();
  EXPECT_EQ(found->bytes.view(), "kept");
}

TEST_P(CacheTest, AValueOutlivesTheCacheThatItWasReadFrom) {
  std::optional<Copy> found;
  {
    Cache cache = make(10);
    cache.insert(key("a"), copy("kept"));
    found = cache.find(key("a"));
  }
  EXPECT_EQ(found->bytes.view(), "kept");
}

TEST_P(CacheTest, ManyAreFoundInTheirPlaces) {
  Cache cache = make(10'000, kObjects, 8);
  std::vector<std::string> names;
  for (int i = 0; i < 300; ++i) names.push_back("k" + std::to_string(i));
  for (std::size_t i = 0; i < names.size(); i += 2) cache.insert(key(names[i]), copy(names[i]));
  std::vector<KeyView> keys;
  for (const std::string& name : names) keys.push_back(key(name));
  std::vector<std::optional<Copy>> found(keys.size());
  cache.find_many(keys, found);
  for (std::size_t i = 0; i < names.size(); ++i) {
    ASSERT_EQ(found[i].has_value(), i % 2 == 0) << i;
    if (found[i]) {
      ASSERT_EQ(found[i]->bytes.view(), names[i]);
    }
  }
  EXPECT_EQ(cache.stats().hits, 150u);
  EXPECT_EQ(cache.stats().misses_cold, 150u);
}

TEST_P(CacheTest, ErasesByPrefixAndByTag) {
  Cache cache = make(1000, kObjects, 4);
  fill(cache, 20, "user:");
  fill(cache, 30, "course:");
  const std::array<std::string_view, 2> tags{"maths", "2026"};
  cache.insert(key("course:1"), copy("v"), 1, tags);
  cache.insert(key("exam"), copy("v"), 1, std::span(tags).first(1));
  EXPECT_EQ(cache.erase_tag("2026"), 1u);
  EXPECT_EQ(cache.erase_tag("maths"), 1u);
  EXPECT_EQ(cache.erase_tag("history"), 0u);
  EXPECT_EQ(cache.erase_prefix("user:"), 20u);
  EXPECT_EQ(cache.size(), 29u);
  EXPECT_EQ(cache.audit(), "");
}

TEST_P(CacheTest, AMissKnowsWhy) {
  Cache cache = make(2);
  cache.insert(key("short"), copy("v", 0, clock_.now() + 1s));
  clock_.advance(1s);
  read(cache, "short");
  read(cache, "short");
  fill(cache, 3);
  for (const char* name : {"k0", "k1", "k2"}) read(cache, name);
  cache.insert(key("erased"), copy("v"));
  cache.erase(key("erased"));
  for (const char* name : {"erased", "new"}) read(cache, name);
  const CacheStats stats = cache.stats();
  EXPECT_EQ(stats.misses_expired, 2u);
  EXPECT_EQ(stats.misses_evicted, 1u);
  EXPECT_EQ(stats.misses_erased, 1u);
  EXPECT_EQ(stats.misses_cold, 1u);
}

TEST_P(CacheTest, ListenersHearOfEveryCopyOnce) {
  std::string heard;
  Cache cache({.capacity = 2,
               .unit = kObjects,
               .policy = GetParam(),
               .shards = 1,
               .on_insert =
                   [&](std::string_view name, const Copy& copy) {
                     heard += "+" + std::string(name) + std::string(copy.bytes.view()) + " ";
                   },
               .on_departure =
                   [&](std::string_view name, const Copy& copy, Departure why) {
                     heard += "-" + std::string(name) + std::string(copy.bytes.view()) + " " +
                              std::string(departure_name(why)) + " ";
                   }},
              clock_);
  cache.insert(key("a"), copy("1"));
  cache.insert(key("a"), copy("2", 0, clock_.now() + 1s));
  clock_.advance(1s);
  cache.find(key("a"));
  cache.insert(key("b"), copy("3"));
  cache.erase(key("b"));
  EXPECT_EQ(heard, "+a1 -a1 replaced +a2 -a2 expired +b3 -b3 erased ");
}

TEST_P(CacheTest, AListenerMayCallTheCache) {
  Cache* self = nullptr;
  Cache cache({.capacity = 3,
               .unit = kObjects,
               .policy = GetParam(),
               .shards = 1,
               .on_departure =
                   [&self](std::string_view name, const Copy&, Departure) {
                     if (name.size() < 4) self->insert(key("kept " + std::string(name)), copy("v"));
                   }},
              clock_);
  self = &cache;
  fill(cache, 10);
  EXPECT_EQ(cache.size(), 3u);
  EXPECT_EQ(cache.audit(), "");
}

TEST_P(CacheTest, AWalkVisitsWhatIsHereThroughoutOnce) {
  Cache cache = make(100'000, kObjects, 4);
  fill(cache, 3'000, "stays");
  fill(cache, 3'000, "goes");
  std::map<std::string, int> visits;
  int added = 0;
  cache.for_each([&](std::string_view name, const Copy& seen) {
    EXPECT_EQ(seen.bytes.view(), "v");
    ++visits[std::string(name)];
    cache.erase(key("goes" + std::to_string(added)));
    cache.insert(key("new" + std::to_string(added++)), copy("v"));
  });
  for (int i = 0; i < 3'000; ++i) ASSERT_EQ(visits["stays" + std::to_string(i)], 1) << i;
  for (const auto& [name, times] : visits) ASSERT_LE(times, 1) << name;
}

TEST_P(CacheTest, AWalkPassesOverWhatHasExpired) {
  Cache cache = make(10);
  cache.insert(key("short"), copy("v", 0, clock_.now() + 1s));
  cache.insert(key("long"), copy("v"));
  clock_.advance(1s);
  std::string seen;
  cache.for_each([&](std::string_view name, const Copy&) { seen += name; });
  EXPECT_EQ(seen, "long");
}

TEST_P(CacheTest, WhatHasExpiredLeavesUnasked) {
  Cache cache = make(10'000);
  for (int i = 0; i < 1'000; ++i)
    cache.insert(key("k" + std::to_string(i)), copy("v", 0, clock_.now() + 1s));
  clock_.advance(1s);
  fill(cache, 2'000, "new");
  EXPECT_EQ(cache.stats().expirations, 1'000u);
  EXPECT_EQ(cache.size(), 2'000u);
}

TEST_P(CacheTest, AValueLargerThanAShardsPartIsTaken) {
  Cache cache = make(1 << 20, kBytes, 16);
  fill(cache, 20'000);
  const std::string large(600'000, 'x');
  EXPECT_TRUE(cache.insert(key("large"), copy(large)));
  EXPECT_EQ(read(cache, "large"), large);
  EXPECT_EQ(cache.audit(), "");
  EXPECT_LE(cache.stats().charge, cache.capacity());
  EXPECT_GT(cache.size(), 1'000u) << "the others lose their share of it and no more";
  cache.erase(key("large"));
  fill(cache, 20'000);
  EXPECT_GT(cache.stats().charge, (1u << 20) * 9 / 10) << "what was lent is back";
}

TEST_P(CacheTest, LargeValuesTakeTurns) {
  Cache cache = make(1 << 20, kBytes, 16);
  for (int i = 0; i < 40; ++i) {
    const std::string name = std::to_string(i);
    ASSERT_TRUE(cache.insert(key(name), copy(std::string(380'000, 'x'), 1)));
    ASSERT_TRUE(cache.insert(key(name), copy(std::string(280'000, 'y'), 2)));
    ASSERT_EQ(read(cache, name).size(), 280'000u);
    ASSERT_LE(cache.stats().charge, cache.capacity());
    ASSERT_EQ(cache.audit(), "");
  }
  EXPECT_GE(cache.size(), 3u);
  cache.resize(200'000);
  EXPECT_EQ(cache.audit(), "");
  EXPECT_LE(cache.stats().charge, 200'000u);
}

TEST_P(CacheTest, WhatWasLentComesBackFromEveryEnd) {
  Cache cache = make(1 << 20, kBytes, 16);
  for (const std::size_t size : {1'030'000, 1'040'000, 1'000'000, 900'000}) {
    cache.insert(key("a"), copy(std::string(size, 'x'), 7));
    cache.insert(key("a"), copy(std::string(size, 'x'), 5));                // too old
    cache.insert(key("b"), copy(std::string(size, 'x'), 7, clock_.now()));  // too late
    cache.insert(key("b"), copy(std::string(size, 'x'), 7, clock_.now() + 1s));
    clock_.advance(1s);
    read(cache, "b");
    ASSERT_EQ(cache.audit(), "");
  }
  cache.clear();
  fill(cache, 30'000);
  EXPECT_GT(cache.stats().charge, (1u << 20) * 9 / 10);
}

TEST(CacheListenerTest, MayInsertALargeValueWhileRoomIsMadeForAnother) {
  testing::SimScheduler clock;
  Cache* self = nullptr;
  Cache cache({.capacity = 1 << 20,
               .shards = 16,
               .on_departure =
                   [&self](std::string_view name, const Copy&, Departure) {
                     if (name == "first")
                       self->insert(key("again"), copy(std::string(500'000, 'x')));
                   }},
              clock);
  self = &cache;
  cache.insert(key("first"), copy(std::string(700'000, 'x')));
  cache.insert(key("second"), copy(std::string(800'000, 'x')));
  EXPECT_EQ(cache.audit(), "");
  EXPECT_LE(cache.stats().charge, cache.capacity());
}

/// Throws out at random: what a user may write.
class Dice final : public Policy {
 public:
  void insert(PolicyEntry& entry) override { entries_.push_back(&entry); }
  void touch(PolicyEntry& /*entry*/) override {}
  void remove(PolicyEntry& entry) override { std::erase(entries_, &entry); }
  PolicyEntry* evict() override {
    if (entries_.empty()) return nullptr;
    std::swap(entries_[random_() % entries_.size()], entries_.back());
    PolicyEntry* victim = entries_.back();
    entries_.pop_back();
    return victim;
  }
  void resize(PolicyBudget /*budget*/) override {}

 private:
  std::mt19937 random_;
  std::vector<PolicyEntry*> entries_;
};

TEST(CacheOwnPolicyTest, DecidesWhoLeavesAndItsEntriesNeverMove) {
  testing::SimScheduler clock;
  Cache cache({.capacity = 1 << 20,
               .own_policy = [](PolicyBudget, EntryPool&) { return std::make_unique<Dice>(); }},
              clock);
  for (int i = 0; i < 20'000; ++i) {
    const auto size = static_cast<std::size_t>(i < 10'000 ? 40 : 300);
    const std::string name = std::to_string(i % 7'000);
    cache.insert(key(name), copy(std::string(size, 'v')));
  }
  EXPECT_GT(cache.stats().evictions, 5'000u);
  EXPECT_EQ(cache.audit(), "");
}

TEST(CacheShardsTest, AreAPowerOfTwoThatSuitsTheCapacity) {
  testing::SimScheduler clock;
  EXPECT_EQ(Cache({.capacity = 1 << 20}, clock).shards(), 1u);
  EXPECT_EQ(Cache({.capacity = 16 << 20}, clock).shards(), 2u);
  EXPECT_EQ(Cache({.capacity = 100, .unit = kObjects}, clock).shards(), 1u);
  EXPECT_EQ(Cache({.capacity = 100, .shards = 7}, clock).shards(), 4u);
  EXPECT_EQ(Cache({.capacity = 100, .shards = 100'000}, clock).shards(), 256u);
}

TEST(CacheShardsTest, ADefaultCacheTakesTheLargestValue) {
  testing::SimScheduler clock;
  Cache cache({}, clock);
  EXPECT_TRUE(cache.insert(key("a"), copy(std::string(std::size_t{16} << 20, 'x'))));
}

TEST(CacheShardsTest, ShareTheCapacityToTheLast) {
  testing::SimScheduler clock;
  Cache cache({.capacity = 103, .unit = kObjects, .shards = 8}, clock);
  for (int i = 0; i < 10'000; ++i) cache.insert(key(std::to_string(i)), copy("v"));
  EXPECT_EQ(cache.stats().entries, 103u);
}

TEST(CacheNamesTest, DeparturesHaveNames) {
  EXPECT_EQ(departure_name(Departure::never_seen), "never_seen");
  EXPECT_EQ(departure_name(Departure::moved), "moved");
}

}  // namespace
}  // namespace ringcache
