// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>
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
  /// Virtual nodes per member and unit of weight on the classic ring. Must be the same on every
  /// node. At least 1.
  unsigned replicas = 50;

  friend bool operator==(const RingOptions&, const RingOptions&) = default;
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

/// A virtual node of the classic ring: the keys whose crc32 lies above the point before it, up to
/// and including `hash`, belong to it.
struct RingPoint {
  std::uint32_t hash = 0;
  std::uint32_t member = 0;  ///< Index into Ring::members().

  friend auto operator<=>(const RingPoint&, const RingPoint&) = default;
};

/// Maps keys to members: a pure function of the options and of the names and weights in the view,
/// in whatever order they come; the same on every node and machine.
///
/// Immutable; a new View makes a new Ring. locate() is one array read (slots) or one binary search
/// (classic) after the key's checksum. Making a ring of 100 members takes about 10 ms (slots) or
/// 1 ms (classic). Weights count from 1 to 1000. Of members with one name the last is kept.
class Ring {
 public:
  explicit Ring(View view = {}, RingOptions options = {});

  bool empty() const noexcept { return view_.members.empty(); }
  std::uint64_t epoch() const noexcept { return view_.epoch; }
  const std::vector<Member>& members() const noexcept { return view_.members; }  ///< By name.
  const RingOptions& options() const noexcept { return options_; }

  /// REQUIRES: !empty().
  Spot locate(const KeyView& key) const noexcept;
  /// The same for a hash that is known already. REQUIRES: !empty(); on slots, hash < kSlots.
  Spot locate_hash(std::uint32_t hash) const noexcept;
  const Member& owner(const KeyView& key) const noexcept { return members()[locate(key).owner]; }

  /// Each member's part of the whole, by index; sums to 1.
  std::vector<double> shares() const;
  /// The part of the whole whose owner differs (by name) between the two rings; 1 if their options
  /// do.
  double moved_from(const Ring& before) const;

 private:
  double slots_moved_from(const Ring& before) const;
  double points_moved_from(const Ring& before) const;

  View view_;
  RingOptions options_;
  std::vector<std::uint16_t> slots_;
  std::vector<RingPoint> points_;
};

}  // namespace ringcache
