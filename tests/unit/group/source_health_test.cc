// SPDX-License-Identifier: Apache-2.0
#include "group/source_health.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

const Time kNow = Time{} + 1h;

TEST(SourceHealthTest, ASourceThatIsWellMayBeAskedAtAnyTime) {
  SourceHealth health;
  EXPECT_FALSE(health.is_ill());
  EXPECT_TRUE(health.may_ask(kNow) && health.may_ask(kNow));
}

TEST(SourceHealthTest, OneThatIsIllIsTriedOnceAPause) {
  SourceHealth health;
  health.failed(kNow);
  EXPECT_TRUE(health.is_ill());
  EXPECT_FALSE(health.may_ask(kNow));
  EXPECT_TRUE(health.may_ask(kNow + SourceHealth::kPause));
  EXPECT_FALSE(health.may_ask(kNow + SourceHealth::kPause));
  EXPECT_TRUE(health.may_ask(kNow + 2 * SourceHealth::kPause));
}

TEST(SourceHealthTest, FurtherFailuresDoNotPutOffTheNextTrial) {
  SourceHealth health;
  health.failed(kNow);
  health.failed(kNow + SourceHealth::kPause - 1ms);
  EXPECT_TRUE(health.may_ask(kNow + SourceHealth::kPause));
}

TEST(SourceHealthTest, AnAnswerHealsAtOnce) {
  SourceHealth health;
  health.failed(kNow);
  health.answered();
  EXPECT_FALSE(health.is_ill());
  EXPECT_TRUE(health.may_ask(kNow));
}

TEST(SourceHealthTest, ThatThereIsNoSuchKeyIsNoTrouble) {
  for (const Errc code : {Errc::not_found, Errc::invalid_argument, Errc::too_large})
    EXPECT_FALSE(is_trouble(code)) << errc_name(code);
  for (const Errc code : {Errc::unavailable, Errc::deadline_exceeded, Errc::overloaded,
                          Errc::internal, Errc::unknown})
    EXPECT_TRUE(is_trouble(code)) << errc_name(code);
}

}  // namespace
}  // namespace ringcache
