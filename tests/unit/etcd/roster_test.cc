// SPDX-License-Identifier: Apache-2.0
#include "etcd/roster.h"

#include <gtest/gtest.h>

#include "etcd/record.h"

namespace ringcache {
namespace {

class RosterTest : public ::testing::Test {
 protected:
  void put(const std::string& id, const std::string& name, std::int64_t revision) {
    const Member member{id, name, name + ":1", "", 1};
    ASSERT_TRUE(roster.put(id, encode_member(member), revision, revision));
  }

  /// "name=id …" of the view.
  static std::string shown(const View& view) {
    std::string text;
    for (const Member& member : view.members)
      text += (text.empty() ? "" : " ") + member.name + "=" + member.id;
    return text;
  }

  /// Two members, seen.
  void SetUp() override {
    roster.restart(2);
    put("1", "a", 1);
    put("2", "b", 2);
    first = roster.take();
  }

  Roster roster;
  View first;
};

TEST_F(RosterTest, TheFirstViewIsTheListWithoutAGap) {
  EXPECT_EQ(shown(first), "a=1 b=2");
  EXPECT_EQ(first.epoch, 2U);
  EXPECT_FALSE(first.gap);
  EXPECT_FALSE(roster.changed());
}

TEST_F(RosterTest, AllThatHappenedIsOneViewWithTheLastRevision) {
  put("3", "c", 3);
  roster.erase("1", 4);
  put("4", "d", 7);
  ASSERT_TRUE(roster.changed());
  const View view = roster.take();
  EXPECT_EQ(shown(view), "b=2 c=3 d=4");
  EXPECT_EQ(view.epoch, 7U);
  EXPECT_FALSE(view.gap);
}

TEST_F(RosterTest, AMemberThatCameAndWentUnseenIsAGap) {
  put("3", "c", 3);
  roster.erase("3", 4);
  ASSERT_TRUE(roster.changed());
  const View view = roster.take();
  EXPECT_EQ(shown(view), "a=1 b=2");
  EXPECT_TRUE(view.gap);
  EXPECT_EQ(view.epoch, 4U);
  EXPECT_FALSE(roster.changed());
}

TEST_F(RosterTest, ANameThatWasNobodysForAWhileIsAGap) {
  roster.erase("1", 3);
  put("3", "a", 4);
  const View view = roster.take();
  EXPECT_EQ(shown(view), "a=3 b=2");
  EXPECT_TRUE(view.gap);
}

TEST_F(RosterTest, ARestartBeforeTheOldLeaseEndedIsNoGapAndNoFlap) {
  put("3", "a", 3);
  const View restarted = roster.take();
  EXPECT_EQ(shown(restarted), "a=3 b=2");
  EXPECT_FALSE(restarted.gap);
  roster.erase("1", 4);
  EXPECT_FALSE(roster.changed());
}

TEST_F(RosterTest, OfTwoWithOneNameTheLaterCounts) {
  put("0", "b", 9);
  EXPECT_EQ(shown(roster.take()), "a=1 b=0");
  EXPECT_EQ(roster.namesake(first.members[1])->member.id, "0");
  EXPECT_EQ(roster.namesake(first.members[0]), nullptr);
}

TEST_F(RosterTest, AFullListAnewIsAGapThoughNothingChanged) {
  roster.restart(8);
  put("1", "a", 1);
  put("2", "b", 2);
  ASSERT_TRUE(roster.changed());
  const View view = roster.take();
  EXPECT_TRUE(view.gap);
  EXPECT_EQ(view.epoch, 8U);
}

TEST_F(RosterTest, EpochsGrowThoughEtcdStartsOver) {
  put("3", "c", 100);
  EXPECT_EQ(roster.take().epoch, 100U);
  roster.restart(5);
  put("4", "a", 5);
  EXPECT_EQ(roster.take().epoch, 101U);
  put("5", "b", 6);
  EXPECT_EQ(roster.take().epoch, 102U);
  put("6", "c", 16);
  EXPECT_EQ(roster.take().epoch, 111U);
}

TEST_F(RosterTest, AMalformedRecordIsReportedOnceAndIsNobody) {
  const auto complaint = roster.put("9", "{", 3, 3);
  ASSERT_FALSE(complaint);
  EXPECT_EQ(complaint.error().message, "it is not a JSON object");
  EXPECT_TRUE(roster.put("9", "{", 3, 4)) << "said already";
  EXPECT_FALSE(roster.put("9", "[", 3, 5)) << "another mistake";
  EXPECT_FALSE(roster.changed());
}

TEST_F(RosterTest, AMemberWhoseRecordTurnsBadIsGone) {
  EXPECT_FALSE(roster.put("1", "{", 1, 3));
  EXPECT_EQ(shown(roster.take()), "b=2");
}

TEST_F(RosterTest, ComplaintsEnd) {
  int said = 0;
  for (int i = 0; i < 1000; ++i) said += roster.put("9", std::to_string(i), 3, 3) ? 0 : 1;
  EXPECT_EQ(said, 100);
}

TEST_F(RosterTest, AViewLacksMembersWhileANameIsAway) {
  roster.erase("2", 3);
  EXPECT_TRUE(roster.lacks_members());
  put("3", "b", 4);
  EXPECT_FALSE(roster.lacks_members());
}

}  // namespace
}  // namespace ringcache
