// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/auto/contest.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "cache/slab_pool.h"

namespace ringcache {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

TEST(ContestTest, ASampleIsHalvedUntilTheMiniaturesAreSmall) {
  SlabPool pool;
  Contest contest({.capacity = 100'000}, pool);
  EXPECT_TRUE(contest.is_whole());
  for (std::uint64_t i = 0; i < 100'000; ++i)
    if (contest.is_sampled(i)) contest.ask(i, 1);
  EXPECT_FALSE(contest.is_whole());
  EXPECT_LE(contest.leader().size(), 512u);
  EXPECT_GE(contest.leader().size(), 200u);
}

TEST(ContestTest, ASampledKeyIsSampledAlways) {
  SlabPool pool;
  Contest contest({.capacity = 100'000}, pool);
  for (std::uint64_t i = 0; i < 100'000; ++i)
    if (contest.is_sampled(i)) contest.ask(i, 1);
  contest.leader().for_each(
      [&](std::uint64_t hash) { EXPECT_TRUE(contest.is_sampled(hash)) << hash; });
}

TEST(ContestTest, ALoopIsWonByWhoKeepsAPartOfIt) {
  SlabPool pool;
  Contest contest({.capacity = 100}, pool);
  contest.start();
  for (std::uint64_t i = 0; i < 5'000; ++i) contest.ask(i % 150, 1);
  contest.set_leader(contest.best());
  EXPECT_NE(contest.leading_expert().name, "lru");
  EXPECT_EQ(contest.advantage(contest.best()), 0);
}

TEST(ContestTest, ThePilotsKnowADriftBeforeTheCacheIsFull) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  SlabPool pool;
  Contest contest({.capacity = 400}, pool);
  for (std::uint64_t i = 0; i < 8'000; ++i) {
    contest.fill(i / 20, i / 20);
    contest.ask(i / 20 + random() % 40, 1);  // forty keys, each for a while
  }
  contest.start();
  EXPECT_NE(contest.leading_expert().name, "lirs");
}

TEST(ContestTest, ABudgetInBytesBoundsIt) {
  for (const std::size_t capacity : {4 * kMiB, 32 * kMiB, 512 * kMiB}) {
    const PolicyBudget budget{.capacity = capacity, .memory_max = capacity / 10};
    ASSERT_TRUE(Contest::is_possible(budget));
    SlabPool pool;
    EXPECT_LE(Contest(budget, pool).memory(), capacity / 100);
  }
  EXPECT_FALSE(Contest::is_possible({.capacity = kMiB / 4, .memory_max = kMiB / 40}));
}

TEST(ContestTest, ItTakesNoMoreMemoryThanItSays) {
  const PolicyBudget budget{.capacity = 32 * kMiB, .memory_max = 3 * kMiB};
  SlabPool pool;
  Contest contest(budget, pool);
  for (std::uint64_t i = 0; i < 300'000; ++i) {
    contest.fill(i * 300, i);
    if (contest.is_sampled(i)) contest.ask(i, static_cast<std::uint32_t>(200 + i % 200));
  }
  EXPECT_LE(pool.footprint(), contest.memory());
}

TEST(ContestTest, AnErasedKeyIsForgottenByAll) {
  SlabPool pool;
  Contest contest({.capacity = 100}, pool);
  contest.ask(7, 1);
  EXPECT_TRUE(contest.leader().holds(7));
  contest.forget(7);
  for (std::size_t i = 0; i < 7; ++i) EXPECT_FALSE(contest.miniature(i).holds(7));
}

TEST(ContestTest, AMuchSmallerCacheIsSampledMore) {
  SlabPool pool;
  Contest contest({.capacity = 100'000}, pool);
  for (std::uint64_t i = 0; i < 100'000; ++i)
    if (contest.is_sampled(i)) contest.ask(i, 1);
  contest.resize({.capacity = 400});
  for (std::uint64_t i = 0; i < 2'000; ++i)
    if (contest.is_sampled(i)) contest.ask(i, 1);
  EXPECT_TRUE(contest.is_whole());
}

}  // namespace
}  // namespace ringcache
