// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <ringcache/membership.h>
#include <ringcache/ring.h>

namespace ringcache {

/// The points of the classic ring in order: crc32 of "NAME0", "NAME1", …, `replicas` for each unit
/// of weight. Where names collide every point stays and the lower index comes first, so that none
/// is missing when the other member leaves. REQUIRES: the same order of members on every node.
std::vector<RingPoint> classic_points(std::span<const Member> members, unsigned replicas);

/// The position of the first point at or after `hash`, going round. REQUIRES: !points.empty().
std::size_t classic_index(std::span<const RingPoint> points, std::uint32_t hash) noexcept;

/// The part of the circle that each of `members` members owns.
std::vector<double> classic_shares(std::span<const RingPoint> points, std::size_t members);

}  // namespace ringcache
