// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include <ringcache/cache.h>

namespace ringcache {

/// Why keys left, for the recent ones: a direct-mapped table of 8 KiB, where a newer departure
/// overwrites whatever has its place. 40 bits of the hash tell keys apart.
class Departures {
 public:
  void record(std::uint64_t hash, Departure why) noexcept {
    words_[hash % kWords] = fingerprint(hash) | static_cast<std::uint32_t>(why);
  }

  Departure find(std::uint64_t hash) const noexcept {
    const std::uint32_t word = words_[hash % kWords];
    if ((word & ~kCauseMask) != fingerprint(hash)) return Departure::never_seen;
    return static_cast<Departure>(word & kCauseMask);
  }

 private:
  static constexpr std::size_t kWords = 2048;
  static constexpr std::uint32_t kCauseMask = 7;

  static std::uint32_t fingerprint(std::uint64_t hash) noexcept {
    return static_cast<std::uint32_t>(hash >> 32) & ~kCauseMask;
  }

  std::array<std::uint32_t, kWords> words_{};
};

}  // namespace ringcache
