// SPDX-License-Identifier: Apache-2.0
#include "group/breaker.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

class BreakerTest : public ::testing::Test {
 protected:
  void fail(int times) {
    for (int i = 0; i < times; ++i) breaker.failed("no answer", now);
  }

  Time now = Time{} + 1h;
  Breaker breaker{3, 500ms};
};

TEST_F(BreakerTest, FailuresInARowOpenIt) {
  fail(2);
  EXPECT_FALSE(breaker.refuse(now));
  fail(1);
  const auto refusal = breaker.refuse(now + 100ms);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->left, 400ms);
  EXPECT_EQ(refusal->failures, 3u);
  EXPECT_EQ(refusal->last, "no answer");
}

TEST_F(BreakerTest, ASuccessInBetweenCountsThemAnew) {
  fail(2);
  breaker.succeeded();
  fail(2);
  EXPECT_FALSE(breaker.refuse(now));
}

TEST_F(BreakerTest, AfterThePauseOneCallTries) {
  fail(3);
  now += 500ms;
  EXPECT_FALSE(breaker.refuse(now));
  EXPECT_TRUE(breaker.refuse(now)) << "one at a time";
  fail(1);
  EXPECT_TRUE(breaker.refuse(now + 499ms));
  EXPECT_FALSE(breaker.refuse(now + 500ms));
  breaker.succeeded();
  EXPECT_FALSE(breaker.refuse(now + 500ms));
}

TEST_F(BreakerTest, ATryThatWasNotMadeLeavesItsTurnToTheNext) {
  fail(3);
  EXPECT_FALSE(breaker.refuse(now + 1s));
  breaker.not_made();
  EXPECT_FALSE(breaker.refuse(now + 1s));
}

}  // namespace
}  // namespace ringcache
