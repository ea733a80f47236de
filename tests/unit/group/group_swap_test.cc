// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "support/one_node.h"
#include "support/sim_cluster.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::ask_swap;
using testing::Asked;

class GroupSwapTest : public testing::OneNode {
 protected:
  Asked<Value> swap(std::string_view expected, std::string_view bytes, const Call& call = {}) {
    return ask_swap(*group, key("k"), expected, bytes, call);
  }
  Asked<Value> touch(Time expires_at) {
    Asked<Value> asked;
    group->touch(key("k"), expires_at, {}, asked.done());
    return asked;
  }
};

TEST_F(GroupSwapTest, ReplacesTheValueThatTheEtagStandsFor) {
  source->set("k", "old");
  EXPECT_EQ(swap("old", "new").word(), "new");
  EXPECT_EQ(source->row("k"), "new");
  EXPECT_EQ(get("k").word(), "new");
  EXPECT_EQ(source->count("k").gets, 1u) << "the row was read to know what the etag stands for";
}

TEST_F(GroupSwapTest, WithACopyTheRowIsNotRead) {
  source->set("k", "old");
  get("k");
  EXPECT_EQ(swap("old", "new").word(), "new");
  EXPECT_EQ(source->count("k").gets, 1u);
}

TEST_F(GroupSwapTest, LeavesAnotherValueAsItIs) {
  source->set("k", "other");
  EXPECT_EQ(swap("old", "new").word(), "precondition_failed");
  EXPECT_EQ(source->row("k"), "other");
  EXPECT_EQ(source->count("k").puts, 0u);
}

TEST_F(GroupSwapTest, OfNoValueThereIsNothingToReplace) {
  EXPECT_EQ(swap("", "new").word(), "precondition_failed");
  EXPECT_EQ(source->row("k"), std::nullopt);
}

TEST_F(GroupSwapTest, AnEmptyValueIsAValue) {
  source->set("k", "");
  EXPECT_EQ(swap("", "new").word(), "new");
}

TEST_F(GroupSwapTest, ACopyThatIsOutOfDateDecidesNothing) {
  source->set("k", "old");
  get("k");
  source->set("k", "newer");
  EXPECT_EQ(swap("newer", "newest").word(), "newest") << "whoever read the row knows better";
  source->set("k", "changed again");
  EXPECT_EQ(swap("newest", "mine").word(), "precondition_failed");
  EXPECT_EQ(get("k").word(), "changed again");
}

TEST_F(GroupSwapTest, OfManyAtOnceOneSucceeds) {
  source->set("k", "0");
  source->hold();
  std::vector<Asked<Value>> swaps;
  for (int i = 0; i < 10; ++i) swaps.push_back(swap("0", "by " + std::to_string(i)));
  while (source->held() > 0) {
    source->release();
    scheduler.settle();
  }
  EXPECT_EQ(swaps[0].word(), "by 0");
  for (int i = 1; i < 10; ++i) EXPECT_EQ(swaps[i].word(), "precondition_failed");
}

TEST_F(GroupSwapTest, IsNotAppliedWhereItCannotBeDecidedInTime) {
  source->set("k", "old");
  source->hold();
  const auto asked = swap("old", "new", within(1s));
  scheduler.advance(2s);
  EXPECT_EQ(asked.word(), "unavailable");
  source->open();
  scheduler.run();
  EXPECT_EQ(source->row("k"), "old");
  EXPECT_EQ(put("k", "next").word(), "next") << "the key's turn goes on";
}

TEST_F(GroupSwapTest, IsNotAppliedWhereTheRowCannotBeRead) {
  source->fail_with(Error{Errc::unavailable, "down"});
  EXPECT_EQ(swap("old", "new").word(), "unavailable");
  source->fail_with(std::nullopt);
  source->set("k", "old");
  EXPECT_EQ(swap("old", "new").word(), "new");
}

TEST_F(GroupSwapTest, ThroughAnotherNodeTheOwnerDecides) {
  testing::SimCluster sim;
  sim.start_all({"a", "b"});
  const std::string name = sim.key_owned_by("b");
  sim.source->set(name, "old");
  const auto swapped = ask_swap(sim.group("a"), {"g", name}, "old", "new");
  sim.scheduler.run();
  EXPECT_EQ(swapped.word(), "new");
  const auto again = ask_swap(sim.group("a"), {"g", name}, "old", "newer");
  sim.scheduler.run();
  EXPECT_EQ(again.word(), "precondition_failed");
  EXPECT_EQ(sim.source->row(name), "new");
}

TEST_F(GroupSwapTest, ATouchGivesTheCopyItsNewEnd) {
  source->set("k", "v");
  get("k");
  const Time end = scheduler.now() + 10s;
  EXPECT_EQ(touch(end).word(), "v");
  EXPECT_EQ(group->explain(key("k")).copy->expires_at, end);
  scheduler.advance(11s);
  EXPECT_FALSE(group->explain(key("k")).copy);
}

TEST_F(GroupSwapTest, ATouchOfNoKeyIsRemembered) {
  EXPECT_EQ(touch(Time::max()).word(), "not_found");
  EXPECT_EQ(get("k").word(), "not_found");
  EXPECT_EQ(source->gets(), 0u);
}

TEST_F(GroupSwapTest, ATouchThatTheSourceCannotDoLeavesTheCopy) {
  source->set("k", "v");
  get("k");
  source->fail_with(Error{Errc::unsupported, "keeps no ttl"});
  EXPECT_EQ(touch(Time::max()).word(), "unsupported");
  EXPECT_TRUE(group->explain(key("k")).copy);
}

TEST_F(GroupSwapTest, AfterATouchOfWhichNobodyKnowsNoCopyIsLeft) {
  source->set("k", "v");
  get("k");
  source->fail_with(Error{Errc::unknown, "lost"});
  EXPECT_EQ(touch(scheduler.now() + 1s).word(), "unknown");
  EXPECT_FALSE(group->explain(key("k")).copy);
}

}  // namespace
}  // namespace ringcache
