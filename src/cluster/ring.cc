// SPDX-License-Identifier: Apache-2.0
#include <ringcache/ring.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <string_view>
#include <utility>

#include "cluster/classic.h"
#include "cluster/crc.h"
#include "cluster/placement.h"

namespace ringcache {
namespace {

/// "group:name" without building it.
class FullKey {
 public:
  explicit FullKey(const KeyView& key) : parts_{{key.group, ":", key.name}} {}

  std::size_t find(char wanted, std::size_t from) const noexcept {
    std::size_t start = 0;
    for (const std::string_view part : parts_) {
      const std::size_t at = part.find(wanted, from > start ? from - start : 0);
      if (at != part.npos) return start + at;
      start += part.size();
    }
    return std::string_view::npos;
  }

  std::uint16_t crc16(std::size_t from, std::size_t to) const noexcept {
    std::uint16_t crc = 0;
    std::size_t start = 0;
    for (const std::string_view part : parts_) {
      const std::size_t end = start + part.size();
      const std::size_t low = std::max(from, start), high = std::min(to, end);
      if (low < high) crc = ringcache::crc16(part.substr(low - start, high - low), crc);
      start = end;
    }
    return crc;
  }

 private:
  std::array<std::string_view, 3> parts_;
};

/// One member of each name, the last listed, in order of the names.
std::vector<Member> sort_by_name(const std::vector<Member>& members) {
  std::map<std::string_view, const Member*> last;
  for (const Member& member : members) last[member.name] = &member;
  std::vector<Member> sorted;
  sorted.reserve(last.size());
  for (const auto& [name, member] : last) sorted.push_back(*member);
  return sorted;
}

}  // namespace

unsigned slot_of(const KeyView& key) noexcept {
  constexpr std::size_t kNone = std::string_view::npos;
  const FullKey full(key);
  const std::size_t open = full.find('{', 0);
  const std::size_t close = open == kNone ? kNone : full.find('}', open + 1);
  const bool tagged = close != kNone && close > open + 1;
  const std::uint16_t crc = tagged ? full.crc16(open + 1, close) : full.crc16(0, kNone);
  return crc % kSlots;
}

Ring::Ring(View view, RingOptions options) : view_(std::move(view)), options_(options) {
  view_.members = sort_by_name(view_.members);
  options_.replicas = std::max(options_.replicas, 1U);
  if (empty()) return;
  if (options_.type == RingType::slots) {
    slots_ = place_slots(members());
  } else {
    points_ = classic_points(members(), options_.replicas);
  }
}

Spot Ring::locate(const KeyView& key) const noexcept {
  return locate_hash(options_.type == RingType::slots ? slot_of(key) : crc32(key.name));
}

Spot Ring::locate_hash(std::uint32_t hash) const noexcept {
  assert(!empty());
  if (options_.type == RingType::slots) return {hash, hash, slots_[hash]};
  const std::size_t index = classic_index(points_, hash);
  return {hash, index, points_[index].member};
}

std::vector<double> Ring::shares() const {
  if (options_.type == RingType::classic) return classic_shares(points_, members().size());
  std::vector<double> shares(members().size());
  for (const std::uint16_t owner : slots_) shares[owner] += 1.0 / kSlots;
  return shares;
}

double Ring::moved_from(const Ring& before) const {
  if (empty() && before.empty()) return 0;
  if (empty() || before.empty() || options_ != before.options_) return 1;
  return options_.type == RingType::slots ? slots_moved_from(before) : points_moved_from(before);
}

double Ring::slots_moved_from(const Ring& before) const {
  unsigned moved = 0;
  for (std::size_t slot = 0; slot < kSlots; ++slot)
    moved += members()[slots_[slot]].name != before.members()[before.slots_[slot]].name;
  return static_cast<double>(moved) / kSlots;
}

double Ring::points_moved_from(const Ring& before) const {
  // Between two neighbouring points of either ring nobody's ownership changes: the circle falls
  // into arcs, each wholly moved or wholly not (as member 1 or 0 of a ring of two).
  std::vector<RingPoint> arcs = points_;
  arcs.insert(arcs.end(), before.points_.begin(), before.points_.end());
  for (RingPoint& arc : arcs) {
    const std::string& now = members()[locate_hash(arc.hash).owner].name;
    arc.member = now != before.members()[before.locate_hash(arc.hash).owner].name;
  }
  std::ranges::sort(arcs);
  return classic_shares(arcs, 2)[1];
}

}  // namespace ringcache
