// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include <ringcache/membership.h>

namespace ringcache {

/// A member's weight as placement counts it: 1 to 1000.
std::uint64_t placement_weight(const Member& member) noexcept;

/// How many slots a member of `weight` may hold when all weights together are `total`: 1.04 of its
/// share, rounded up, so that the members always have room for all.
std::uint64_t slot_cap(std::uint64_t weight, std::uint64_t total) noexcept;

/// The member (by index) of each of kSlots slots. Slots and members choose each other as in stable
/// matching (Gale and Shapley, 1962), both by the same rendezvous cost: a slot asks its cheapest
/// member first, and a member over its cap turns the costliest of its slots away to their next. The
/// outcome does not depend on who asks first. Ties go to the lower slot and the lower index.
/// REQUIRES: names are unique; 1 to 65536 members, the same order on every node.
std::vector<std::uint16_t> place_slots(std::span<const Member> members);

}  // namespace ringcache
