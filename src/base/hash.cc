// SPDX-License-Identifier: Apache-2.0
#include <ringcache/hash.h>

#include <utility>

namespace ringcache::hashing {
namespace {

/// The last 0..16 bytes as two words, every byte in at least one of them.
std::pair<std::uint64_t, std::uint64_t> tail(const char* at, std::size_t size) noexcept {
  if (size >= 8) return {read<std::uint64_t>(at), read<std::uint64_t>(at + size - 8)};
  if (size >= 4) return {read<std::uint32_t>(at), read<std::uint32_t>(at + size - 4)};
  if (size == 0) return {0, 0};
  const auto byte = [at](std::size_t i) -> std::uint64_t {
    return static_cast<unsigned char>(at[i]);
  };
  return {byte(0) << 16 | byte(size / 2) << 8 | byte(size - 1), 0};
}

}  // namespace

std::uint64_t hash_any(std::string_view text, std::uint64_t seed) noexcept {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t state = start(seed);
  for (; left > 16; at += 16, left -= 16)
    state = fold(read<std::uint64_t>(at) ^ kB, read<std::uint64_t>(at + 8) ^ state);
  const auto [low, high] = tail(at, left);
  return end(low, high, text.size(), state);
}

}  // namespace ringcache::hashing
