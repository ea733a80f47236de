// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "support/one_node.h"
#include "support/sim_cluster.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::SimCluster;

class GroupRefreshTest : public testing::OneNode {
 protected:
  /// A group whose key "k" was loaded as "old" in `load` and is "new" by now, its copy that old.
  void start_aged(const GroupLimits& limits, Duration age, Duration load = 0s) {
    start({.limits = limits});
    source->set("k", "old");
    source->hold();
    get("k");
    scheduler.advance(load);
    source->open();
    source->set("k", "new");
    scheduler.advance(age - load);
  }

  /// What a get answers now, and whether as a stale copy: "old (stale)".
  std::string got(const Call& call = {}) {
    const auto asked = get("k", call);
    const bool is_stale = asked.answered() && asked.result() && asked.result()->stale;
    return asked.word() + (is_stale ? " (stale)" : "");
  }

  void fail(Errc code) { source->fail_with(Error{code, "trouble"}); }
  void heal() { source->fail_with(std::nullopt); }

  static constexpr GroupLimits kRevalidate{.max_age = 10s, .stale_while_revalidate = 5s};
  static constexpr GroupLimits kReserve{.max_age = 10s, .stale_if_error = 60s};
};

// Before the end
// -----------------------------------------------------------------------------------

TEST_F(GroupRefreshTest, AHitInTheLastMomentsReadsAgainInTheBackground) {
  start_aged({.max_age = 10s}, 9'700ms, 200ms);
  EXPECT_EQ(got(), "old");
  scheduler.settle();
  EXPECT_EQ(source->gets(), 2u);
  EXPECT_EQ(group->stats().refreshes, 1u);
  EXPECT_EQ(got(), "new");
  scheduler.advance(9s);
  EXPECT_EQ(got(), "new") << "its age counts from the refresh";
}

TEST_F(GroupRefreshTest, AHitBeforeThatReadsNothing) {
  start_aged({.max_age = 10s}, 4'900ms, 200ms);
  for (int i = 0; i < 1'000; ++i) EXPECT_EQ(got(), "old");
  scheduler.settle();
  EXPECT_EQ(source->gets(), 1u);
}

TEST_F(GroupRefreshTest, OneRefreshOfAKeyIsInFlightHoweverManyAsk) {
  start_aged({.max_age = 10s}, 9'900ms, 200ms);
  source->hold();
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(got(), "old");
    scheduler.settle();
  }
  EXPECT_EQ(source->gets(), 2u);
  EXPECT_EQ(group->stats().refreshes, 1u);
  EXPECT_EQ(source->count("k").reading_max, 1u);
}

TEST_F(GroupRefreshTest, RefreshAheadReadsAgainAfterItsShareOfTheAge) {
  start_aged({.max_age = 10s, .refresh_ahead = 0.8}, 7'999ms);
  EXPECT_EQ(got(), "old");
  scheduler.advance(1ms);
  EXPECT_EQ(source->gets(), 1u);
  EXPECT_EQ(got(), "old");
  scheduler.settle();
  EXPECT_EQ(got(), "new");
}

TEST_F(GroupRefreshTest, AGetThatFindsNoCopyJoinsTheRefresh) {
  start_aged({.max_age = 10s}, 9'900ms, 200ms);
  source->hold();
  got();
  scheduler.advance(100ms);
  const auto waiting = get("k");
  EXPECT_EQ(waiting.word(), "waiting");
  source->open();
  EXPECT_EQ(waiting.word(), "new");
  EXPECT_EQ(source->gets(), 2u);
}

TEST_F(GroupRefreshTest, AnAbsenceThatIsAskedForIsReadAgainToo) {
  start({.limits = {.negative_max_age = 5s}});
  source->hold();
  get("k");
  scheduler.advance(200ms);
  source->open();
  source->set("k", "new");
  scheduler.advance(4'700ms);
  EXPECT_EQ(got(), "not_found");
  scheduler.settle();
  EXPECT_EQ(got(), "new");
}

TEST_F(GroupRefreshTest, ARefreshThatFailsLeavesTheCopy) {
  start_aged({.max_age = 10s}, 9'900ms, 200ms);
  fail(Errc::unavailable);
  got();
  scheduler.settle();
  EXPECT_EQ(got(), "old");
}

TEST_F(GroupRefreshTest, ARefreshThatFindsNoRowEndsTheCopy) {
  start_aged({.max_age = 10s}, 9'900ms, 200ms);
  source->remove("k");
  got();
  scheduler.settle();
  EXPECT_EQ(got(), "not_found");
}

// Against writes
// -----------------------------------------------------------------------------------

TEST_F(GroupRefreshTest, ARefreshUnderWayDoesNotBringBackWhatAWriteReplaced) {
  start_aged({.max_age = 10s}, 9'900ms, 200ms);
  source->hold();
  got();
  scheduler.settle();
  const auto write = put("k", "newer");
  source->release_newest();
  EXPECT_EQ(write.word(), "newer");
  source->open();
  EXPECT_EQ(got(), "newer");
}

TEST_F(GroupRefreshTest, NorWhatAnEraseRemoved) {
  start_aged(kRevalidate, 12s);
  source->hold();
  EXPECT_EQ(got(), "old (stale)");
  scheduler.settle();
  const auto gone = erase("k");
  source->release_newest();
  EXPECT_EQ(gone.word(), "done");
  source->open();
  EXPECT_EQ(got(), "not_found");
}

TEST_F(GroupRefreshTest, AWriteEndsAStaleCopyThoughItFails) {
  start_aged(kReserve, 12s);
  fail(Errc::unavailable);
  EXPECT_EQ(got(), "old (stale)");
  EXPECT_EQ(put("k", "newer").word(), "unavailable");
  EXPECT_EQ(got(), "unavailable");
}

// Past the end
// -------------------------------------------------------------------------------------

TEST_F(GroupRefreshTest, WhileRevalidatingAStaleCopyAnswersAtOnce) {
  start_aged(kRevalidate, 10s);
  source->hold();
  EXPECT_EQ(got(), "old (stale)");
  EXPECT_EQ(got(), "old (stale)");
  scheduler.settle();
  EXPECT_EQ(source->gets(), 2u);
  source->open();
  EXPECT_EQ(got(), "new");
  EXPECT_EQ(group->stats().stales, 2u);
}

TEST_F(GroupRefreshTest, AStaleAnswerTellsItsAge) {
  start_aged(kRevalidate, 12s);
  const auto asked = get("k");
  EXPECT_EQ(scheduler.now() - asked.result()->loaded_at, 12s);
  EXPECT_EQ(asked.result()->expires_at, Time::max());
  EXPECT_TRUE(asked.result()->hit);
}

TEST_F(GroupRefreshTest, AfterTheWindowAGetWaits) {
  start_aged(kRevalidate, 15s);
  EXPECT_EQ(got(), "new");
  EXPECT_EQ(group->stats().refreshes, 0u);
}

TEST_F(GroupRefreshTest, AHealthySourceIsWaitedForThoughThereIsAReserve) {
  start_aged(kReserve, 12s);
  source->hold();
  const auto asked = get("k");
  EXPECT_EQ(asked.word(), "waiting");
  source->open();
  EXPECT_EQ(asked.word(), "new");
  EXPECT_FALSE(asked.result()->stale);
  EXPECT_EQ(group->stats().cache.misses_expired, 1u);
}

TEST_F(GroupRefreshTest, ASourceInTroubleIsReplacedByTheStaleCopy) {
  for (const Errc code : {Errc::unavailable, Errc::deadline_exceeded, Errc::overloaded,
                          Errc::internal, Errc::unknown}) {
    heal();
    start_aged(kReserve, 12s);
    fail(code);
    EXPECT_EQ(got(), "old (stale)") << errc_name(code);
  }
}

TEST_F(GroupRefreshTest, ButNotItsWordThatThereIsNoSuchKey) {
  start_aged(kReserve, 12s);
  source->remove("k");
  EXPECT_EQ(got(), "not_found");
  fail(Errc::unavailable);
  EXPECT_EQ(got(), "not_found");
}

TEST_F(GroupRefreshTest, TheReserveEndsTooHoweverOftenItWasUsed) {
  start_aged(kReserve, 10s);
  fail(Errc::unavailable);
  for (int i = 0; i < 60; ++i) {
    EXPECT_EQ(got(), "old (stale)");
    scheduler.advance(1s);
  }
  EXPECT_EQ(got(), "unavailable");
}

TEST_F(GroupRefreshTest, TheShorterWindowIsNotAsLongAsTheOther) {
  start_aged({.max_age = 10s, .stale_while_revalidate = 5s, .stale_if_error = 60s}, 16s);
  EXPECT_EQ(got(), "new");
  start_aged({.max_age = 10s, .stale_while_revalidate = 60s, .stale_if_error = 5s}, 60s);
  EXPECT_EQ(got(), "old (stale)");
}

TEST_F(GroupRefreshTest, AHangingSourceIsReplacedShortlyBeforeTheDeadline) {
  start_aged(kReserve, 12s);
  source->hold();
  const auto asked = get("k", within(400ms));
  scheduler.advance(349ms);
  EXPECT_EQ(asked.word(), "waiting");
  scheduler.advance(1ms);
  EXPECT_EQ(asked.word(), "old");
  EXPECT_TRUE(asked.result()->stale);
}

TEST_F(GroupRefreshTest, OfATroubleThatIsKnownNobodyWaitsToFindOut) {
  start_aged(kReserve, 12s);
  source->hold();
  get("k", within(400ms));
  scheduler.advance(400ms);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(got(within(400ms)), "old (stale)");
  source->open();
  EXPECT_EQ(got(), "new");
}

TEST_F(GroupRefreshTest, ASourceInTroubleIsTriedTwiceASecond) {
  start_aged(kReserve, 12s);
  fail(Errc::unavailable);
  got();
  const unsigned before = source->gets();
  for (int i = 0; i < 3'000; ++i) {
    EXPECT_EQ(got(), "old (stale)");
    scheduler.advance(1ms);
  }
  EXPECT_LE(source->gets() - before, 6u);
  EXPECT_GE(source->gets() - before, 5u);
  heal();
  scheduler.advance(500ms);
  got();
  scheduler.settle();
  EXPECT_EQ(got(), "new");
}

TEST_F(GroupRefreshTest, ARowThatHasEndedIsNeverAnAnswer) {
  const Time end = scheduler.now() + 15s;
  source->answer_with({.expires_at = end});
  start_aged(kReserve, 14s);
  fail(Errc::unavailable);
  EXPECT_EQ(got(), "old (stale)");
  EXPECT_EQ(get("k").result()->expires_at, end);
  scheduler.advance(1s);
  EXPECT_EQ(got(), "unavailable");
}

TEST_F(GroupRefreshTest, AnOverloadedGroupAnswersWithTheStaleCopy) {
  start({.limits = kReserve, .waiting_max = 1});
  source->set("k", "old");
  get("k");
  scheduler.advance(12s);
  source->hold();
  get("other");
  EXPECT_EQ(got(), "old (stale)");
}

// What a read accepts
// ------------------------------------------------------------------------------

TEST_F(GroupRefreshTest, AReadMayAcceptAStaleCopyAtOnce) {
  start_aged(kReserve, 12s);
  EXPECT_EQ(got({.max_stale = 3s}), "old (stale)");
  EXPECT_EQ(got({.max_stale = Duration::max()}), "old (stale)");
  EXPECT_EQ(source->gets(), 1u);
  EXPECT_EQ(got({.max_stale = 2s}), "new");
}

TEST_F(GroupRefreshTest, WithoutACopyMaxStaleChangesNothing) {
  start({.limits = {.max_age = 10s}});
  source->set("k", "v");
  EXPECT_EQ(got({.max_stale = 1h}), "v");
  scheduler.advance(10s);
  source->set("k", "w");
  EXPECT_EQ(got({.max_stale = 1h}), "w");
}

TEST_F(GroupRefreshTest, ALoaderMayChooseTheMaxAgeOfAValue) {
  source->answer_with({.max_age = 2s});
  start_aged({.max_age = 10s}, 2s);
  EXPECT_EQ(got(), "new");
}

TEST_F(GroupRefreshTest, OtherLimitsKeepTheEndsOfCopiesThatAreHere) {
  start_aged(kRevalidate, 9s);
  group->set_limits({.max_age = 1s});
  EXPECT_EQ(got(), "old");
  scheduler.advance(1s);
  EXPECT_EQ(got(), "new");
  EXPECT_EQ(group->limits().stale_while_revalidate, 0s);
}

// Over the wire
// ------------------------------------------------------------------------------------

class GroupRefreshClusterTest : public ::testing::Test {
 protected:
  GroupRefreshClusterTest() {
    sim.start_all({"a", "b", "c"});
    key = sim.key_owned_by("b");
    sim.source->set(key, "old");
    got();
    sim.scheduler.advance(12s);
    sim.source->set(key, "new");
  }

  std::string got(Duration max_stale = 0s) {
    const Call call{.deadline = sim.scheduler.now() + 5s, .max_stale = max_stale};
    const auto asked = sim.get("a", key, call);
    sim.scheduler.advance(1s);
    const bool is_stale = asked.answered() && asked.result() && asked.result()->stale;
    return asked.word() + (is_stale ? " (stale)" : "");
  }

  SimCluster sim{1, {.limits = {.max_age = 10s, .stale_if_error = 60s}}};
  std::string key;  // owned by b
};

TEST_F(GroupRefreshClusterTest, MaxStaleGoesToTheOwnerWithTheRead) {
  EXPECT_EQ(got(10s), "old (stale)");
  EXPECT_EQ(sim.source->gets(), 1u);
}

TEST_F(GroupRefreshClusterTest, AReadThatAcceptsNoStaleCopyGetsNoneFromOneThatDoes) {
  sim.source->hold();
  const auto strict = sim.get("a", key);
  const auto lax = sim.get("a", key, {.max_stale = 10s});
  const auto strict_again = sim.get("a", key);
  sim.scheduler.advance(100ms);
  EXPECT_EQ(lax.word(), "old") << "nor does it wait for what others need";
  EXPECT_EQ(strict.word(), "waiting");
  sim.source->open();
  sim.scheduler.advance(100ms);
  EXPECT_EQ(strict.word(), "new");
  EXPECT_EQ(strict_again.word(), "new");
}

TEST_F(GroupRefreshClusterTest, AReadThatAcceptsAStaleCopyIsAnsweredWithoutTheOwnerToo) {
  sim.crash("b");
  EXPECT_EQ(got(10s), "new");
  EXPECT_EQ(sim.group("a").stats().bypasses, 1u);
}

TEST_F(GroupRefreshClusterTest, TheReserveOfAnOwnerWhoseSourceHangsComesInTime) {
  sim.source->hold();
  EXPECT_EQ(got(), "old (stale)");
  const auto asked = sim.get("c", key);
  sim.scheduler.advance(20ms);
  EXPECT_EQ(asked.word(), "old") << "the trouble is known";
  sim.source->open();
}

}  // namespace
}  // namespace ringcache
