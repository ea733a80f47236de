// SPDX-License-Identifier: Apache-2.0
#include "cluster/classic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include <ringcache/testing/fake_membership.h>

#include "cluster/crc.h"

namespace ringcache {
namespace {

TEST(ClassicTest, PointsAreTheNameFollowedByTheReplica) {
  const auto points = classic_points(testing::fake_members({"localhost:9999"}), 3);
  std::vector<std::uint32_t> expected = {crc32("localhost:99990"), crc32("localhost:99991"),
                                         crc32("localhost:99992")};
  std::ranges::sort(expected);
  ASSERT_EQ(points.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(points[i].hash, expected[i]);
}

TEST(ClassicTest, WeightMultipliesThePoints) {
  const auto points = classic_points(std::vector{testing::fake_member("a", 1, 3)}, 50);
  EXPECT_EQ(points.size(), 150u);
}

TEST(ClassicTest, IndexIsTheFirstPointAtOrAfterTheHash) {
  const std::vector<RingPoint> points = {{10, 0}, {20, 1}, {20, 2}, {30, 0}};
  EXPECT_EQ(classic_index(points, 0), 0u);
  EXPECT_EQ(classic_index(points, 10), 0u);
  EXPECT_EQ(classic_index(points, 11), 1u);
  EXPECT_EQ(classic_index(points, 20), 1u);
  EXPECT_EQ(classic_index(points, 21), 3u);
  EXPECT_EQ(classic_index(points, 31), 0u);
}

TEST(ClassicTest, ACollisionLosesNoPoint) {
  const auto members = testing::fake_members({"node29685295:9999", "node32060020:9999"});
  const auto points = classic_points(members, 1);
  ASSERT_EQ(points.size(), 2u);
  ASSERT_EQ(points[0].hash, points[1].hash);
  EXPECT_EQ(points[0].member, 0u);
  EXPECT_EQ(points[1].member, 1u);
}

TEST(ClassicTest, SharesAreArcs) {
  const std::vector<RingPoint> points = {{0x40000000, 0}, {0x80000000, 1}};
  EXPECT_EQ(classic_shares(points, 2), (std::vector{0.75, 0.25}));
  EXPECT_EQ(classic_shares(std::vector<RingPoint>{{5, 0}}, 1), std::vector{1.0});
}

}  // namespace
}  // namespace ringcache
