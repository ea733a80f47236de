// SPDX-License-Identifier: Apache-2.0
#include "group/suspects.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

class SuspectsTest : public ::testing::Test {
 protected:
  const Store* peer = reinterpret_cast<const Store*>(0x10);
  const Store* other = reinterpret_cast<const Store*>(0x20);
  const Time start = Time{} + 1h;
  Suspects suspects;
};

TEST_F(SuspectsTest, ASilentPeerIsLeftAloneAndTriedByOneAtATime) {
  suspects.silent(peer, start, start + 1s);
  EXPECT_FALSE(suspects.may_ask(peer, start + 1s));
  EXPECT_TRUE(suspects.may_ask(other, start + 1s));
  EXPECT_TRUE(suspects.may_ask(peer, start + 1s + Suspects::kPause));
  EXPECT_FALSE(suspects.may_ask(peer, start + 1s + Suspects::kPause));
}

TEST_F(SuspectsTest, AnAnswerClearsIt) {
  suspects.silent(peer, start, start + 1s);
  suspects.answered(peer, start + 1s);
  EXPECT_TRUE(suspects.may_ask(peer, start + 1s));
}

TEST_F(SuspectsTest, APeerThatAnsweredSomethingElseMeanwhileIsNotSilent) {
  suspects.answered(peer, start + 500ms);
  suspects.silent(peer, start, start + 1s);
  EXPECT_TRUE(suspects.may_ask(peer, start + 1s));
}

TEST_F(SuspectsTest, ANewRingClearsAll) {
  suspects.silent(peer, start, start + 1s);
  suspects.clear();
  EXPECT_TRUE(suspects.may_ask(peer, start + 1s));
}

}  // namespace
}  // namespace ringcache
