// SPDX-License-Identifier: Apache-2.0
#include "cluster/classic.h"

#include <algorithm>
#include <string>

#include "cluster/crc.h"
#include "cluster/placement.h"

namespace ringcache {
namespace {

constexpr double kCircle = 4294967296.0;

}  // namespace

std::vector<RingPoint> classic_points(std::span<const Member> members, unsigned replicas) {
  std::vector<RingPoint> points;
  for (std::uint32_t member = 0; member < members.size(); ++member) {
    const std::uint32_t name = crc32(members[member].name);
    const std::uint64_t count = placement_weight(members[member]) * replicas;
    for (std::uint64_t i = 0; i < count; ++i)
      points.push_back({crc32(std::to_string(i), name), member});
  }
  std::ranges::sort(points);
  return points;
}

std::size_t classic_index(std::span<const RingPoint> points, std::uint32_t hash) noexcept {
  const auto at = std::ranges::lower_bound(points, RingPoint{hash, 0});
  return at == points.end() ? 0 : static_cast<std::size_t>(at - points.begin());
}

std::vector<double> classic_shares(std::span<const RingPoint> points, std::size_t members) {
  std::vector<double> shares(members);
  if (points.empty()) return shares;
  std::uint32_t before = points.back().hash;
  for (const RingPoint& point : points) {
    shares[point.member] += static_cast<double>(point.hash - before) / kCircle;
    before = point.hash;
  }
  // Of a lone point the arc is the whole circle, not nothing.
  if (points.front().hash == points.back().hash) shares[points.front().member] = 1;
  return shares;
}

}  // namespace ringcache
