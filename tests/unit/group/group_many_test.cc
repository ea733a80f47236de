// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "support/batch_counter.h"
#include "support/one_node.h"
#include "support/sim_cluster.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::Asked;

using Words = std::vector<std::string>;

Asked<Values> ask_many(Store& store, const Words& names, const Call& call = {}) {
  std::vector<KeyView> keys;
  for (const std::string& name : names) keys.emplace_back("g", name);
  Asked<Values> asked;
  store.get_many(keys, call, asked.done());
  return asked;
}

Words words_of(const Asked<Values>& asked) {
  if (!asked.answered()) return {"waiting"};
  Words words;
  for (const Result<Value>& result : *asked.result())
    words.emplace_back(result ? result->bytes.view() : errc_name(result.error().code));
  return words;
}

class GroupManyTest : public testing::OneNode {
 protected:
  GroupManyTest() {
    for (const char* name : {"a", "b", "c"}) source->set(name, name);
    start_counted({});
  }
  void start_counted(GroupOptions options) {
    options.name = "g";
    group = std::make_unique<Group>(options, counter, cluster, scheduler);
  }
  Asked<Values> get_many(const Words& names, const Call& call = {}) {
    return ask_many(*group, names, call);
  }

  const std::shared_ptr<testing::BatchCounter> counter =
      std::make_shared<testing::BatchCounter>(source);
};

TEST_F(GroupManyTest, WhatIsNotHereIsReadInOneCallAndAnsweredInOrder) {
  get("b");
  EXPECT_EQ(words_of(get_many({"c", "b", "none", "a"})), (Words{"c", "b", "not_found", "a"}));
  EXPECT_EQ(counter->batches, std::vector<std::size_t>{3});
  EXPECT_EQ(words_of(get_many({"c", "b", "none", "a"})), (Words{"c", "b", "not_found", "a"}));
  EXPECT_EQ(source->gets(), 4u);
}

TEST_F(GroupManyTest, OfNoKeysThereIsAnAnswerAndOneKeyIsAGet) {
  EXPECT_EQ(words_of(get_many({})), Words());
  EXPECT_EQ(words_of(get_many({"a"})), Words{"a"});
  EXPECT_TRUE(counter->batches.empty());
}

TEST_F(GroupManyTest, AKeyAskedForTwiceIsReadOnce) {
  EXPECT_EQ(words_of(get_many({"a", "b", "a"})), (Words{"a", "b", "a"}));
  EXPECT_EQ(counter->batches, std::vector<std::size_t>{2});
}

TEST_F(GroupManyTest, ThoseUnderWayAreJoinedAndMayBeJoined) {
  source->hold();
  const auto one = get("a");
  const auto many = get_many({"a", "b", "c"});
  const auto another = get("b");
  EXPECT_EQ(counter->batches, std::vector<std::size_t>{2});
  source->open();
  EXPECT_EQ(words_of(many), (Words{"a", "b", "c"}));
  EXPECT_EQ(one.word(), "a");
  EXPECT_EQ(another.word(), "b");
  EXPECT_EQ(source->gets(), 3u);
}

TEST_F(GroupManyTest, AWriteMeanwhileKeepsTheOldValueOut) {
  source->hold();
  const auto many = get_many({"a", "b"});
  const auto written = put("a", "new");
  source->open();
  scheduler.settle();
  EXPECT_EQ(written.word(), "new");
  EXPECT_EQ(words_of(many).at(1), "b");
  EXPECT_EQ(get("a").word(), "new");
  EXPECT_TRUE(get("b").result()->hit);
}

TEST_F(GroupManyTest, EachLeavesAtTheCallersDeadline) {
  source->hold();
  const auto many = get_many({"a", "b"}, within(1s));
  scheduler.advance(1s);
  EXPECT_EQ(words_of(many), (Words{"deadline_exceeded", "deadline_exceeded"}));
  source->open();
  EXPECT_TRUE(get("a").result()->hit);
}

TEST_F(GroupManyTest, ALoadThatNeverEndsIsGivenUp) {
  source->hold();
  const auto many = get_many({"a", "b"});
  scheduler.advance(5s);
  EXPECT_EQ(words_of(many), (Words{"deadline_exceeded", "deadline_exceeded"}));
  source->open();
  EXPECT_EQ(words_of(get_many({"a", "b"})), (Words{"a", "b"}));
}

TEST_F(GroupManyTest, ASourceThatThrowsFailsThemAllAndNoMore) {
  source->throw_once();
  EXPECT_EQ(words_of(get_many({"a", "b"})), (Words{"internal", "internal"}));
  EXPECT_EQ(words_of(get_many({"a", "b"})), (Words{"a", "b"}));
}

TEST_F(GroupManyTest, EachKeyCountsAgainstItsClientsRate) {
  start_counted({.limits = {.rate_limit = {.per_client = 3}}});
  const Call call{.client = "x"};
  EXPECT_EQ(words_of(ask_many(*group, {"a", "b"}, call)), (Words{"a", "b"}));
  const auto refused = ask_many(*group, {"a", "c"}, call);
  EXPECT_EQ(refused.result().error().code, Errc::overloaded);
  EXPECT_EQ(words_of(ask_many(*group, {"c"}, call)), Words{"c"});
}

TEST_F(GroupManyTest, AValueAboveTheLimitFailsAlone) {
  start_counted({.limits = {.value_bytes_max = 3}});
  source->set("large", "large");
  EXPECT_EQ(words_of(get_many({"a", "large"})), (Words{"a", "too_large"}));
}

class ManyNodesTest : public ::testing::Test {
 protected:
  ManyNodesTest() {
    cluster.source_of = [this](const std::string&) { return counter; };
    cluster.start_all({"a", "b", "c"});
    for (int i = 0; i < 60; ++i) {
      names.push_back("k" + std::to_string(i));
      cluster.source->set(names.back(), names.back());
    }
  }
  Words get_many(const std::string& node) {
    const auto asked = ask_many(cluster.group(node), names);
    cluster.scheduler.advance(10s);
    return words_of(asked);
  }

  testing::SimCluster cluster;
  const std::shared_ptr<testing::BatchCounter> counter =
      std::make_shared<testing::BatchCounter>(cluster.source);
  Words names;
};

TEST_F(ManyNodesTest, EachOwnerGetsOneMessageAndReadsItsKeysInOneCall) {
  EXPECT_EQ(get_many("a"), names);
  EXPECT_EQ(cluster.wire.delivered(), 2u);
  const auto& batches = counter->batches;
  EXPECT_EQ(batches.size(), 3u);
  EXPECT_EQ(std::accumulate(batches.begin(), batches.end(), std::size_t{0}), 60u);
  EXPECT_EQ(get_many("b"), names);
  EXPECT_EQ(cluster.source->gets(), 60u);
}

TEST_F(ManyNodesTest, TheKeysOfAnOwnerThatIsGoneAreReadPastIt) {
  cluster.crash("b");
  EXPECT_EQ(get_many("a"), names);
}

TEST_F(ManyNodesTest, TheKeysOfAnOwnerThatHangsAreReadPastIt) {
  cluster.wire.freeze("c");
  EXPECT_EQ(get_many("a"), names);
}

}  // namespace
}  // namespace ringcache
