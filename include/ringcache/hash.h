// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace ringcache {

namespace hashing {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kA = 0xa0761d6478bd642fULL;
constexpr std::uint64_t kB = 0xe7037ed1a0b428dbULL;
constexpr std::uint64_t kC = 0x8ebc6af09c88c6e3ULL;

/// 64 x 64 -> 128 bits, folded: the mixing step of wyhash (Wang Yi, 2019).
constexpr std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  const auto product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Word>
std::uint64_t read(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

constexpr std::uint64_t start(std::uint64_t seed) noexcept { return seed ^ fold(seed ^ kA, kB); }

/// `low` and `high` are the last 0..16 bytes, every byte in at least one of them.
constexpr std::uint64_t end(std::uint64_t low, std::uint64_t high, std::size_t size,
                            std::uint64_t state) noexcept {
  return fold(kC ^ size, fold(low ^ kB, high ^ state));
}

std::uint64_t hash_any(std::string_view text, std::uint64_t seed) noexcept;

}  // namespace hashing

/// A 64-bit hash of a byte string (wyhash-like: 128-bit multiplications folded to 64 bits). The
/// same on every machine and in every version: shards, sketches, rendezvous scores and etags rest
/// on it. Not a defence against chosen collisions: an index built on it must compare keys too.
/// 16 instructions for a key of 8 to 16 bytes.
inline std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0) noexcept {
  using namespace hashing;
  if (text.size() - 8 > 8) return hash_any(text, seed);
  const char* last = text.data() + text.size() - 8;
  return end(read<std::uint64_t>(text.data()), read<std::uint64_t>(last), text.size(), start(seed));
}

}  // namespace ringcache
