// SPDX-License-Identifier: Apache-2.0
#include <ringcache/bytes.h>

#include <new>

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
  // NOLINTNEXTLINE(cppcoreguidelines-owning-memory): owned by the count of its holders
  auto* block = new (::operator new(sizeof(Block) + size)) Block;
  block->size = size;
  return block;
}

void Bytes::free(Block* block) noexcept {
  block->~Block();
  ::operator delete(block);
}

}  // namespace ringcache
