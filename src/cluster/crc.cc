// SPDX-License-Identifier: Apache-2.0
#include "cluster/crc.h"

#include <array>
#include <cstddef>

namespace ringcache {
namespace {

// Slicing by eight (Kounavis and Berry, 2005): table k advances a byte past k further ones, so that
// eight look-ups that do not wait for each other replace eight that do.
constexpr std::size_t kSlices = 8;
template <class Word>
using Tables = std::array<std::array<Word, 256>, kSlices>;

constexpr std::uint32_t step32(std::uint32_t crc) { return crc >> 1 ^ (crc & 1 ? 0xEDB88320U : 0); }

constexpr std::uint16_t step16(std::uint16_t crc) {
  return static_cast<std::uint16_t>(crc << 1 ^ (crc & 0x8000 ? 0x1021 : 0));
}

constexpr Tables<std::uint32_t> make_tables32() {
  Tables<std::uint32_t> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (auto& table : tables) {
      for (int bit = 0; bit < 8; ++bit) crc = step32(crc);
      table[byte] = crc;
    }
  }
  return tables;
}

constexpr Tables<std::uint16_t> make_tables16() {
  Tables<std::uint16_t> tables{};
  for (std::uint16_t byte = 0; byte < 256; ++byte) {
    auto crc = static_cast<std::uint16_t>(byte << 8);
    for (auto& table : tables) {
      for (int bit = 0; bit < 8; ++bit) crc = step16(crc);
      table[byte] = crc;
    }
  }
  return tables;
}

constexpr auto kTables32 = make_tables32();
constexpr auto kTables16 = make_tables16();

std::uint8_t byte_at(const char* at, std::size_t i) { return static_cast<std::uint8_t>(at[i]); }

/// The part of a stride that the running CRC does not touch.
template <class Word>
Word slice(const Tables<Word>& tables, const char* at, std::size_t from) {
  Word crc = 0;
  for (std::size_t i = from; i < kSlices; ++i)
    crc = static_cast<Word>(crc ^ tables[kSlices - 1 - i][byte_at(at, i)]);
  return crc;
}

std::uint32_t stride32(std::uint32_t crc, const char* at) {
  std::uint32_t mixed = slice(kTables32, at, 4);
  for (std::size_t i = 0; i < 4; ++i)
    mixed ^= kTables32[kSlices - 1 - i][(crc >> 8 * i & 0xFF) ^ byte_at(at, i)];
  return mixed;
}

std::uint16_t stride16(std::uint16_t crc, const char* at) {
  return static_cast<std::uint16_t>(slice(kTables16, at, 2) ^
                                    kTables16[7][crc >> 8 ^ byte_at(at, 0)] ^
                                    kTables16[6][(crc & 0xFF) ^ byte_at(at, 1)]);
}

}  // namespace

std::uint32_t crc32(std::string_view text, std::uint32_t before) noexcept {
  std::uint32_t crc = ~before;
  for (; text.size() >= kSlices; text.remove_prefix(kSlices)) crc = stride32(crc, text.data());
  for (const char c : text)
    crc = crc >> 8 ^ kTables32[0][(crc & 0xFF) ^ static_cast<std::uint8_t>(c)];
  return ~crc;
}

std::uint16_t crc16(std::string_view text, std::uint16_t before) noexcept {
  std::uint16_t crc = before;
  for (; text.size() >= kSlices; text.remove_prefix(kSlices)) crc = stride16(crc, text.data());
  for (const char c : text)
    crc = static_cast<std::uint16_t>(crc << 8 ^
                                     kTables16[0][crc >> 8 ^ static_cast<std::uint8_t>(c)]);
  return crc;
}

}  // namespace ringcache
