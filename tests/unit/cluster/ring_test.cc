// SPDX-License-Identifier: Apache-2.0
#include <ringcache/ring.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <ostream>
#include <random>
#include <string>

#include <ringcache/testing/fake_membership.h>

namespace ringcache {
namespace {

using testing::fake_member;
using testing::fake_members;

constexpr RingOptions kClassic{.type = RingType::classic};

Ring ring_of(std::vector<Member> members, RingOptions options = {}) {
  return Ring(View{.epoch = 1, .members = std::move(members)}, options);
}

std::vector<Member> nodes(std::size_t count, std::size_t from = 0) {
  std::vector<Member> members;
  for (std::size_t i = from; i < from + count; ++i)
    members.push_back(fake_member("10.0.0." + std::to_string(i) + ":9999"));
  return members;
}

std::vector<Member> without(std::vector<Member> members, std::size_t from, std::size_t count) {
  const auto first = members.begin() + static_cast<std::ptrdiff_t>(from);
  members.erase(first, first + static_cast<std::ptrdiff_t>(count));
  return members;
}

TEST(ClassicRingTest, ReproducesThePublishedLog) {
  const Ring ring =
      ring_of(fake_members({"localhost:9999", "localhost:10000", "localhost:10001"}), kClassic);
  const Spot spot = ring.locate({"scores", "张三"});
  EXPECT_EQ(spot.hash, 2038739146u);
  EXPECT_EQ(spot.index, 58u);
  EXPECT_EQ(ring.members()[spot.owner].name, "localhost:10000");
  const Spot other = ring.locate_hash(2453906684u);
  EXPECT_EQ(other.index, 73u);
  EXPECT_EQ(ring.members()[other.owner].name, "localhost:10000");
}

TEST(ClassicRingTest, TheGroupDoesNotMoveAKey) {
  const Ring ring = ring_of(nodes(5), kClassic);
  EXPECT_EQ(ring.locate({"a", "key"}).index, ring.locate({"b", "key"}).index);
}

TEST(ClassicRingTest, AJoinMovesOnlyToTheNewMember) {
  const Ring before = ring_of(nodes(5), kClassic);
  const Ring after = ring_of(nodes(6), kClassic);
  for (int i = 0; i < 5'000; ++i) {
    const std::string name = "key" + std::to_string(i);
    const Member& owner = after.owner({"g", name});
    if (owner.name == "10.0.0.5:9999") continue;
    EXPECT_EQ(before.owner({"g", name}).name, owner.name);
  }
  EXPECT_NEAR(after.moved_from(before), after.shares()[5], 1e-9);
}

TEST(SlotTest, IsRedisClusters) {
  EXPECT_EQ(slot_of({"user", "1000"}), 1649u);
  EXPECT_EQ(slot_of({"foo", "bar"}), 9094u);
}

TEST(SlotTest, AHashTagAloneDecides) {
  const unsigned tagged = slot_of({"g", "{user1000}.following"});
  EXPECT_EQ(slot_of({"g", "{user1000}.followers"}), tagged);
  EXPECT_EQ(slot_of({"other", "x{user1000}"}), tagged);
  EXPECT_EQ(slot_of({"{user1000}", "anything"}), tagged);
  EXPECT_EQ(slot_of({"g", "{user1000}{b}"}), tagged);
}

TEST(SlotTest, AnEmptyOrOpenTagIsNone) {
  EXPECT_NE(slot_of({"g", "foo{}{bar}"}), slot_of({"g", "{bar}"}));
  EXPECT_NE(slot_of({"g", "foo{bar"}), slot_of({"g", "{bar}"}));
  EXPECT_NE(slot_of({"g", "}foo{bar"}), slot_of({"g", "{bar}"}));
}

TEST(SlotTest, ATagMayOpenInTheGroupAndCloseInTheName) {
  EXPECT_EQ(slot_of({"a{b", "c}d"}), slot_of({"other", "{b:c}"}));
  EXPECT_EQ(slot_of({"a{", "}d"}), slot_of({"other", "x{:}"}));
}

TEST(SlotTest, TheFirstOpenAndTheNextCloseCount) {
  EXPECT_EQ(slot_of({"g", "foo{{bar}}zap"}), slot_of({"h", "{{bar}"}));
}

class BothRings : public ::testing::TestWithParam<RingType> {
 protected:
  Ring make(std::vector<Member> members) const { return ring_of(std::move(members), {GetParam()}); }
};
INSTANTIATE_TEST_SUITE_P(Types, BothRings, ::testing::Values(RingType::slots, RingType::classic));

TEST_P(BothRings, TheOrderOfMembersDoesNotMatter) {
  auto members = nodes(10);
  const Ring ring = make(members);
  std::ranges::shuffle(members, std::mt19937(3));
  EXPECT_EQ(make(members).moved_from(ring), 0);
}

TEST_P(BothRings, ANewIncarnationMovesNothing) {
  auto members = nodes(10);
  const Ring ring = make(members);
  members[3] = fake_member(members[3].name, 2);
  members[3].address = "elsewhere:1";
  EXPECT_EQ(make(members).moved_from(ring), 0);
}

TEST_P(BothRings, OfOneNameTheLastIsKept) {
  const Ring ring = make({fake_member("a", 1), fake_member("b"), fake_member("a", 2)});
  ASSERT_EQ(ring.members().size(), 2u);
  EXPECT_EQ(ring.members()[0].id, "a#2");
}

TEST_P(BothRings, EmptyMovesToNothing) {
  const Ring none = make({});
  const Ring some = make(nodes(2));
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.moved_from(none), 0);
  EXPECT_EQ(none.moved_from(some), 1);
  EXPECT_EQ(some.moved_from(none), 1);
  EXPECT_TRUE(none.shares().empty());
}

TEST_P(BothRings, AloneAMemberOwnsAll) {
  const Ring ring = make(nodes(1));
  EXPECT_EQ(ring.shares(), std::vector{1.0});
  EXPECT_EQ(ring.owner({"g", "k"}).name, "10.0.0.0:9999");
}

TEST_P(BothRings, SharesSumToOneAndFollowTheWeight) {
  auto members = nodes(4);
  members[2].weight = 3;
  const auto shares = make(members).shares();
  EXPECT_NEAR(std::accumulate(shares.begin(), shares.end(), 0.0), 1, 1e-9);
  EXPECT_NEAR(shares[2], 0.5, GetParam() == RingType::slots ? 0.025 : 0.15);
}

TEST_P(BothRings, MovedFromAgreesWithTheKeys) {
  const Ring before = make(nodes(6));
  const Ring after = make(nodes(7, 1));
  int moved = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string name = "key" + std::to_string(i);
    moved += before.owner({"g", name}).name != after.owner({"g", name}).name;
  }
  EXPECT_NEAR(after.moved_from(before), moved / 20'000.0, 0.015);
}

TEST(RingTest, AnotherTypeOfRingMovesEverything) {
  EXPECT_EQ(ring_of(nodes(3)).moved_from(ring_of(nodes(3), kClassic)), 1);
}

TEST(RingTest, KeysSpreadEvenly) {
  for (const std::size_t count : {3u, 10u, 100u}) {
    const Ring ring = ring_of(nodes(count));
    std::vector<int> keys(count);
    constexpr int kKeys = 200'000;
    for (int i = 0; i < kKeys; ++i)
      ++keys[ring.locate({"scores", "user:" + std::to_string(i)}).owner];
    const int most = *std::ranges::max_element(keys);
    // Chance adds about 2.5 standard deviations to the fullest of them.
    const double chance = 3 * std::sqrt(static_cast<double>(count) / kKeys);
    EXPECT_LE(most * static_cast<double>(count) / kKeys, 1.05 + chance) << count;
  }
}

struct Change {
  std::size_t before, joined, left;

  friend std::ostream& operator<<(std::ostream& out, const Change& change) {
    return out << change.before << " + " << change.joined << " - " << change.left;
  }
};

class RingChange : public ::testing::TestWithParam<Change> {};
INSTANTIATE_TEST_SUITE_P(Sizes, RingChange,
                         ::testing::Values(Change{3, 1, 0}, Change{3, 0, 1}, Change{3, 3, 0},
                                           Change{10, 1, 0}, Change{10, 0, 1}, Change{10, 3, 0},
                                           Change{10, 0, 3}, Change{100, 1, 0}, Change{100, 0, 1},
                                           Change{100, 10, 0}, Change{100, 0, 10}));

TEST_P(RingChange, MovesLittleMoreThanItMust) {
  const auto [before, joined, left] = GetParam();
  for (std::size_t set = 0; set < 3; ++set) {
    const auto all = nodes(before + joined, 1000 * set);
    const Ring small = ring_of(without(all, 1, joined));
    const Ring large = ring_of(all);
    const Ring fewer = ring_of(without(all, 1, left));
    const double moved = joined ? large.moved_from(small) : fewer.moved_from(large);
    const double must = static_cast<double>(joined + left) / static_cast<double>(before + joined);
    EXPECT_LE(moved, 1.3 * must) << "set " << set;
    EXPECT_GE(moved, 0.9 * must) << "set " << set;
  }
}

}  // namespace
}  // namespace ringcache
