// SPDX-License-Identifier: Apache-2.0
#include <ringcache/groups.h>

#include <gtest/gtest.h>

#include <string>

#include <ringcache/testing/fake_source.h>
#include <ringcache/testing/sim_scheduler.h>

#include "support/asked.h"

namespace ringcache {
namespace {

using testing::ask_erase;
using testing::ask_get;
using testing::ask_get_many;
using testing::ask_put;

class GroupsTest : public ::testing::Test {
 protected:
  bool add(const std::string& name) {
    auto source = std::make_shared<testing::FakeSource>();
    source->set("k", "from " + name);
    return groups.add(
        std::make_unique<Group>(GroupOptions{.name = name}, source, cluster, scheduler));
  }

  testing::SimScheduler scheduler;
  Cluster cluster{"a", nullptr};
  Groups groups;
};

TEST_F(GroupsTest, HandsEachCallToItsKeysGroup) {
  add("x");
  add("y");
  EXPECT_EQ(ask_get(groups, {"x", "k"}).word(), "from x");
  EXPECT_EQ(ask_get(groups, {"y", "k"}).word(), "from y");
  EXPECT_EQ(ask_put(groups, {"x", "k"}, "v").word(), "v");
  EXPECT_EQ(ask_erase(groups, {"y", "k"}).word(), "done");
  EXPECT_EQ(ask_get(groups, {"x", "k"}).word(), "v");
}

TEST_F(GroupsTest, HandsManyKeysToTheirGroup) {
  add("x");
  add("y");
  const KeyView keys[] = {{"y", "k"}, {"y", "none"}, {"y", "k"}};
  const auto asked = ask_get_many(groups, keys);
  ASSERT_TRUE(asked.answered());
  const Values& values = *asked.result();
  EXPECT_EQ(values.at(0)->bytes.view(), "from y");
  EXPECT_EQ(values.at(1).error().code, Errc::not_found);
  EXPECT_EQ(values.at(2)->bytes.view(), "from y");
  EXPECT_TRUE(ask_get_many(groups, {}).result()->empty());
}

TEST_F(GroupsTest, ManyKeysOfNoGroupFailAsOne) {
  add("x");
  const KeyView keys[] = {{"score", "k"}, {"score", "l"}};
  EXPECT_EQ(ask_get_many(groups, keys).result().error(),
            (Error{Errc::no_such_group, "no group named 'score'; this node has: x"}));
}

TEST_F(GroupsTest, NamesTheGroupsThereAreWhenAskedForAnother) {
  add("scores");
  add("kv");
  const auto asked = ask_get(groups, {"score", "k"});
  EXPECT_EQ(asked.word(), "no_such_group");
  EXPECT_EQ(asked.result().error().message, "no group named 'score'; this node has: kv, scores");
  EXPECT_EQ(ask_put(groups, {"score", "k"}, "v").word(), "no_such_group");
  EXPECT_EQ(ask_erase(groups, {"score", "k"}).word(), "no_such_group");
}

TEST_F(GroupsTest, SaysSoWhenThereAreNone) {
  EXPECT_EQ(ask_get(groups, {"x", "k"}).result().error().message,
            "no group named 'x'; this node has: none");
}

TEST_F(GroupsTest, ANameIsTakenOnce) {
  EXPECT_TRUE(add("x"));
  EXPECT_FALSE(add("x"));
  EXPECT_NE(groups.find("x"), nullptr);
  EXPECT_EQ(groups.find("y"), nullptr);
}

TEST_F(GroupsTest, VisitsThemByName) {
  add("b");
  add("a");
  std::string names;
  groups.for_each([&](Group& group) { names += group.options().name; });
  EXPECT_EQ(names, "ab");
}

}  // namespace
}  // namespace ringcache
