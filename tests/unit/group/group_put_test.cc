// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/one_node.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;

using GroupPutTest = testing::OneNode;
using testing::Asked;

TEST_F(GroupPutTest, APutWritesTheSourceAndLeavesACopy) {
  EXPECT_EQ(put("k", "v").word(), "v");
  EXPECT_EQ(source->row("k"), "v");
  EXPECT_EQ(get("k").word(), "v");
  EXPECT_EQ(source->gets(), 0u);
}

TEST_F(GroupPutTest, EraseLeavesTheKnowledgeOfAbsence) {
  source->set("k", "v");
  get("k");
  EXPECT_EQ(erase("k").word(), "done");
  EXPECT_EQ(get("k").word(), "not_found");
  EXPECT_EQ(source->gets(), 1u);
}

TEST_F(GroupPutTest, EraseOfAnAbsentKeySaysSoAndRemembersIt) {
  EXPECT_EQ(erase("k").word(), "not_found");
  EXPECT_EQ(get("k").word(), "not_found");
  EXPECT_EQ(source->gets(), 0u);
}

TEST_F(GroupPutTest, APutEndsTheKnowledgeOfAbsence) {
  get("k");
  put("k", "v");
  EXPECT_EQ(get("k").word(), "v");
}

TEST_F(GroupPutTest, ALoadThatBeganBeforeAWriteDoesNotFill) {
  source->set("k", "old");
  source->hold();
  const auto load = get("k");
  const auto write = put("k", "new");
  scheduler.settle();
  source->open();
  EXPECT_EQ(load.word(), "old");
  EXPECT_EQ(get("k").word(), "new");
}

TEST_F(GroupPutTest, ALoadThatLandsAfterAWriteDoesNotFill) {
  source->set("k", "old");
  source->hold();
  const auto load = get("k");
  put("k", "new");
  source->release_newest();
  source->open();
  EXPECT_EQ(load.word(), "old");
  EXPECT_EQ(get("k").word(), "new");
}

TEST_F(GroupPutTest, AnErasedValueDoesNotComeBackWithALateLoad) {
  start({.limits = {.negative_max_age = 0s}});  // the erase leaves no copy to stand in the way
  source->set("k", "v");
  source->hold();
  const auto load = get("k");
  erase("k");
  source->release_newest();
  source->open();
  EXPECT_EQ(load.word(), "v");
  EXPECT_EQ(get("k").word(), "not_found");
}

TEST_F(GroupPutTest, ALoadBegunDuringAWriteDoesNotFillAfterIt) {
  start({.limits = {.negative_max_age = 0s}});
  source->set("k", "v");
  source->hold();
  erase("k");
  source->set("k", "v");  // as if the load had read before the erase took effect
  const auto load = get("k");
  source->remove("k");
  source->open();
  EXPECT_EQ(load.word(), "v");
  EXPECT_EQ(get("k").word(), "not_found");
}

TEST_F(GroupPutTest, ALoadThatLandsWhileAWriteRunsDoesNotFill) {
  source->set("k", "old");
  source->hold();
  put("k", "new");
  const auto load = get("k");
  source->release_newest();
  EXPECT_EQ(load.word(), "new");
  EXPECT_FALSE(group->explain(key("k")).copy);
}

TEST_F(GroupPutTest, AGetBegunAfterAnAcknowledgedWriteDoesNotJoinAnOlderLoad) {
  start({.limits = {.negative_max_age = 0s}});
  source->set("k", "v");
  source->hold();
  const auto older = get("k");  // has read "v"
  const auto write = erase("k");
  ASSERT_EQ(source->held(), 2u);
  const auto during = get("k");
  source->release(1);
  EXPECT_EQ(older.word(), "v");
  source->release(1);
  EXPECT_EQ(write.word(), "done");
  const auto later = get("k");
  source->open();
  EXPECT_EQ(during.word(), "not_found");
  EXPECT_EQ(later.word(), "not_found");
  EXPECT_EQ(source->count("k").gets, 3u);
}

TEST_F(GroupPutTest, AGetDuringAWriteIsNotAnsweredFromTheOldCopy) {
  source->set("k", "old");
  get("k");
  source->hold();
  put("k", "new");  // the row is new already, the answer on its way
  const auto during = get("k");
  EXPECT_EQ(during.word(), "waiting");
  source->open();
  EXPECT_EQ(during.word(), "new");
}

TEST_F(GroupPutTest, AFailedWriteLeavesNoCopy) {
  source->set("k", "old");
  get("k");
  source->fail_with(Error{Errc::unknown, "the connection broke"});
  EXPECT_EQ(put("k", "new").word(), "unknown");
  source->fail_with(std::nullopt);
  source->set("k", "whatever it is now");
  EXPECT_EQ(get("k").word(), "whatever it is now");
}

TEST_F(GroupPutTest, ASourceThatThrowsLeavesTheWriteUndecidedAndTheKeyUsable) {
  source->throw_once();
  EXPECT_EQ(put("k", "v").word(), "unknown");
  EXPECT_EQ(put("k", "w").word(), "w");
}

TEST_F(GroupPutTest, WritesOfAKeyReachTheSourceOneAtATimeInOrder) {
  source->hold();
  std::vector<Asked<Value>> writes;
  for (const char* bytes : {"1", "2", "3"}) writes.push_back(put("k", bytes));
  for (int done = 1; done <= 3; ++done) {
    EXPECT_EQ(source->row("k"), std::to_string(done));
    EXPECT_EQ(source->held(), 1u);
    source->release(1);
    scheduler.settle();
    EXPECT_TRUE(writes[static_cast<std::size_t>(done - 1)].answered());
  }
  EXPECT_EQ(source->count("k").writing_max, 1u);
}

TEST_F(GroupPutTest, WritesOfOtherKeysDoNotWait) {
  source->hold();
  put("k", "v");
  put("l", "w");
  EXPECT_EQ(source->held(), 2u);
}

TEST_F(GroupPutTest, AWriteWhoseDeadlinePassesInTheQueueIsNotApplied) {
  source->hold();
  const auto first = put("k", "first");
  const auto second = put("k", "second", within(1s));
  scheduler.advance(1s);
  EXPECT_EQ(second.word(), "unavailable");
  source->open();
  scheduler.settle();
  EXPECT_EQ(first.word(), "first");
  EXPECT_EQ(source->row("k"), "first");
  EXPECT_EQ(source->count("k").puts, 1u);
  EXPECT_EQ(put("k", "third").word(), "third");
}

TEST_F(GroupPutTest, AWriteUnderWayAtItsDeadlineIsUnknownAndStillTakesEffect) {
  source->set("k", "old");
  get("k");
  source->hold();
  const auto write = put("k", "new", within(1s));
  scheduler.advance(1s);
  EXPECT_EQ(write.word(), "unknown");
  source->open();
  EXPECT_EQ(write.answers(), 1);
  EXPECT_EQ(get("k").word(), "new");
}

TEST_F(GroupPutTest, RefusesMoreWritesOfAKeyThanMayWait) {
  start({.writes_queued_max = 2});
  source->hold();
  std::vector<Asked<Value>> writes;
  for (int i = 0; i < 4; ++i) writes.push_back(put("k", "v"));
  EXPECT_EQ(writes[2].word(), "waiting");
  EXPECT_EQ(writes[3].word(), "overloaded");
}

TEST_F(GroupPutTest, ALongQueueDoesNotGrowTheStack) {
  start({.writes_queued_max = 20'000});
  source->hold();
  std::vector<Asked<Value>> writes;
  for (int i = 0; i < 20'000; ++i) writes.push_back(put("k", "v"));
  source->open();
  scheduler.settle();
  for (const auto& write : writes) ASSERT_EQ(write.word(), "v");
}

TEST_F(GroupPutTest, RefusesWhatIsTooLargeOrHasNoKey) {
  start({.limits = {.value_bytes_max = 3}});
  EXPECT_EQ(put("k", "four").word(), "too_large");
  EXPECT_EQ(put("", "v").word(), "invalid_argument");
  EXPECT_EQ(erase("").word(), "invalid_argument");
  EXPECT_EQ(put("k", "v", within(0s)).word(), "unavailable");
  EXPECT_EQ(source->row("k"), std::nullopt);
}

TEST_F(GroupPutTest, AWriteIsStampedWhenItHasFinished) {
  source->set("k", "old");
  source->hold();
  const auto write = put("k", "new");
  const auto load = get("k");  // begins after the write, and may have missed it
  source->open();
  EXPECT_GT(write.result()->version, load.result()->version);
}

TEST_F(GroupPutTest, ALoadIsStampedWhenItStarts) {
  source->set("k", "old");
  source->hold();
  const auto load = get("k");
  const auto write = put("k", "new");
  source->release_newest();
  source->open();
  EXPECT_LT(load.result()->version, write.result()->version);
}

}  // namespace
}  // namespace ringcache
