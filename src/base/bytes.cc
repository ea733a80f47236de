// SPDX-License-Identifier: Apache-2.0
#include <ringcache/bytes.h>

#include <algorithm>
#include <cassert>
#include <new>

#include "base/pages.h"

namespace ringcache {
namespace {

__extension__ using Wide = unsigned __int128;

/// 64 x 64 -> 128 bits, folded: the mixing step of wyhash (Wang Yi, 2019).
std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
  const auto product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

template <class Word>
std::uint64_t read(const char* from) noexcept {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

constexpr std::uint64_t kA = 0xa0761d6478bd642fULL;
constexpr std::uint64_t kB = 0xe7037ed1a0b428dbULL;
constexpr std::uint64_t kC = 0x8ebc6af09c88c6e3ULL;

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

/// malloc would map large blocks too, but only until the first is freed: from then on it keeps what
/// is smaller in the heap, where what comes and goes leaves holes.
constexpr std::size_t kPagesFrom = std::size_t{64} << 10;

Bytes::Landlord& landlord_of(Bytes::Block& block) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(&block);
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return *reinterpret_cast<Bytes::Landlord*>(address & ~(Bytes::Landlord::kStretch - 1));
}

}  // namespace

std::uint64_t hash64(std::string_view text, std::uint64_t seed) noexcept {
  const char* at = text.data();
  std::size_t left = text.size();
  std::uint64_t state = seed ^ fold(seed ^ kA, kB);
  for (; left > 16; at += 16, left -= 16)
    state = fold(read<std::uint64_t>(at) ^ kB, read<std::uint64_t>(at + 8) ^ state);
  const auto [low, high] = tail(at, left);
  return fold(kC ^ text.size(), fold(low ^ kB, high ^ state));
}

Bytes Bytes::copy(std::string_view text) {
  return build(text.size(), [text](char* to) {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
  });
}

Bytes::Block* Bytes::allocate(std::size_t size) {
  assert(size < Block::kIsLodger);
  const std::size_t bytes = block_bytes(size);
  void* room = bytes < kPagesFrom ? ::operator new(bytes) : map_pages(bytes);
  return new (room) Block(size, 0);
}

void Bytes::free(Block& block) noexcept {
  if (block.size_and_flags & Block::kIsLodger) {
    Landlord& landlord = landlord_of(block);
    return landlord.give_back(landlord, block);
  }
  const std::size_t bytes = block_bytes(block.size());
  block.~Block();
  if (bytes < kPagesFrom)
    ::operator delete(&block);
  else
    unmap_pages(&block, bytes);
}

Bytes::Block& Bytes::settle(void* room, std::string_view text) noexcept {
  auto* block = new (room) Block(text.size(), Block::kIsLodger);
  if (!text.empty()) std::memcpy(data_of(*block), text.data(), text.size());
  return *block;
}

/// glibc's malloc takes a header of 8, in steps of 16, at least 32.
std::size_t Bytes::footprint(std::size_t size) noexcept {
  const std::size_t bytes = block_bytes(size);
  if (bytes >= kPagesFrom) return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  return std::max<std::size_t>(32, (bytes + 8 + 15) / 16 * 16);
}

}  // namespace ringcache
