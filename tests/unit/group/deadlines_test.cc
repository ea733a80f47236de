// SPDX-License-Identifier: Apache-2.0
#include "group/deadlines.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include <ringcache/testing/sim_scheduler.h>

#include "support/asked.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::Asked;

class DeadlinesTest : public ::testing::Test {
 protected:
  Deadlines::Id add(Duration span, const Asked<Value>& asked, Errc late = Errc::deadline_exceeded) {
    return deadlines->add(scheduler.now() + span, late, Asked<Value>(asked).done());
  }

  testing::SimScheduler scheduler;
  std::shared_ptr<Deadlines> deadlines = std::make_shared<Deadlines>(scheduler);
};

TEST_F(DeadlinesTest, FailsEachAtItsOwnTimeWithItsOwnError) {
  const Asked<Value> late, early;
  add(2s, late, Errc::unknown);
  add(1s, early);
  scheduler.advance(1s);
  EXPECT_EQ(early.word() + " " + late.word(), "deadline_exceeded waiting");
  scheduler.advance(1s);
  EXPECT_EQ(late.word(), "unknown");
  EXPECT_EQ(early.answers() + late.answers(), 2);
}

TEST_F(DeadlinesTest, WhoeverTakesACompletionFirstIsTheOnlyOne) {
  const Asked<Value> asked;
  const auto id = add(1s, asked);
  EXPECT_TRUE(deadlines->take(id));
  EXPECT_FALSE(deadlines->take(id));
  scheduler.run();
  EXPECT_FALSE(asked.answered());
}

TEST_F(DeadlinesTest, ADeadlineThatHasPassedIsTooLateToTake) {
  const Asked<Value> asked;
  const auto id = add(1s, asked);
  scheduler.advance(1s);
  EXPECT_FALSE(deadlines->take(id));
  EXPECT_EQ(deadlines->size(), 0u);
}

TEST_F(DeadlinesTest, ForEverNeverPasses) {
  const Asked<Value> asked;
  deadlines->add(Time::max(), Errc::unknown, Asked<Value>(asked).done());
  scheduler.run();
  EXPECT_FALSE(asked.answered());
}

TEST_F(DeadlinesTest, ArmsOneTimerHoweverManyWait) {
  struct Counting final : Scheduler {
    Time now() const noexcept override { return Time{} + 1h; }
    void post(Task) override {}
    void after(Duration, Task) override { ++timers; }
    int timers = 0;
  } counting;
  const auto many = std::make_shared<Deadlines>(counting);
  for (int i = 0; i < 1'000; ++i)
    many->add(counting.now() + 1s + i * 1us, Errc::unknown, [](Result<Value>) {});
  EXPECT_EQ(counting.timers, 1);
}

TEST_F(DeadlinesTest, ClosingFailsAllWhoWaitAndAllWhoCome) {
  const Asked<Value> read, write, later;
  add(1s, read);
  add(1s, write, Errc::unknown);
  deadlines->close();
  add(1s, later);
  EXPECT_EQ(read.word(), "unavailable");
  EXPECT_EQ(write.word(), "unknown");
  EXPECT_EQ(later.word(), "unavailable");
  scheduler.run();
  EXPECT_EQ(read.answers() + write.answers() + later.answers(), 3);
}

TEST_F(DeadlinesTest, ACompletionMayAddAndTake) {
  const Asked<Value> asked;
  Deadlines::Id id = add(5s, asked);
  deadlines->add(scheduler.now() + 1s, Errc::unknown, [&](Result<Value> result) {
    if (auto done = deadlines->take(id)) done(std::move(result));
    add(1s, asked);
  });
  scheduler.run();
  EXPECT_EQ(asked.answers(), 2);
}

TEST_F(DeadlinesTest, ATimerThatOutlivesTheTableFindsNothing) {
  add(1s, {});
  deadlines.reset();
  scheduler.run();
  EXPECT_FALSE(deadlines);
}

}  // namespace
}  // namespace ringcache
