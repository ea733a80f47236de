// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/one_node.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;

using GroupGetTest = testing::OneNode;
using testing::ask_get;
using testing::Asked;

TEST_F(GroupGetTest, AMissReadsTheSourceAndTheNextGetIsAHit) {
  source->set("k", "v");
  const auto miss = get("k");
  const auto hit = get("k");
  EXPECT_EQ(miss.word(), "v");
  EXPECT_FALSE(miss.result()->hit);
  EXPECT_EQ(hit.word(), "v");
  EXPECT_TRUE(hit.result()->hit);
  EXPECT_EQ(source->gets(), 1u);
}

TEST_F(GroupGetTest, ConcurrentGetsOfAKeyShareOneLoad) {
  source->set("k", "v");
  source->hold();
  std::vector<Asked<Value>> waiting;
  for (int i = 0; i < 3'000; ++i) waiting.push_back(get("k", within(1s)));
  source->open();
  for (const auto& asked : waiting) EXPECT_EQ(asked.word(), "v");
  EXPECT_EQ(source->gets(), 1u);
  EXPECT_EQ(group->stats().coalesced, 2'999u);
}

TEST_F(GroupGetTest, EachWaiterLeavesAtItsOwnDeadline) {
  source->set("k", "v");
  source->hold();
  const auto hasty = get("k", within(1s));
  const auto patient = get("k", within(3s));
  scheduler.advance(1s);
  EXPECT_EQ(hasty.word(), "deadline_exceeded");
  EXPECT_EQ(patient.word(), "waiting");
  source->open();
  EXPECT_EQ(patient.word(), "v");
  EXPECT_EQ(hasty.answers(), 1);
}

TEST_F(GroupGetTest, ALoadThatAllHaveLeftStillFillsTheCache) {
  source->set("k", "v");
  source->hold();
  get("k", within(1s));
  scheduler.advance(2s);
  source->open();
  EXPECT_EQ(get("k").word(), "v");
  EXPECT_EQ(source->gets(), 1u);
}

TEST_F(GroupGetTest, ADeadlineThatHasPassedStartsNoLoad) {
  EXPECT_EQ(get("k", within(0s)).word(), "deadline_exceeded");
  EXPECT_EQ(source->gets(), 0u);
}

TEST_F(GroupGetTest, ALoadIsGivenUpAfterLoadTimeoutAndItsLateAnswerFillsNothing) {
  source->set("k", "old");
  source->hold();
  const auto waiting = get("k");
  scheduler.advance(5s);
  EXPECT_EQ(waiting.word(), "deadline_exceeded");
  source->open();
  EXPECT_EQ(waiting.answers(), 1);
  source->set("k", "new");
  EXPECT_EQ(get("k").word(), "new");
}

TEST_F(GroupGetTest, AfterALoadGivenUpTheNextGetStartsAnew) {
  source->set("k", "v");
  source->hold();
  get("k");
  scheduler.advance(5s);
  const auto second = get("k");
  EXPECT_EQ(source->gets(), 2u);
  source->open();
  EXPECT_EQ(second.word(), "v");
}

TEST_F(GroupGetTest, ASourceThatThrowsFailsTheCallAndNothingElse) {
  source->set("k", "v");
  source->throw_once();
  EXPECT_EQ(get("k").word(), "internal");
  EXPECT_EQ(get("k").word(), "v");
}

TEST_F(GroupGetTest, AnErrorOfTheSourceIsNotRemembered) {
  source->set("k", "v");
  source->fail_with(Error{Errc::unavailable, "down"});
  EXPECT_EQ(get("k").word(), "unavailable");
  source->fail_with(std::nullopt);
  EXPECT_EQ(get("k").word(), "v");
  EXPECT_EQ(group->stats().load_errors, 1u);
}

TEST_F(GroupGetTest, AnAbsentKeyIsRememberedForNegativeMaxAge) {
  EXPECT_EQ(get("k").word(), "not_found");
  source->set("k", "v");
  scheduler.advance(4s);
  EXPECT_EQ(get("k").word(), "not_found");
  EXPECT_EQ(source->gets(), 1u);
  scheduler.advance(1s);
  EXPECT_EQ(get("k").word(), "v");
}

TEST_F(GroupGetTest, AskingForAnAbsentKeyDoesNotProlongItsAbsence) {
  get("k");
  source->set("k", "v");
  for (int i = 0; i < 5; ++i) {
    scheduler.advance(1s);
    get("k");
  }
  EXPECT_EQ(get("k").word(), "v");
}

TEST_F(GroupGetTest, NegativeMaxAgeOfZeroRemembersNoAbsence) {
  start({.limits = {.negative_max_age = 0s}});
  get("k");
  source->set("k", "v");
  EXPECT_EQ(get("k").word(), "v");
}

TEST_F(GroupGetTest, AbsenceCountsAgainstTheBudget) {
  get("k");
  EXPECT_EQ(group->stats().cache.entries, 1u);
  EXPECT_GT(group->stats().cache.charge, 0u);
}

TEST_F(GroupGetTest, ReadingDoesNotProlongACopy) {
  start({.limits = {.max_age = 3s}});
  source->set("k", "old");
  get("k");
  source->set("k", "new");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(get("k").word(), "old");
    scheduler.advance(1s);
  }
  EXPECT_EQ(get("k").word(), "new");
}

TEST_F(GroupGetTest, AgeCountsFromTheStartOfTheLoad) {
  start({.limits = {.max_age = 3s}});
  source->set("k", "v");
  source->hold();
  const auto asked = get("k");
  scheduler.advance(2s);
  source->open();
  EXPECT_EQ(asked.result()->loaded_at, scheduler.now() - 2s);
  EXPECT_EQ(asked.result()->load_time, 2s);
  scheduler.advance(1s);
  get("k");
  EXPECT_EQ(source->gets(), 2u);
}

TEST_F(GroupGetTest, ACopyEndsWithItsRow) {
  start({.limits = {.max_age = 10s}});
  const Time end = scheduler.now() + 3s;
  source->set("k", "v");
  source->answer_with({.expires_at = end});
  get("k");
  EXPECT_EQ(get("k").result()->expires_at, end);
  scheduler.advance(3s);
  get("k");
  EXPECT_EQ(source->gets(), 2u);
}

TEST_F(GroupGetTest, TheAgeOfACopyIsNotTheEndOfItsRow) {
  start({.limits = {.max_age = 10s}});
  source->set("k", "v");
  get("k");
  EXPECT_EQ(get("k").result()->expires_at, Time::max());
}

TEST_F(GroupGetTest, RefusesAnEmptyKeyAndOneThatIsTooLong) {
  EXPECT_EQ(get("").word(), "invalid_argument");
  EXPECT_EQ(get(std::string((64 << 10) + 1, 'x')).word(), "too_large");
  EXPECT_EQ(get(std::string(64 << 10, 'x')).word(), "not_found");
}

TEST_F(GroupGetTest, ARowThatIsTooLargeIsAnErrorAndNotKept) {
  start({.limits = {.value_bytes_max = 3}});
  source->set("k", "four");
  EXPECT_EQ(get("k").word(), "too_large");
  source->set("k", "3ch");
  EXPECT_EQ(get("k").word(), "3ch");
}

TEST_F(GroupGetTest, AnEmptyValueIsNoAbsence) {
  source->set("k", "");
  EXPECT_EQ(get("k").word(), "");
  EXPECT_EQ(get("k").word(), "");
  EXPECT_EQ(source->gets(), 1u);
}

TEST_F(GroupGetTest, ShedsCallsThatWouldWaitBeyondTheMaximum) {
  start({.waiting_max = 2});
  source->set("k", "v");
  source->hold();
  const auto waiting = get("k");
  EXPECT_EQ(get("k").word(), "overloaded");
  source->open();
  EXPECT_EQ(waiting.word(), "v");
  EXPECT_EQ(get("k").word(), "v");
}

TEST_F(GroupGetTest, AClientAboveItsRateIsRefusedWhateverItAsks) {
  start({.limits = {.rate_limit = {.per_client = 2}}});
  source->set("k", "v");
  const Call call{.client = "a"};
  EXPECT_EQ(get("k", call).word(), "v");
  EXPECT_EQ(get("k", call).word(), "v");
  const auto refused = get("k", call);
  EXPECT_EQ(refused.word(), "overloaded");
  EXPECT_EQ(refused.result().error().retry_after, 500ms);
  EXPECT_EQ(get("other", call).word(), "overloaded");
  EXPECT_EQ(put("k", "w", call).word(), "overloaded");
  EXPECT_EQ(erase("k", call).word(), "overloaded");
  EXPECT_EQ(compare_and_set_blocking(*group, key("k"), {etag_of("v")}, {}, call).error().code,
            Errc::overloaded);
  EXPECT_EQ(touch_blocking(*group, key("k"), Time::max(), call).error().code, Errc::overloaded);
  EXPECT_EQ(invalidate_blocking(*group, {.group = "g", .keys = {"k"}}, call).error().code,
            Errc::overloaded);
  EXPECT_EQ(source->row("k"), "v");
  EXPECT_EQ(group->stats().refused, 7u);
  EXPECT_EQ(group->stats().gets, 2u);
  EXPECT_EQ(group->stats().puts + group->stats().erases, 0u);
  EXPECT_EQ(get("k", {.client = "b"}).word(), "v");
}

TEST_F(GroupGetTest, ACompletionMayAskTheGroupAgain) {
  source->set("k", "v");
  source->hold();
  std::string inner;
  group->get(key("k"), {}, [&](Result<Value>) {
    inner = get("k").word() + std::to_string(group->stats().flights);
    put("k", "w");
  });
  source->open();
  EXPECT_EQ(inner, "v0");
  EXPECT_EQ(source->row("k"), "w");
}

TEST_F(GroupGetTest, AGetThatFindsTheCopyOfAFlightJustLandedLoadsNothing) {
  // 1. A get misses. 2. The load that was under way fills and ends. 3. The get starts a flight of
  // its own. Between 1 and 3 the only call that leaves the group is to the clock.
  class Clock final : public Scheduler {
   public:
    explicit Clock(Scheduler& inner) : inner_(inner) {}
    Time now() const noexcept override {
      if (auto act = std::exchange(on_now, nullptr)) act();
      return inner_.now();
    }
    void post(Task task) override { inner_.post(std::move(task)); }
    void after(Duration delay, Task task) override { inner_.after(delay, std::move(task)); }
    mutable Task on_now;

   private:
    Scheduler& inner_;
  };
  Clock clock(scheduler);
  Group raced({.name = "g"}, source, cluster, clock);
  source->set("k", "v");
  source->hold();
  ask_get(raced, key("k"));
  clock.on_now = [&] { source->open(); };
  EXPECT_EQ(ask_get(raced, key("k")).word(), "v");
  EXPECT_EQ(source->gets(), 1u);
}

TEST_F(GroupGetTest, AForwardedGetWaitsForTheSameLoadAtTheOwner) {
  source->set("k", "v");
  source->hold();
  const auto here = get("k");
  const auto forwarded = get("k", {.forwarded = true});
  source->open();
  EXPECT_EQ(here.word(), "v");
  EXPECT_EQ(forwarded.word(), "v");
  EXPECT_EQ(source->gets(), 1u);
}

}  // namespace
}  // namespace ringcache
