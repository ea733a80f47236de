// SPDX-License-Identifier: Apache-2.0
#include "group/freshness.h"

#include <gtest/gtest.h>

#include <set>

#include <ringcache/testing/sim_scheduler.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using State = Freshness::State;

class FreshnessTest : public ::testing::Test {
 protected:
  Copy copy(const GroupLimits& limits, const Value& value = {}, std::uint64_t version = 1) {
    freshness.set(limits);
    Copy dated{.bytes = Bytes::copy("v"), .version = version, .loaded_at = begun};
    freshness.date_value(dated, kHash, value);
    return dated;
  }
  State state(const Copy& of, Duration age, Duration load = 1ms) const {
    return freshness.state(of, kHash, load, begun + age);
  }

  /// How many of a thousand moments between the two ages find the copy ripe.
  int ripe(const Copy& of, Duration from, Duration to, Duration load) const {
    int count = 0;
    for (int i = 0; i < 1'000; ++i)
      count += state(of, from + (to - from) / 1'000 * i, load) == State::ripe;
    return count;
  }

  static constexpr std::uint64_t kHash = 77;
  testing::SimScheduler scheduler;
  const Time begun = scheduler.now();
  Freshness freshness;
};

TEST_F(FreshnessTest, WithoutAMaxAgeACopyHasNoEnd) {
  const Copy dated = copy({});
  EXPECT_EQ(dated.fresh_until, Time::max());
  EXPECT_EQ(dated.expires_at, Time::max());
  scheduler.advance(100h);
  EXPECT_FALSE(freshness.is_in_later_life(dated, scheduler));
}

TEST_F(FreshnessTest, WithoutWindowsACopyEndsWithItsAge) {
  const Copy dated = copy({.max_age = 10s});
  EXPECT_EQ(dated.fresh_until, begun + 10s);
  EXPECT_EQ(dated.expires_at, begun + 10s);
  EXPECT_FALSE(dated.ends_with_row);
}

TEST_F(FreshnessTest, ACopyIsKeptForTheLongerOfItsWindows) {
  const GroupLimits limits{.max_age = 10s, .stale_while_revalidate = 5s, .stale_if_error = 20s};
  EXPECT_EQ(copy(limits).fresh_until, begun + 10s);
  EXPECT_EQ(copy(limits).expires_at, begun + 30s);
}

TEST_F(FreshnessTest, NoWindowReachesBeyondTheEndOfTheRow) {
  const GroupLimits limits{.max_age = 10s, .stale_if_error = 20s};
  const Copy in_window = copy(limits, {.expires_at = begun + 15s});
  EXPECT_EQ(in_window.expires_at, begun + 15s);
  EXPECT_EQ(in_window.fresh_until, begun + 10s);
  EXPECT_TRUE(in_window.ends_with_row);
  const Copy young = copy(limits, {.expires_at = begun + 3s});
  EXPECT_EQ(young.fresh_until, begun + 3s);
  EXPECT_TRUE(young.ends_with_row);
  EXPECT_FALSE(copy(limits, {.expires_at = begun + 31s}).ends_with_row);
}

TEST_F(FreshnessTest, AValueMayHaveAMaxAgeOfItsOwn) {
  EXPECT_EQ(copy({.max_age = 10s}, {.max_age = 2s}).fresh_until, begun + 2s);
  EXPECT_EQ(copy({}, {.max_age = 2s}).fresh_until, begun + 2s);
  EXPECT_EQ(copy({.max_age = 10s}, {.max_age = 20s}).fresh_until, begun + 20s);
}

TEST_F(FreshnessTest, JitterShortensEachAgeByAShareOfItsOwnThatRepeats) {
  const GroupLimits limits{.max_age = 1000s, .max_age_jitter = 0.1};
  std::set<Time> ends;
  for (std::uint64_t version = 1; version <= 100; ++version) {
    const Time end = copy(limits, {}, version).fresh_until;
    EXPECT_GT(end, begun + 900s);
    EXPECT_LE(end, begun + 1000s);
    EXPECT_EQ(end, copy(limits, {}, version).fresh_until);
    ends.insert(end);
  }
  EXPECT_GT(ends.size(), 90u);
  EXPECT_LT(*ends.begin(), begun + 920s);
  EXPECT_GT(*ends.rbegin(), begun + 980s);
}

TEST_F(FreshnessTest, AnAbsenceIsNeverStale) {
  freshness.set({.negative_max_age = 5s, .stale_if_error = 20s});
  Copy absence{.version = 1, .loaded_at = begun};
  freshness.date_absence(absence);
  EXPECT_EQ(absence.fresh_until, begun + 5s);
  EXPECT_EQ(absence.expires_at, begun + 5s);
}

TEST_F(FreshnessTest, ACopyPassesThroughItsStates) {
  const Copy dated = copy({.max_age = 10s, .stale_while_revalidate = 5s, .stale_if_error = 20s});
  EXPECT_EQ(state(dated, 0s), State::fresh);
  EXPECT_EQ(state(dated, 9s), State::fresh);
  EXPECT_EQ(state(dated, 10s - 1ns), State::ripe);
  EXPECT_EQ(state(dated, 10s), State::stale);
  EXPECT_EQ(state(dated, 15s - 1ns), State::stale);
  EXPECT_EQ(state(dated, 15s), State::reserve);
  EXPECT_EQ(state(dated, 30s - 1ns), State::reserve);
  EXPECT_EQ(state(dated, 30s), State::spent);
}

TEST_F(FreshnessTest, ChanceRisesTowardsTheEndAndWithTheTimeOfALoad) {
  const Copy dated = copy({.max_age = 10s});
  EXPECT_EQ(ripe(dated, 0s, 5s, 1s), 0) << "never in the first half";
  EXPECT_NEAR(ripe(dated, 6s, 6s + 1ms, 1s), 18, 15) << "e^-4 of 1000";
  EXPECT_NEAR(ripe(dated, 7s, 7s + 1ms, 1s), 50, 25) << "e^-3 of 1000";
  EXPECT_EQ(ripe(dated, 7s, 7s + 1ms, 10ms), 0);
  EXPECT_EQ(ripe(dated, 8s, 10s, 1s), 1'000) << "for certain with time for two loads";
}

TEST_F(FreshnessTest, RefreshAheadIsCertainFromItsPointOn) {
  const Copy dated = copy({.max_age = 10s, .refresh_ahead = 0.3});
  EXPECT_EQ(state(dated, 3s - 1ms), State::fresh);
  EXPECT_EQ(state(dated, 3s), State::ripe);
}

TEST_F(FreshnessTest, TheQuickLooksNeverMissARipeCopy) {
  for (const double ahead : {0.0, 0.1, 0.5, 0.8, 1.0}) {
    const Copy dated = copy({.max_age = 10s, .refresh_ahead = ahead});
    for (Duration age = 0s; age < 10s; age += 7ms) {
      testing::SimScheduler clock;
      clock.advance(age);
      if (state(dated, age, 300ms) != State::ripe) continue;
      EXPECT_TRUE(freshness.is_in_later_life(dated, clock)) << ahead << " " << age.count();
      EXPECT_TRUE(clock.has_come(freshness.ripens(dated, 300ms))) << ahead << " " << age.count();
    }
  }
}

TEST_F(FreshnessTest, ACopyThatEndsWithItsRowIsNotReadAgainForThat) {
  const Copy dated = copy({.max_age = 10s}, {.expires_at = begun + 3s});
  scheduler.advance(3s - 1ns);
  EXPECT_FALSE(freshness.is_in_later_life(dated, scheduler));
}

TEST_F(FreshnessTest, TellsTheLimitsItWasGiven) {
  const GroupLimits given{.max_age = 1s,
                          .max_age_jitter = 0.2,
                          .negative_max_age = 3s,
                          .stale_while_revalidate = 4s,
                          .stale_if_error = 5s,
                          .refresh_ahead = 0.6};
  GroupLimits told;
  freshness.set(given);
  freshness.add_to(told);
  EXPECT_EQ(told.max_age, given.max_age);
  EXPECT_EQ(told.max_age_jitter, given.max_age_jitter);
  EXPECT_EQ(told.negative_max_age, given.negative_max_age);
  EXPECT_EQ(told.stale_while_revalidate, given.stale_while_revalidate);
  EXPECT_EQ(told.stale_if_error, given.stale_if_error);
  EXPECT_EQ(told.refresh_ahead, given.refresh_ahead);
}

}  // namespace
}  // namespace ringcache
