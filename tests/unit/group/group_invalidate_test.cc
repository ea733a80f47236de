// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>

#include "support/one_node.h"
#include "support/sim_cluster.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::ask_invalidate;
using testing::Asked;
using testing::SimCluster;

class GroupInvalidateTest : public testing::OneNode {
 protected:
  Asked<std::uint64_t> invalidate(const Invalidation& what) {
    return ask_invalidate(*group, what, {});
  }
  static Invalidation keys(std::vector<std::string> names) {
    return {.group = "g", .keys = std::move(names)};
  }
  void have(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      source->set(name, "v");
      get(name);
    }
  }
  bool has(const char* name) { return group->explain(key(name)).copy.has_value(); }
};

TEST_F(GroupInvalidateTest, TheNextGetReadsTheSource) {
  have({"k"});
  source->set("k", "changed behind");
  EXPECT_EQ(get("k").word(), "v");
  EXPECT_EQ(invalidate(keys({"k"})).word(), "1");
  EXPECT_EQ(get("k").word(), "changed behind");
}

TEST_F(GroupInvalidateTest, TheKnowledgeOfAbsenceGoesToo) {
  EXPECT_EQ(get("k").word(), "not_found");
  source->set("k", "v");
  invalidate(keys({"k"}));
  EXPECT_EQ(get("k").word(), "v");
}

TEST_F(GroupInvalidateTest, OnlyWhatIsNamedGoes) {
  have({"user:1", "user:2", "team:1"});
  EXPECT_EQ(invalidate(keys({"user:1", "nobody"})).word(), "1");
  EXPECT_TRUE(has("user:2"));
  EXPECT_EQ(invalidate({.group = "g", .prefix = "user:"}).word(), "1");
  EXPECT_FALSE(has("user:2"));
  EXPECT_TRUE(has("team:1"));
  EXPECT_EQ(invalidate({.group = "g", .all = true}).word(), "1");
  EXPECT_FALSE(has("team:1"));
}

TEST_F(GroupInvalidateTest, ATagGoesByWhatTheSourceOrThePutSaid) {
  source->answer_with({.tags = Bytes::copy("red,big")});
  have({"a"});
  source->answer_with({.tags = Bytes::copy("redder")});
  have({"b"});
  Asked<Value> put;
  group->put(key("c"), {.bytes = Bytes::copy("v"), .tags = Bytes::copy("red")}, {}, put.done());
  EXPECT_EQ(invalidate({.group = "g", .tag = "red"}).word(), "2");
  EXPECT_FALSE(has("a"));
  EXPECT_TRUE(has("b"));
  EXPECT_FALSE(has("c"));
}

TEST_F(GroupInvalidateTest, MoreTagsThanACopyCanHaveAreRefused) {
  std::string many = "t";
  for (int i = 0; i < 16; ++i) many += ",t" + std::to_string(i);
  Asked<Value> put;
  group->put(key("k"), {.bytes = Bytes::copy("v"), .tags = Bytes::copy(many)}, {}, put.done());
  EXPECT_EQ(put.word(), "invalid_argument");
  source->set("k", "v");
  source->answer_with({.tags = Bytes::copy(many)});
  EXPECT_EQ(get("k").word(), "invalid_argument");
}

TEST_F(GroupInvalidateTest, ALoadThatBeganBeforeFillsNothingAndIsNotJoined) {
  for (const Invalidation& what :
       {keys({"k"}), Invalidation{.group = "g", .prefix = "k"},
        Invalidation{.group = "g", .tag = "t"}, Invalidation{.group = "g", .all = true}}) {
    source->set("k", "old");
    source->hold();
    const auto older = get("k");
    source->set("k", "new");
    invalidate(what);
    const auto later = get("k");
    source->open();
    EXPECT_EQ(older.word(), "old");
    EXPECT_EQ(later.word(), "new");
    EXPECT_EQ(get("k").word(), "new");
    invalidate({.group = "g", .all = true});
  }
}

TEST_F(GroupInvalidateTest, AWriteThatBeganBeforeKeepsNothing) {
  for (const Invalidation& what : {keys({"k"}), Invalidation{.group = "g", .all = true}}) {
    source->hold();
    const auto write = put("k", "written");
    source->set("k", "changed behind");
    invalidate(what);
    source->open();
    EXPECT_EQ(write.word(), "written");
    EXPECT_EQ(get("k").word(), "changed behind");
  }
}

TEST_F(GroupInvalidateTest, OneWayAtATime) {
  EXPECT_EQ(invalidate({.group = "g"}).word(), "invalid_argument");
  EXPECT_EQ(invalidate({.group = "g", .keys = {"k"}, .prefix = "k"}).word(), "invalid_argument");
}

TEST_F(GroupInvalidateTest, AModeThatKeepsNothingLeavesTheNextGetToTheSource) {
  start({.write_mode = WriteMode::invalidate});
  put("k", "v");
  EXPECT_FALSE(has("k"));
  EXPECT_EQ(get("k").word(), "v");
  EXPECT_EQ(source->gets(), 1u);
}

class ClusterInvalidateTest : public ::testing::Test {
 protected:
  ClusterInvalidateTest() { sim.start_all({"a", "b", "c"}); }

  Asked<std::uint64_t> invalidate(const std::string& at, const Invalidation& what,
                                  Duration patience = 1s) {
    return ask_invalidate(sim.group(at), what, {.deadline = sim.scheduler.now() + patience});
  }

  SimCluster sim;
};

TEST_F(ClusterInvalidateTest, WhicheverNodeIsAskedAllForget) {
  for (const char* owner : {"a", "b", "c"}) {
    const std::string key = sim.key_owned_by(owner);
    sim.source->set(key, "v");
    sim.get(owner, key);
    sim.scheduler.settle();
    ASSERT_TRUE(sim.has_copy(owner, key));
  }
  const auto asked = invalidate("b", {.group = "g", .all = true});
  sim.scheduler.run();
  EXPECT_EQ(asked.word(), "3");
  for (const char* owner : {"a", "b", "c"})
    EXPECT_FALSE(sim.has_copy(owner, sim.key_owned_by(owner)));
}

TEST_F(ClusterInvalidateTest, ANodeThatDoesNotAnswerIsNamed) {
  sim.wire.freeze("c");
  const auto asked = invalidate("a", {.group = "g", .all = true});
  sim.scheduler.run();
  EXPECT_EQ(asked.word(), "unavailable");
  EXPECT_NE(asked.result().error().message.find("node c"), std::string::npos);
}

}  // namespace
}  // namespace ringcache
