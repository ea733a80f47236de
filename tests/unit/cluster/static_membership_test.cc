// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include <ringcache/membership.h>
#include <ringcache/testing/fake_membership.h>

namespace ringcache {
namespace {

using testing::fake_member;
using testing::fake_members;

TEST(StaticMembershipTest, DeliversOneViewAtOnceWithSelfAdded) {
  const auto membership = static_membership(fake_members({"b", "c"}));
  std::vector<View> views;
  ASSERT_TRUE(
      membership->join(fake_member("a"), [&](View view) { views.push_back(std::move(view)); }));
  ASSERT_EQ(views.size(), 1u);
  EXPECT_EQ(views[0].members, fake_members({"b", "c", "a"}));
  EXPECT_GT(views[0].epoch, 0u);
  EXPECT_FALSE(views[0].gap);
}

TEST(StaticMembershipTest, SelfReplacesItsOwnListing) {
  const auto membership = static_membership(fake_members({"a", "b"}));
  View view;
  ASSERT_TRUE(membership->join(fake_member("a", 7), [&](View v) { view = std::move(v); }));
  ASSERT_EQ(view.members.size(), 2u);
  EXPECT_EQ(view.members[1], fake_member("a", 7));
}

TEST(StaticMembershipTest, AMemberIsNamedByItsAddressAndKnownByItsName) {
  Member bare;
  bare.address = "10.0.0.2:9999";
  const auto membership = static_membership({bare});
  View view;
  ASSERT_TRUE(membership->join(fake_member("a"), [&](View v) { view = std::move(v); }));
  EXPECT_EQ(view.members[0].name, "10.0.0.2:9999");
  EXPECT_EQ(view.members[0].id, "10.0.0.2:9999");
}

TEST(StaticMembershipTest, IsJoinedUntilItLeaves) {
  const auto membership = static_membership({});
  EXPECT_FALSE(membership->joined());
  int views = 0;
  ASSERT_TRUE(membership->join(fake_member("a"), [&](const View&) { ++views; }));
  EXPECT_TRUE(membership->joined());
  membership->leave();
  EXPECT_FALSE(membership->joined());
  EXPECT_EQ(views, 1);
}

}  // namespace
}  // namespace ringcache
