// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/ghost_list.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <utility>

namespace ringcache {
namespace {

constexpr std::uint32_t kHole = UINT32_MAX;
constexpr std::uint32_t kFree = UINT32_MAX;

/// An eighth to spare: little lies idle, and a rebuilding is paid for by eight moves for each push
/// that it makes room for.
constexpr std::size_t with_room(std::size_t places) { return places + places / 8 + 4; }

constexpr std::array<std::uint32_t, 2> halves_of(std::uint64_t hash) {
  return {static_cast<std::uint32_t>(hash), static_cast<std::uint32_t>(hash >> 32)};
}

}  // namespace

void GhostList::push(std::uint64_t hash, std::uint32_t charge) {
  if (used_ == ring_.size())
    rebuild(with_room(5 * size_ < 4 * ring_.size() ? size_ : ring_.size()));
  append({.halves = halves_of(hash), .charge = std::min(charge, kHole - 1)});
}

std::optional<std::uint32_t> GhostList::take(std::uint64_t hash) {
  if (empty()) return std::nullopt;
  const Ghost wanted{.halves = halves_of(hash), .charge = 0};
  const Slot tag = slot_of(wanted, 0);
  for (std::size_t slot = home(wanted); slots_[slot] != kFree; slot = slot_after(slot)) {
    if ((slots_[slot] & ~place_mask_) != tag) continue;
    const Ghost& ghost = ring_[place_in(slot)];
    if (ghost.halves != wanted.halves) continue;
    const std::uint32_t charge = ghost.charge;
    remove(slot);
    return charge;
  }
  return std::nullopt;
}

void GhostList::pop_oldest() {
  assert(!empty());
  std::size_t slot = home(ring_[oldest_]);
  while (place_in(slot) != oldest_) slot = slot_after(slot);
  remove(slot);
}

/// Of the lower half, the tag of the upper one. (All hashes in one shard have bits in common, but
/// those are in the upper half.)
std::size_t GhostList::home(const Ghost& ghost) const {
  return std::uint64_t{ghost.halves[0]} * slots_.size() >> 32;
}

GhostList::Slot GhostList::slot_of(const Ghost& ghost, std::size_t place) const {
  return (ghost.halves[1] & ~place_mask_) | static_cast<Slot>(place);
}

/// REQUIRES: a place that is not used.
void GhostList::append(const Ghost& ghost) {
  const std::size_t place = (oldest_ + used_) % ring_.size();
  ring_[place] = ghost;
  std::size_t slot = home(ghost);
  while (slots_[slot] != kFree) slot = slot_after(slot);
  slots_[slot] = slot_of(ghost, place);
  ++used_;
  ++size_;
  charge_ += ghost.charge;
}

void GhostList::remove(std::size_t slot) {
  Ghost& ghost = ring_[place_in(slot)];
  free_slot(slot);
  --size_;
  charge_ -= ghost.charge;
  ghost.charge = kHole;
  for (; used_ > 0 && ring_[oldest_].charge == kHole; --used_) oldest_ = place_after(oldest_);
  if (ring_.size() > size_ + size_ / 2 + 8) rebuild(with_room(size_));
}

/// Whatever follows without a gap moves into the hole, unless that would put it before its home.
void GhostList::free_slot(std::size_t hole) {
  const auto distance = [this](std::size_t from, std::size_t to) {
    return to >= from ? to - from : to + slots_.size() - from;
  };
  for (std::size_t at = slot_after(hole); slots_[at] != kFree; at = slot_after(at)) {
    if (distance(home(ring_[place_in(at)]), at) < distance(hole, at)) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = kFree;
}

/// All ghosts in their order, without holes, into a ring of so many places.
void GhostList::rebuild(std::size_t places) {
  const std::vector<Ghost> old = std::exchange(ring_, std::vector<Ghost>(places));
  slots_ = std::vector<Slot>(places + places / 3 + 1, kFree);
  place_mask_ = static_cast<Slot>(std::bit_ceil(places + 1) - 1);  // no place has all bits set
  std::size_t at = std::exchange(oldest_, 0);
  std::size_t left = std::exchange(used_, 0);
  size_ = charge_ = 0;
  for (; left > 0; --left, at = at + 1 == old.size() ? 0 : at + 1)
    if (old[at].charge != kHole) append(old[at]);
}

}  // namespace ringcache
