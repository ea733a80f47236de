// SPDX-License-Identifier: Apache-2.0
#include <ringcache/limit.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <ringcache/testing/fake_source.h>
#include <ringcache/testing/sim_scheduler.h>

#include "support/asked.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::Asked;

TEST(TokenBucketTest, ASecondsWorthMayComeAtOnceAndThenTheRateHolds) {
  TokenBucket bucket(10, 10);
  Time now = Time{} + 1h;
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += bucket.take(1, now) == 0s;
  EXPECT_EQ(taken, 10);
  EXPECT_EQ(bucket.take(1, now), 100ms);
  for (int i = 0; i < 1000; ++i, now += 10ms) taken += bucket.take(1, now) == 0s;
  EXPECT_NEAR(taken, 110, 1);
}

TEST(TokenBucketTest, MoreThanItHoldsIsOwed) {
  TokenBucket bucket(10, 10);
  const Time now = Time{} + 1h;
  EXPECT_EQ(bucket.take(30, now), 0s);
  EXPECT_EQ(bucket.take(1, now), 2100ms);
}

TEST(TokenBucketTest, WithoutARateNobodyWaits) {
  TokenBucket bucket(0, 1);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(bucket.take(50, Time{} + 1h), 0s);
}

TEST(TokenBucketTest, WhoWantsNoneWaitsForNoDebt) {
  TokenBucket bucket(10, 10);
  const Time now = Time{} + 1h;
  EXPECT_EQ(bucket.take(30, now), 0s);
  EXPECT_EQ(bucket.take(0, now), 0s);
  EXPECT_EQ(bucket.take(1, now), 2100ms) << "nor does that pay any";
}

class LimitTest : public ::testing::Test {
 protected:
  void limit(const SourceLimits& limits) {
    guard = SourceGuard::make("source school", limits, scheduler);
    store = guard->guard(source);
  }

  Asked<Value> get(std::string_view name, Duration within = 1h) {
    Asked<Value> asked;
    store->get(KeyView("g", name), {.deadline = scheduler.now() + within}, asked.done());
    scheduler.settle();
    return asked;
  }
  Asked<Value> put(std::string_view name, Duration within = 1h) {
    Asked<Value> asked;
    store->put(KeyView("g", name), {.bytes = Bytes::copy("v")},
               {.deadline = scheduler.now() + within}, asked.done());
    scheduler.settle();
    return asked;
  }
  void release(std::size_t count) {
    source->release(count);
    scheduler.settle();
  }

  ~LimitTest() override { source->open(); }

  testing::SimScheduler scheduler;
  const std::shared_ptr<testing::FakeSource> source = std::make_shared<testing::FakeSource>();
  std::shared_ptr<SourceGuard> guard;
  std::shared_ptr<Store> store;
};

TEST_F(LimitTest, NoMoreRunThanMayAndTheRestComesInItsTurn) {
  limit({.loads_max = 2});
  source->set("k", "v");
  source->hold();
  std::vector<Asked<Value>> all;
  for (int i = 0; i < 5; ++i) all.push_back(get("k"));
  EXPECT_EQ(source->held(), 2u);
  EXPECT_EQ(guard->stats().waiting, 3u);
  release(1);
  EXPECT_EQ(source->held(), 2u);
  EXPECT_EQ(all[0].word(), "v");
  release(2);
  release(2);
  for (const auto& asked : all) EXPECT_EQ(asked.word(), "v");
  EXPECT_EQ(source->count("k").reading_max, 2u);
  EXPECT_EQ(guard->stats().running, 0u);
}

TEST_F(LimitTest, GroupsOfOneSourceShareItsLimit) {
  limit({.loads_max = 1});
  source->hold();
  get("k");
  store = guard->guard(source);
  get("k");
  EXPECT_EQ(source->held(), 1u);
}

TEST_F(LimitTest, TheRateHoldsAndSaysWhenToComeAgain) {
  limit({.loads_per_second = 10, .waiting_max = 5});
  source->set("k", "v");
  std::vector<Asked<Value>> all;
  for (int i = 0; i < 20; ++i) all.push_back(get("k"));
  EXPECT_EQ(source->gets(), 10u);
  EXPECT_EQ(all[14].word(), "waiting");
  ASSERT_EQ(all[15].word(), "overloaded");
  EXPECT_EQ(all[15].result().error().retry_after, 600ms);
  scheduler.advance(500ms);
  EXPECT_EQ(source->gets(), 15u);
  EXPECT_EQ(all[14].word(), "v");
}

TEST_F(LimitTest, WhoWaitsForTokensIsWokenOnceForEach) {
  limit({.loads_max = 50, .loads_per_second = 10});
  source->hold();
  for (int i = 0; i < 30; ++i) get("k");
  for (int i = 0; i < 10; ++i) release(1);
  int steps = 0;
  for (const Time end = scheduler.now() + 2001ms; scheduler.now() < end; ++steps)
    if (!scheduler.step()) break;
  EXPECT_EQ(source->gets(), 30u);
  EXPECT_LE(steps, 45) << "a timer and a turn for each of twenty";
}

TEST_F(LimitTest, WritesPassReadsThatWaitForTokens) {
  limit({.loads_max = 1, .loads_per_second = 10});
  Asked<Values> many;
  store->get_many(std::vector<KeyView>(30, KeyView("g", "k")), {}, many.done());
  const auto read = get("k");
  EXPECT_EQ(put("k").word(), "v");
  source->hold();
  put("k");
  const auto second = put("k");
  EXPECT_EQ(second.word(), "waiting") << "for its turn";
  release(1);
  release(1);
  EXPECT_EQ(second.word(), "v");
  EXPECT_EQ(read.word(), "waiting");
  source->open();
  scheduler.advance(2100ms);
  EXPECT_EQ(read.word(), "v");
}

TEST_F(LimitTest, ACallThatWouldWaitPastItsDeadlineIsRefusedAtOnce) {
  limit({.loads_per_second = 10});
  source->set("k", "v");
  for (int i = 0; i < 10; ++i) get("k");
  EXPECT_EQ(get("k", 50ms).word(), "overloaded");
  EXPECT_EQ(get("k", 150ms).word(), "waiting");
}

TEST_F(LimitTest, OneThatGotNoTurnInTimeIsNotMade) {
  limit({.loads_max = 1});
  source->set("k", "v");
  source->hold();
  get("k");
  const auto late = get("k", 1s);
  const auto unwritten = put("k", 1s);
  scheduler.advance(2s);
  release(1);
  EXPECT_EQ(late.word(), "deadline_exceeded");
  EXPECT_EQ(unwritten.word(), "unavailable");
  EXPECT_EQ(source->gets(), 1u);
  EXPECT_EQ(source->count("k").puts, 0u);
}

TEST_F(LimitTest, ManyKeysAreOneCallAndAsManyTokens) {
  limit({.loads_max = 1, .loads_per_second = 10});
  source->hold();
  const std::vector<KeyView> keys(10, KeyView("g", "k"));
  Asked<Values> many;
  store->get_many(keys, {}, many.done());
  EXPECT_EQ(source->held(), 10u);
  release(10);
  EXPECT_TRUE(many.answered());
  get("k");
  EXPECT_EQ(source->held(), 0u);
  scheduler.advance(100ms);
  EXPECT_EQ(source->held(), 1u);
}

TEST_F(LimitTest, FailuresLetFewerRunAndSuccessesMoreAgain) {
  limit({.loads_max = 16, .failures_max = 1000});
  source->fail_with(Error{Errc::unavailable, "down"});
  for (int i = 0; i < 50; ++i, scheduler.advance(100ms)) get("k");
  EXPECT_EQ(guard->stats().running_max, 1u);
  source->fail_with(std::nullopt);
  for (int i = 0; i < 200; ++i) get("k");
  EXPECT_EQ(guard->stats().running_max, 16u);
}

TEST_F(LimitTest, AnAbsentKeyIsNoFailure) {
  limit({.loads_max = 16, .failures_max = 3});
  for (int i = 0; i < 50; ++i, scheduler.advance(100ms)) EXPECT_EQ(get("k").word(), "not_found");
  EXPECT_EQ(guard->stats().running_max, 16u);
  EXPECT_EQ(guard->stats().failures, 0u);
}

TEST_F(LimitTest, AnOpenCircuitRefusesWithoutAskingUntilATrySucceeds) {
  limit({.failures_max = 3});
  source->set("k", "v");
  source->fail_with(Error{Errc::unavailable, "down"});
  for (int i = 0; i < 3; ++i) get("k");
  const auto refused = get("k");
  ASSERT_EQ(refused.word(), "unavailable");
  EXPECT_EQ(refused.result().error().message,
            "source school is not asked for now, as 3 calls failed one after the other; the last: "
            "down");
  EXPECT_EQ(refused.result().error().retry_after, 500ms);
  EXPECT_EQ(put("k").word(), "unavailable");
  EXPECT_EQ(source->gets(), 3u);
  source->fail_with(std::nullopt);
  scheduler.advance(500ms);
  EXPECT_EQ(get("k").word(), "v");
  EXPECT_EQ(get("k").word(), "v");
}

TEST_F(LimitTest, ABatchFailsIfAllOfItDoes) {
  limit({.failures_max = 3});
  source->set("k", "v");
  source->fail_with(Error{Errc::unavailable, "down"});
  const std::vector<KeyView> keys(2, KeyView("g", "k"));
  for (int i = 0; i < 3; ++i) {
    Asked<Values> many;
    store->get_many(keys, {}, many.done());
    scheduler.settle();
    EXPECT_TRUE(many.result());
  }
  EXPECT_EQ(guard->stats().failures, 3u);
  source->fail_with(std::nullopt);
  EXPECT_EQ(get("k").word(), "unavailable") << "the circuit is open";
}

TEST_F(LimitTest, OneBadKeyOfABatchIsNoFailure) {
  limit({.failures_max = 1});
  source->hold();
  Asked<Values> many;
  store->get_many(std::vector<KeyView>{{"g", "k"}, {"g", "bad"}}, {}, many.done());
  release(1);
  source->fail_with(Error{Errc::internal, "bad"});
  release(1);
  EXPECT_TRUE(many.answered());
  EXPECT_EQ(guard->stats().failures, 0u);
}

TEST_F(LimitTest, ACallerInAHurryOpensNoCircuit) {
  limit({.loads_max = 16, .failures_max = 1});
  source->set("k", "v");
  source->hold();
  source->fail_with(Error{Errc::unavailable, "no answer in time"});
  for (const auto& [within, failures] : {std::pair(5ms, 0u), {500ms, 1u}}) {
    put("k", within);
    scheduler.advance(within);
    release(1);
    EXPECT_EQ(guard->stats().failures, failures);
  }
  EXPECT_EQ(guard->stats().running_max, 12u) << "less by one failure";
}

TEST_F(LimitTest, WhatWaitedIsNotMadeOnceTheCircuitIsOpen) {
  limit({.loads_max = 1, .failures_max = 1});
  source->hold();
  source->fail_with(Error{Errc::unavailable, "down"});
  get("k");
  const auto waited = get("k");
  release(1);
  EXPECT_EQ(waited.word(), "unavailable");
  EXPECT_EQ(source->gets(), 1u);
  EXPECT_EQ(guard->stats().running, 0u);
  EXPECT_EQ(guard->stats().refused, 1u);
}

TEST_F(LimitTest, TheCircuitOfOneGroupIsNotAnothers) {
  limit({.failures_max = 3});
  source->fail_with(Error{Errc::unavailable, "no such table"});
  for (int i = 0; i < 3; ++i) get("k");
  source->fail_with(std::nullopt);
  store = guard->guard(source);
  EXPECT_EQ(get("k").word(), "not_found");
}

TEST_F(LimitTest, ASourceThatThrowsGivesItsTurnBack) {
  limit({.loads_max = 1});
  source->throw_once();
  EXPECT_EQ(get("k").word(), "internal");
  EXPECT_EQ(get("k").word(), "not_found");
}

TEST_F(LimitTest, WhenItEndsThoseWhoWaitAreToldAndWhatRunsMayEndLater) {
  limit({.loads_max = 1});
  source->set("k", "v");
  source->hold();
  const auto running = get("k");
  const auto waiting = get("k");
  store.reset();
  guard.reset();
  release(1);
  EXPECT_EQ(running.word(), "v");
  EXPECT_EQ(waiting.word(), "unavailable");
  EXPECT_EQ(source->gets(), 1u);
}

TEST_F(LimitTest, AGroupThatEndsLeavesItsTurnsToTheOthers) {
  limit({.loads_max = 1});
  source->set("k", "v");
  source->hold();
  get("k");
  const auto orphan = get("k");
  store = guard->guard(source);
  const auto other = get("k");
  release(1);
  release(1);
  EXPECT_EQ(orphan.word(), "unavailable");
  EXPECT_EQ(other.word(), "v");
}

}  // namespace
}  // namespace ringcache
