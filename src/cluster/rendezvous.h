// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <ringcache/hash.h>
#include <ringcache/ring.h>

namespace ringcache {

/// Weighted rendezvous hashing in integers alone, so that every machine, compiler and optimisation
/// level reaches the same order.
///
/// Of members that each draw u in (0, 1) and pay -log(u) / weight, each is the cheapest with a
/// probability proportional to its weight (Efraimidis and Spirakis, 2006). A member draws for all
/// slots from one deck: u falls once into each of kSlots equal strata, in an order of the member's
/// own. That halves the variance of what members win, and with it what the load cap must move.

/// -log2((hash + 1/2) / 2^64) in units of 2^-40, from a table of 256 chords: never rising in
/// `hash`, and off by less than 3e-6 of a doubling.
std::uint64_t negative_log2(std::uint64_t hash) noexcept;

/// One member's side of every draw.
class Bidder {
 public:
  /// REQUIRES: weight > 0.
  Bidder(std::string_view name, std::uint64_t weight) noexcept;

  /// What this member pays for the slot; the cheapest gets it.
  std::uint64_t cost(std::uint32_t slot) const noexcept;

  /// The stratum of the slot's u: a permutation of 0..kSlots-1.
  std::uint32_t stratum(std::uint32_t slot) const noexcept;

 private:
  static constexpr std::size_t kRounds = 4;

  std::uint64_t seed_;
  std::uint64_t scale_;  // 2^64 / weight: a multiplication is several times cheaper than a division
  std::array<std::uint32_t, kRounds> factors_;
  std::array<std::uint32_t, kRounds> terms_;
};

// Inline from here on: placing 100 members draws 1.6 million times.

__extension__ using Uint128 = unsigned __int128;

inline constexpr unsigned kLog2FractionBits = 40;
inline constexpr unsigned kLog2IndexBits = 8;
using Log2Table = std::array<std::uint64_t, (std::size_t{1} << kLog2IndexBits) + 1>;

/// log2(1 + index/256) in units of 2^-40, bit by bit: squaring a number doubles its logarithm, and
/// a square of two or more shows the next bit.
constexpr std::uint64_t log2_of_one_plus(std::uint64_t index) {
  constexpr unsigned kOne = 62;
  Uint128 x = (Uint128{1} << kOne) + (Uint128{index} << (kOne - kLog2IndexBits));
  std::uint64_t log = x >> (kOne + 1) ? 1 : 0;
  x >>= log;
  for (unsigned bit = 0; bit < kLog2FractionBits; ++bit) {
    x = x * x >> kOne;
    const unsigned two_or_more = x >> (kOne + 1) ? 1 : 0;
    x >>= two_or_more;
    log = log << 1 | two_or_more;
  }
  return log;
}

constexpr Log2Table make_log2_table() {
  Log2Table table{};
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = log2_of_one_plus(i);
  return table;
}

inline constexpr Log2Table kLog2Table = make_log2_table();

inline constexpr std::uint64_t kGoldenRatio = 0x9e3779b97f4a7c15ULL;

/// The finalizer of splitmix64 (Steele, Lea and Flood, 2014).
constexpr std::uint64_t mix64(std::uint64_t x) {
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
  return x ^ x >> 31;
}

inline std::uint64_t negative_log2(std::uint64_t hash) noexcept {
  constexpr unsigned kRestBits = 31;
  const std::uint64_t odd = hash | 1;
  const auto zeros = static_cast<unsigned>(std::countl_zero(odd));
  const std::uint64_t fraction = odd << zeros << 1;
  const std::uint64_t index = fraction >> (64 - kLog2IndexBits);
  const std::uint64_t rest = fraction << kLog2IndexBits >> (64 - kRestBits);
  const std::uint64_t low = kLog2Table[index];
  const std::uint64_t log = low + ((kLog2Table[index + 1] - low) * rest >> kRestBits);
  return (std::uint64_t{zeros + 1} << kLog2FractionBits) - log;
}

inline Bidder::Bidder(std::string_view name, std::uint64_t weight) noexcept
    : seed_(hash64(name)), scale_(~std::uint64_t{0} / weight) {
  for (std::size_t round = 0; round < kRounds; ++round) {
    const std::uint64_t key = mix64(seed_ + round + 1);
    factors_[round] = static_cast<std::uint32_t>(key) | 1;
    terms_[round] = static_cast<std::uint32_t>(key >> 32);
  }
}

inline std::uint32_t Bidder::stratum(std::uint32_t slot) const noexcept {
  static_assert(kSlots == 1U << 14);
  // An odd factor, a term and a right shift each map 0..2^14-1 onto itself.
  for (std::size_t round = 0; round < kRounds; ++round) {
    slot = (slot * factors_[round] + terms_[round]) & (kSlots - 1);
    slot ^= slot >> 7;
  }
  return slot;
}

inline std::uint64_t Bidder::cost(std::uint32_t slot) const noexcept {
  const std::uint64_t within = mix64(seed_ + slot * kGoldenRatio) >> 14;
  const std::uint64_t draw = std::uint64_t{stratum(slot)} << 50 | within;
  return static_cast<std::uint64_t>(Uint128{negative_log2(draw) << 16} * scale_ >> 64);
}

}  // namespace ringcache
