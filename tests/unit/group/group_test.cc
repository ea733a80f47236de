// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/one_node.h"
#include "support/sim_cluster.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::ask_get;
using testing::Asked;
using testing::SimCluster;

class GroupClusterTest : public ::testing::Test {
 protected:
  void start(GroupOptions options = {}) {
    sim = std::make_unique<SimCluster>(1, std::move(options));
    sim->start_all({"a", "b", "c"});
    key = sim->key_owned_by("b");
    sim->source->set(key, "v");
  }

  /// Lets messages travel, but no timer of seconds go off.
  void travel() { sim->scheduler.advance(20ms); }

  /// Asks and waits.
  std::string got(const std::string& at, Duration wait = 20ms) {
    const auto asked = sim->get(at, key);
    sim->scheduler.advance(wait);
    return asked.word();
  }

  unsigned loads() { return sim->source->count(key).gets; }

  std::unique_ptr<SimCluster> sim;
  std::string key;  // owned by b
};

TEST_F(GroupClusterTest, AGetElsewhereAsksTheOwnerWhichAloneKeepsACopy) {
  start();
  EXPECT_EQ(got("a"), "v");
  EXPECT_EQ(got("c"), "v");
  EXPECT_EQ(loads(), 1u);
  EXPECT_TRUE(sim->has_copy("b", key));
  EXPECT_FALSE(sim->has_copy("a", key));
  EXPECT_FALSE(sim->has_copy("c", key));
}

TEST_F(GroupClusterTest, AnOwnerWhoseSourceHangsIsStillAskedForWhatItHas) {
  start();
  EXPECT_EQ(got("a"), "v");
  sim->source->hold();
  sim->get("a", sim->key_owned_by("b", "b", 1));
  sim->scheduler.advance(1100ms);
  const auto hit = sim->get("a", key);
  travel();
  ASSERT_EQ(hit.word(), "v");
  EXPECT_TRUE(hit.result()->hit);
}

TEST_F(GroupClusterTest, ThousandsOfGetsOfAColdKeyThroughAllNodesLoadItOnce) {
  start();
  sim->source->hold();
  std::vector<Asked<Value>> gets;
  for (const char* at : {"a", "b", "c"})
    for (int i = 0; i < 1'000; ++i) gets.push_back(sim->get(at, key));
  travel();
  sim->source->open();
  travel();
  for (const auto& asked : gets) ASSERT_EQ(asked.word(), "v");
  EXPECT_EQ(loads(), 1u);
}

TEST_F(GroupClusterTest, AnAbsentKeyIsAbsentEverywhereUntilItIsPut) {
  start();
  sim->source->remove(key);
  EXPECT_EQ(got("a"), "not_found");
  EXPECT_EQ(got("c"), "not_found");
  EXPECT_EQ(loads(), 1u);
  const auto put = sim->put("a", key, "w");
  travel();
  EXPECT_EQ(put.word(), "w");
  EXPECT_EQ(got("c"), "w");
}

TEST_F(GroupClusterTest, AForwardedCallIsNeverForwardedAgainAndKeepsNothing) {
  start();
  const auto before = sim->wire.delivered();
  const auto get = sim->get("a", key, {.forwarded = true});
  const auto put = sim->put("a", key, "w", {.forwarded = true});
  EXPECT_EQ(get.word(), "v");
  EXPECT_EQ(put.word(), "unavailable");
  travel();
  EXPECT_EQ(sim->wire.delivered(), before);
  EXPECT_EQ(sim->source->row(key), "v");
  EXPECT_FALSE(sim->has_copy("a", key));
}

TEST_F(GroupClusterTest, TwoNodesThatTakeEachOtherForTheOwnerBothAnswerPromptly) {
  start();
  sim->node("b").cluster.update(sim->view_of({"a"}));
  sim->node("a").cluster.update(sim->view_of({"b"}));
  const auto at_a = sim->get("a", key);
  const auto at_b = sim->get("b", key);
  travel();
  EXPECT_EQ(at_a.word(), "v");
  EXPECT_EQ(at_b.word(), "v");
}

TEST_F(GroupClusterTest, AGetDoesNotJoinAFlightToThePeerThatMayHaveMissedAWrite) {
  start();
  sim->source->hold();
  const auto early = sim->get("a", key);  // on its way to b
  travel();
  sim->source->open();  // b has answered "v"; the answer travels
  const auto write = sim->put("b", key, "w");
  EXPECT_EQ(write.word(), "w");
  EXPECT_EQ(early.word(), "waiting");
  const auto late = sim->get("a", key);
  travel();
  EXPECT_EQ(early.word(), "v");
  EXPECT_EQ(late.word(), "w");
}

TEST_F(GroupClusterTest, ThoseWhoComeDuringAFlightToAPeerShareTheNextOne) {
  start();
  std::vector<Asked<Value>> gets;
  for (int i = 0; i < 100; ++i) gets.push_back(sim->get("a", key));
  travel();
  for (const auto& asked : gets) EXPECT_EQ(asked.word(), "v");
  EXPECT_EQ(sim->group("a").stats().forwards, 2u);
}

// The owner does not answer ---------------------------------------------------------------------

TEST_F(GroupClusterTest, AnOwnerThatIsGoneIsBypassed) {
  start();
  sim->crash("b");
  EXPECT_EQ(got("a"), "v");
  EXPECT_FALSE(sim->has_copy("a", key));
  EXPECT_EQ(sim->group("a").stats().bypasses, 1u);
}

TEST_F(GroupClusterTest, AnOwnerThatDiesUnderLoadCostsOneQueryPerSurvivor) {
  start();
  sim->source->hold();
  std::vector<Asked<Value>> gets;
  for (int i = 0; i < 1'500; ++i)
    for (const char* at : {"a", "c"}) gets.push_back(sim->get(at, key));
  travel();
  EXPECT_EQ(loads(), 1u);
  sim->crash("b");
  sim->source->open();
  for (int i = 0; i < 500; ++i) {
    sim->scheduler.advance(1ms);
    for (const char* at : {"a", "c"}) gets.push_back(sim->get(at, key));
  }
  travel();
  for (const auto& asked : gets) ASSERT_EQ(asked.word(), "v");
  EXPECT_LE(loads(), 3u);
}

TEST_F(GroupClusterTest, ABypassedCopyAnswersForBypassMaxAge) {
  start();
  sim->crash("b");
  got("a");
  sim->source->set(key, "w");
  EXPECT_EQ(got("a"), "v");
  EXPECT_EQ(loads(), 1u);
  sim->scheduler.advance(1s);
  EXPECT_EQ(got("a"), "w");
}

TEST_F(GroupClusterTest, ABypassedCopyYieldsToTheOwnerThatIsBack) {
  start();
  sim->crash("b");
  got("a");
  sim->start("b");
  sim->node("b").cluster.update(sim->view_of({"a", "b", "c"}));
  sim->source->set(key, "w");
  EXPECT_EQ(got("a"), "w");
}

TEST_F(GroupClusterTest, ABypassedCopyEndsWithTheRing) {
  start();
  const View later = sim->view_of({"a", "b", "c"});
  sim->crash("b");
  got("a");
  sim->source->set(key, "w");
  sim->node("a").cluster.update(later);
  EXPECT_EQ(got("a"), "w");
}

TEST_F(GroupClusterTest, ABypassedCopyEndsWithAWriteThroughThisNode) {
  start({.bypass_max_age = 10s});
  sim->crash("b");
  got("a");
  const auto write = sim->put("a", key, "w");
  sim->scheduler.advance(1s);
  EXPECT_EQ(write.word(), "unavailable");
  sim->source->set(key, "w");
  EXPECT_EQ(got("a"), "w");
}

TEST_F(GroupClusterTest, ABypassUnderWayDuringAWriteThroughThisNodeKeepsNothing) {
  start({.bypass_max_age = 10s});
  sim->crash("b");
  sim->source->hold();
  const auto bypass = sim->get("a", key);
  travel();
  sim->start("b");
  sim->node("b").cluster.update(sim->view_of({"a", "b", "c"}));
  const auto write = sim->put("a", key, "w");
  travel();
  sim->source->release_newest();
  travel();
  sim->source->open();
  EXPECT_EQ(write.word(), "w");
  EXPECT_EQ(bypass.word(), "v");
  sim->crash("b");
  EXPECT_EQ(got("a"), "w");
}

TEST_F(GroupClusterTest, AHungOwnerIsWaitedForByOneGetAtATime) {
  start();
  sim->wire.freeze("b");
  EXPECT_EQ(got("a", 900ms), "waiting");
  sim->scheduler.advance(200ms);
  for (int i = 1; i < 20; ++i) {
    const auto asked = sim->get("a", sim->key_owned_by("b", "b", i));
    travel();
    EXPECT_EQ(asked.word(), "not_found");
  }
}

TEST_F(GroupClusterTest, AnOwnerThatIsOnlySlowWithOneKeyIsNoSuspect) {
  start();
  const std::string other = sim->key_owned_by("b", "b", 1);
  sim->source->hold();
  const auto slow = sim->get("a", key);
  sim->scheduler.advance(500ms);
  sim->source->fail_with(std::nullopt);
  const auto asked = sim->get("a", other);
  travel();
  sim->source->release_newest();
  travel();
  EXPECT_EQ(asked.word(), "not_found");
  sim->scheduler.advance(500ms);  // the slow one is read past its owner by now
  const auto forwards = sim->group("a").stats().forwards;
  sim->get("a", other);
  EXPECT_EQ(sim->group("a").stats().forwards, forwards + 1);
}

TEST_F(GroupClusterTest, ASlowSourceIsReadByTheOwnerAloneHoweverLongItTakes) {
  start();
  sim->source->hold();
  const auto one = sim->get("a", key), other = sim->get("c", key);
  Asked<Values> many;
  const std::string second = sim->key_owned_by("b", "b", 1);
  sim->group("a").get_many(std::vector{KeyView("scores", key), KeyView("scores", second)}, {},
                           many.done());
  for (int i = 0; i < 40; ++i) sim->scheduler.advance(100ms);
  EXPECT_EQ(loads(), 1u);
  EXPECT_EQ(sim->source->count(second).gets, 1u);
  EXPECT_EQ(sim->group("a").stats().bypasses + sim->group("c").stats().bypasses, 0u);
  sim->source->open();
  travel();
  for (const auto& asked : {one, other}) EXPECT_EQ(asked.word(), "v");
  EXPECT_TRUE(many.answered());
}

TEST_F(GroupClusterTest, AnOwnerThatShedsLoadIsNotBypassed) {
  start({.waiting_max = 3});
  sim->source->hold();
  sim->get("b", sim->key_owned_by("b", "b", 1));
  sim->get("b", sim->key_owned_by("b", "b", 2));
  EXPECT_EQ(got("a"), "overloaded");
  EXPECT_EQ(loads(), 0u);
}

TEST_F(GroupClusterTest, AnUnreachableOwnerIsNeverWrittenPast) {
  start();
  sim->crash("b");
  const auto put = sim->put("a", key, "w");
  sim->scheduler.advance(1s);
  EXPECT_EQ(put.word(), "unavailable");
  EXPECT_EQ(sim->source->row(key), "v");
}

TEST_F(GroupClusterTest, AWriteWithoutAnAnswerIsUnknownAtItsDeadline) {
  start();
  sim->wire.freeze("b");
  const auto put = sim->put("a", key, "w", {.deadline = sim->scheduler.now() + 2s});
  sim->scheduler.advance(2s);
  EXPECT_EQ(put.word(), "unknown");
}

TEST_F(GroupClusterTest, AWriteThatMeetsAChangingRingIsSentAgain) {
  start();
  sim->node("b").cluster.update(sim->view_of({"c"}));  // b has left in its own eyes
  const auto put = sim->put("a", key, "w");
  sim->scheduler.advance(50ms);
  EXPECT_EQ(put.word(), "waiting");
  sim->show_all({"a", "c"});
  sim->scheduler.advance(500ms);
  EXPECT_EQ(put.word(), "w");
}

// The ring changes ------------------------------------------------------------------------------

TEST_F(GroupClusterTest, CopiesOfKeysThatMovedAreDroppedAndNoOthers) {
  start();
  sim->show_all({"b"});
  std::vector<std::string> moving, staying;
  for (int i = 0; i < 20; ++i) {
    got("b");
    sim->get("b", "n" + std::to_string(i));
  }
  sim->show_all({"a", "b", "c"});
  const auto ring = sim->node("b").cluster.ring();
  for (int i = 0; i < 20; ++i) {
    const std::string name = "n" + std::to_string(i);
    const bool ours = ring->owner({"g", name}).name == "b";
    EXPECT_EQ(sim->has_copy("b", name), ours) << name;
    if (!ours) {
      EXPECT_EQ(sim->group("b").explain({"g", name}).departure, Departure::moved);
    }
  }
}

TEST_F(GroupClusterTest, ALoadDuringWhichTheKeyMovesFillsNothingEvenIfItComesBack) {
  start();
  sim->source->hold();
  const auto load = sim->get("b", key);
  sim->node("b").cluster.update(sim->view_of({"a"}));
  sim->source->set(key, "w");  // written by the owner in between
  sim->node("b").cluster.update(sim->view_of({"a", "b", "c"}));
  sim->source->open();
  EXPECT_EQ(load.word(), "v");
  EXPECT_EQ(got("b"), "w");
}

TEST_F(GroupClusterTest, ALoadBegunWhileTheKeyWasElsewhereFillsNothing) {
  start();
  sim->node("b").cluster.update(sim->view_of({"a"}));
  sim->source->hold();
  const auto load = sim->get("b", key, {.forwarded = true});
  sim->source->set(key, "w");
  sim->node("b").cluster.update(sim->view_of({"a", "b", "c"}));
  sim->source->open();
  EXPECT_EQ(load.word(), "v");
  EXPECT_EQ(got("b"), "w");
}

TEST_F(GroupClusterTest, AWriteDuringWhichTheKeyMovesKeepsNothing) {
  start();
  sim->source->hold();
  const auto write = sim->put("b", key, "w");
  sim->node("b").cluster.update(sim->view_of({"a"}));
  sim->source->set(key, "x");
  sim->node("b").cluster.update(sim->view_of({"a", "b", "c"}));
  sim->source->open();
  EXPECT_EQ(write.word(), "w");
  EXPECT_EQ(got("b"), "x");
}

TEST_F(GroupClusterTest, AQueuedWriteFollowsItsKeyToTheNewOwner) {
  start();
  sim->source->hold();
  sim->put("b", key, "1");
  const auto queued = sim->put("b", key, "2");
  sim->show_all({"a"});
  sim->source->open();
  travel();
  EXPECT_EQ(queued.word(), "2");
  EXPECT_TRUE(sim->has_copy("a", key));
  EXPECT_FALSE(sim->has_copy("b", key));
}

TEST_F(GroupClusterTest, AfterAGapEveryCopyIsForgotten) {
  start();
  got("b");
  sim->source->set(key, "w");
  sim->node("b").cluster.update(sim->view_of({"a", "b", "c"}, true));
  EXPECT_EQ(got("b"), "w");
}

TEST_F(GroupClusterTest, ALoadUnderWayAcrossAGapFillsNothing) {
  start();
  sim->source->hold();
  sim->get("b", key);
  sim->source->set(key, "w");
  sim->node("b").cluster.update(sim->view_of({"a", "b", "c"}, true));
  sim->source->open();
  EXPECT_EQ(got("b"), "w");
}

TEST_F(GroupClusterTest, ANewRingWithTheSameOwnerKeepsTheFlight) {
  start();
  sim->source->hold();
  sim->get("b", key);
  sim->show_all({"a", "b", "c"});
  sim->get("b", key);
  EXPECT_EQ(loads(), 1u);
}

// The end, and what can be asked about a group --------------------------------------------------

using GroupTest = testing::OneNode;

TEST_F(GroupTest, AGroupThatEndsAnswersThoseWhoWait) {
  source->hold();
  const auto get = this->get("k");
  const auto running = put("l", "v");
  const auto queued = put("l", "w");
  group.reset();
  EXPECT_EQ(get.word(), "unavailable");
  EXPECT_EQ(running.word(), "unknown");
  EXPECT_EQ(queued.word(), "unavailable");
  source->open();
  scheduler.run();
  EXPECT_EQ(get.answers() + running.answers() + queued.answers(), 3);
  EXPECT_EQ(source->row("l"), "v");
}

TEST_F(GroupTest, TellsWhatItKnowsOfAKey) {
  source->set("k", "v");
  EXPECT_EQ(group->explain(key("k")).departure, Departure::never_seen);
  source->hold();
  get("k");
  EXPECT_TRUE(group->explain(key("k")).in_flight);
  scheduler.advance(30ms);
  source->open();
  const Explanation why = group->explain(key("k"));
  EXPECT_FALSE(why.in_flight);
  EXPECT_EQ(why.copy->bytes.view(), "v");
  EXPECT_EQ(why.last_load, 30ms);
}

TEST_F(GroupTest, ACopyThatWasWrittenHasNoLoadTime) {
  get("k");
  put("k", "v");
  EXPECT_EQ(group->explain(key("k")).last_load, 0s);
}

TEST_F(GroupTest, CountsWhatItDoes) {
  source->set("k", "v");
  get("k");
  get("k");
  get("absent");
  put("k", "w");
  erase("k");
  const GroupStats stats = group->stats();
  EXPECT_EQ(stats.gets, 3u);
  EXPECT_EQ(stats.cache.hits, 1u);
  EXPECT_EQ(stats.loads, 2u);
  EXPECT_EQ(stats.load_errors, 0u);
  EXPECT_EQ(stats.puts, 1u);
  EXPECT_EQ(stats.erases, 1u);
  EXPECT_EQ(stats.flights, 0u);
}

TEST_F(GroupTest, LimitsChangeWhileItRuns) {
  GroupLimits limits = group->limits();
  EXPECT_EQ(limits.capacity, std::size_t{64} << 20);
  limits.capacity = 1 << 20;
  limits.value_bytes_max = 2;
  limits.max_age = 1s;
  group->set_limits(limits);
  EXPECT_EQ(group->stats().cache.entries, 0u);
  EXPECT_EQ(group->limits().capacity, std::size_t{1} << 20);
  EXPECT_EQ(put("k", "vvv").word(), "too_large");
  put("k", "v");
  scheduler.advance(1s);
  get("k");
  EXPECT_EQ(source->gets(), 1u);
}

TEST_F(GroupTest, AnswersForItsOwnGroupWhateverTheKeySays) {
  source->set("k", "v");
  EXPECT_EQ(ask_get(*group, {"", "k"}).word(), "v");
}

}  // namespace
}  // namespace ringcache
