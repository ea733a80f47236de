// SPDX-License-Identifier: Apache-2.0
#include "group/breaker.h"

#include <gtest/gtest.h>

#include <string>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

using Ticket = Breaker::Ticket;

class BreakerTest : public ::testing::Test {
 protected:
  void fail(int times) {
    for (int i = 0; i < times; ++i) breaker.failed(Ticket::plain, "no answer", now);
  }
  /// "plain", "probe" or "refused".
  std::string admitted() {
    const auto ticket = breaker.admit(now);
    if (!ticket) return "refused";
    return *ticket == Ticket::probe ? "probe" : "plain";
  }

  Time now = Time{} + 1h;
  Breaker breaker{3, 500ms};
};

TEST_F(BreakerTest, FailuresInARowOpenIt) {
  fail(2);
  EXPECT_EQ(admitted(), "plain");
  fail(1);
  const auto ticket = breaker.admit(now + 100ms);
  ASSERT_FALSE(ticket);
  EXPECT_EQ(ticket.error().left, 400ms);
  EXPECT_EQ(ticket.error().failures, 3u);
  EXPECT_EQ(ticket.error().last, "no answer");
}

TEST_F(BreakerTest, ASuccessInBetweenCountsThemAnew) {
  fail(2);
  breaker.succeeded(Ticket::plain);
  fail(2);
  EXPECT_EQ(admitted(), "plain");
}

TEST_F(BreakerTest, AfterThePauseOneCallTries) {
  fail(3);
  now += 500ms;
  EXPECT_EQ(admitted(), "probe");
  EXPECT_EQ(admitted(), "refused") << "one at a time";
  breaker.failed(Ticket::probe, "no answer", now);
  now += 499ms;
  EXPECT_EQ(admitted(), "refused");
  now += 1ms;
  EXPECT_EQ(admitted(), "probe");
  breaker.succeeded(Ticket::probe);
  EXPECT_EQ(admitted(), "plain");
}

TEST_F(BreakerTest, ATryThatWasNotMadeLeavesItsTurnToTheNext) {
  fail(3);
  now += 1s;
  EXPECT_EQ(admitted(), "probe");
  breaker.told_nothing(Ticket::probe);
  EXPECT_EQ(admitted(), "probe");
}

TEST_F(BreakerTest, WhatWasAdmittedBeforeTakesTheTryFromNobody) {
  fail(3);
  now += 1s;
  EXPECT_EQ(admitted(), "probe");
  breaker.told_nothing(Ticket::plain);
  EXPECT_EQ(admitted(), "refused");
  fail(1);
  EXPECT_EQ(admitted(), "refused");
}

TEST_F(BreakerTest, WhatHasWaitedIsLookedAtAgain) {
  EXPECT_EQ(admitted(), "plain");
  EXPECT_FALSE(breaker.reconsider(Ticket::plain, now));
  fail(3);
  EXPECT_TRUE(breaker.reconsider(Ticket::plain, now));
  now += 1s;
  EXPECT_EQ(breaker.reconsider(Ticket::plain, now)->left, 0s);
  EXPECT_EQ(admitted(), "probe");
  EXPECT_FALSE(breaker.reconsider(Ticket::probe, now));
}

}  // namespace
}  // namespace ringcache
