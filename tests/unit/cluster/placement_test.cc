// SPDX-License-Identifier: Apache-2.0
#include "cluster/placement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include <ringcache/hash.h>
#include <ringcache/ring.h>
#include <ringcache/testing/fake_membership.h>

#include "cluster/rendezvous.h"

namespace ringcache {
namespace {

using Owners = std::vector<std::uint16_t>;

std::vector<Member> nodes(std::size_t count, const std::string& prefix = "node") {
  std::vector<Member> members;
  members.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    members.push_back(testing::fake_member(prefix + std::to_string(10'000 + i) + ":9999"));
  return members;
}

std::vector<std::size_t> count_slots(const Owners& owners, std::size_t members) {
  std::vector<std::size_t> counts(members);
  for (const auto owner : owners) ++counts[owner];
  return counts;
}

std::uint64_t digest(const Owners& owners) {
  return hash64({reinterpret_cast<const char*>(owners.data()), owners.size() * 2});
}

TEST(PlacementTest, IsFixedForEver) {
  // Another placement would split a cluster of mixed versions: never change these.
  EXPECT_EQ(digest(place_slots(nodes(3))), 5456894827723772776u);
  EXPECT_EQ(digest(place_slots(nodes(100))), 11976229083246577349u);
}

TEST(PlacementTest, NoMemberHoldsMoreThanItsCap) {
  for (const std::size_t count : {1u, 2u, 3u, 10u, 100u, 300u}) {
    const auto members = nodes(count);
    const auto counts = count_slots(place_slots(members), count);
    EXPECT_LE(*std::ranges::max_element(counts), slot_cap(1, count)) << count;
  }
}

TEST(PlacementTest, EqualMembersHoldEqualSlots) {
  for (const std::size_t count : {3u, 10u, 100u}) {
    for (int set = 0; set < 5; ++set) {
      const auto counts = count_slots(place_slots(nodes(count, std::to_string(set) + "-")), count);
      const auto most = *std::ranges::max_element(counts);
      EXPECT_LE(static_cast<double>(most * count) / kSlots, 1.05)
          << count << " members, set " << set;
    }
  }
}

TEST(PlacementTest, IsAStableMatching) {
  // No slot prefers a member that has room, or that holds a costlier slot.
  const auto members = nodes(100);
  const auto owners = place_slots(members);
  std::vector<Bidder> bidders;
  bidders.reserve(members.size());
  for (const Member& member : members) bidders.emplace_back(member.name, 1);
  std::vector<std::uint64_t> worst(members.size());
  const auto counts = count_slots(owners, members.size());
  for (std::uint32_t slot = 0; slot < kSlots; ++slot)
    worst[owners[slot]] = std::max(worst[owners[slot]], bidders[owners[slot]].cost(slot));
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
    const std::uint64_t mine = bidders[owners[slot]].cost(slot);
    for (std::size_t other = 0; other < members.size(); ++other) {
      const std::uint64_t cost = bidders[other].cost(slot);
      if (cost >= mine) continue;
      EXPECT_EQ(counts[other], slot_cap(1, members.size())) << slot;
      EXPECT_GT(cost, worst[other]) << slot;
    }
  }
}

TEST(PlacementTest, WeightsAreHonoured) {
  for (const std::size_t count : {3u, 5u, 10u}) {
    auto members = nodes(count);
    std::uint64_t total = 0;
    for (std::size_t i = 0; i < count; ++i)
      total += members[i].weight = static_cast<unsigned>(1 + i % 3);
    const auto counts = count_slots(place_slots(members), count);
    for (std::size_t i = 0; i < count; ++i) {
      const double share = double{kSlots} * members[i].weight / static_cast<double>(total);
      EXPECT_NEAR(static_cast<double>(counts[i]) / share, 1, 0.05) << i << " of " << count;
    }
  }
}

TEST(PlacementTest, OnlyTheProportionOfWeightsCounts) {
  auto members = nodes(10);
  const auto owners = place_slots(members);
  for (Member& member : members) member.weight = 7;
  EXPECT_EQ(place_slots(members), owners);
}

TEST(PlacementTest, WeightsOutOfRangeCountAsTheNearestInside) {
  auto members = nodes(3);
  members[0].weight = 0;
  members[1].weight = 4'000'000'000;
  const auto odd = place_slots(members);
  members[0].weight = 1;
  members[1].weight = 1000;
  EXPECT_EQ(place_slots(members), odd);
}

TEST(PlacementTest, TheCapsLeaveRoomForEverySlot) {
  for (std::uint64_t members = 1; members < 40'000; members = members * 5 / 4 + 1)
    EXPECT_GE(slot_cap(1, members) * members, kSlots) << members;
  EXPECT_GE(slot_cap(1, 1001) + slot_cap(1000, 1001), kSlots);
}

}  // namespace
}  // namespace ringcache
