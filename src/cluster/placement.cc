// SPDX-License-Identifier: Apache-2.0
#include "cluster/placement.h"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <limits>
#include <utility>

#include <ringcache/ring.h>

#include "cluster/rendezvous.h"

namespace ringcache {
namespace {

constexpr unsigned kWeightMax = 1000;
constexpr std::uint64_t kCapPercent = 104;

/// One cost, and whose: of slots when a member compares, of members when a slot does.
using Offer = std::pair<std::uint64_t, std::uint32_t>;

/// A member and the slots it has accepted so far, the costliest on top of the heap.
class Holder {
 public:
  Holder(const Member& member, std::uint64_t total)
      : bidder_(member.name, placement_weight(member)),
        cap_(slot_cap(placement_weight(member), total)) {
    held_.reserve(cap_ + 1);
  }

  const Bidder& bidder() const noexcept { return bidder_; }
  const std::vector<Offer>& held() const noexcept { return held_; }
  bool over() const noexcept { return held_.size() > cap_; }

  void accept(Offer slot) {
    held_.push_back(slot);
    std::ranges::push_heap(held_);
  }

  Offer turn_away() {
    std::ranges::pop_heap(held_);
    const Offer slot = held_.back();
    held_.pop_back();
    return slot;
  }

 private:
  Bidder bidder_;
  std::size_t cap_;
  std::vector<Offer> held_;
};

/// The slot's cheapest member among those costlier than `after`.
Offer next_choice(const std::vector<Holder>& holders, std::uint32_t slot, Offer after) {
  Offer best{std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint32_t>::max()};
  for (std::uint32_t member = 0; member < holders.size(); ++member) {
    const Offer offer{holders[member].bidder().cost(slot), member};
    if (offer > after && offer < best) best = offer;
  }
  assert(best.second < holders.size());  // the caps leave room for every slot
  return best;
}

Offer first_choice(const std::vector<Holder>& holders, std::uint32_t slot) {
  Offer best{holders[0].bidder().cost(slot), 0};
  for (std::uint32_t member = 1; member < holders.size(); ++member) {
    const std::uint64_t cost = holders[member].bidder().cost(slot);
    if (cost < best.first) best = {cost, member};
  }
  return best;
}

/// Finds a place for the slot, and for whichever slot is turned away for it, and so on.
void settle(std::vector<Holder>& holders, std::uint32_t slot) {
  Offer choice = first_choice(holders, slot);
  for (;;) {
    Holder& holder = holders[choice.second];
    holder.accept({choice.first, slot});
    if (!holder.over()) return;
    const Offer away = holder.turn_away();
    slot = away.second;
    choice = next_choice(holders, slot, {away.first, choice.second});
  }
}

}  // namespace

std::uint64_t placement_weight(const Member& member) noexcept {
  return std::clamp(member.weight, 1U, kWeightMax);
}

std::uint64_t slot_cap(std::uint64_t weight, std::uint64_t total) noexcept {
  const std::uint64_t whole = total * 100;
  return (kSlots * weight * kCapPercent + whole - 1) / whole;
}

std::vector<std::uint16_t> place_slots(std::span<const Member> members) {
  std::uint64_t total = 0;
  for (const Member& member : members) total += placement_weight(member);
  std::vector<Holder> holders;
  holders.reserve(members.size());
  for (const Member& member : members) holders.emplace_back(member, total);
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) settle(holders, slot);
  std::vector<std::uint16_t> owners(kSlots);
  for (std::size_t member = 0; member < holders.size(); ++member) {
    for (const Offer& slot : holders[member].held())
      owners[slot.second] = static_cast<std::uint16_t>(member);
  }
  return owners;
}

}  // namespace ringcache
