// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include <ringcache/membership.h>
#include <ringcache/store.h>

namespace ringcache {

enum class RingType : std::uint8_t {
  slots,   ///< 16384 slots (CRC16 as Redis Cluster), placed by capped weighted rendezvous.
  classic  ///< crc32 ring of virtual nodes "NAME0", "NAME1", …, as the Go caches have it.
};

struct RingOptions {
  RingType type = RingType::slots;
  unsigned replicas = 50;  ///< Virtual nodes per member (per unit of weight) of the classic ring.
};

inline constexpr unsigned kSlots = 16384;

/// The slot of a key: CRC16 (XMODEM) mod 16384 over "group:name", with Redis Cluster's hash tags.
unsigned slot_of(const KeyView& key) noexcept;

/// Where a key lies on a ring.
struct Spot {
  std::uint32_t hash = 0;  ///< Slots: the slot. Classic: crc32 of the name.
  std::size_t index = 0;   ///< Slots: the slot. Classic: position of the point among all points.
  std::size_t owner = 0;   ///< Index into Ring::members().
};

/// Maps keys to members: a pure function of the view and the options, the same on every node.
/// Immutable; a new View makes a new Ring. locate() is one array read (slots) or one binary search
/// (classic) after the key's checksum.
class Ring {
 public:
  explicit Ring(View view = {}, RingOptions options = {});

  bool empty() const noexcept { return view_.members.empty(); }
  std::uint64_t epoch() const noexcept { return view_.epoch; }
  const std::vector<Member>& members() const noexcept { return view_.members; }  ///< By name.
  const RingOptions& options() const noexcept { return options_; }

  /// REQUIRES: !empty().
  Spot locate(const KeyView& key) const noexcept;
  const Member& owner(const KeyView& key) const noexcept { return members()[locate(key).owner]; }

  /// Each member's part of the whole, by index; sums to 1.
  std::vector<double> shares() const;
  /// The part of the whole whose owner differs (by name) between the two rings.
  double moved_from(const Ring& before) const;

 private:
  using Point = std::pair<std::uint32_t, std::uint32_t>;  // position, member

  View view_;
  RingOptions options_;
  std::vector<std::uint16_t> slots_;
  std::vector<Point> points_;
};

}  // namespace ringcache
