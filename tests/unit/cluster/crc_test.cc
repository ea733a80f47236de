// SPDX-License-Identifier: Apache-2.0
#include "cluster/crc.h"

#include <gtest/gtest.h>

#include <string>

namespace ringcache {
namespace {

TEST(CrcTest, Crc32IsZlibs) {
  EXPECT_EQ(crc32(""), 0u);
  EXPECT_EQ(crc32("123456789"), 0xCBF43926u);
  EXPECT_EQ(crc32("The quick brown fox jumps over the lazy dog"), 0x414FA339u);
  EXPECT_EQ(crc32("张三"), 2038739146u);
}

TEST(CrcTest, Crc16IsRedisClusters) {
  EXPECT_EQ(crc16(""), 0u);
  EXPECT_EQ(crc16("123456789"), 0x31C3u);
}

/// The definition, a bit at a time.
std::uint16_t slow_crc16(std::string_view text) {
  unsigned crc = 0;
  for (const char c : text) {
    crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
    for (int bit = 0; bit < 8; ++bit) crc = (crc << 1 ^ (crc & 0x8000 ? 0x1021u : 0u)) & 0xFFFF;
  }
  return static_cast<std::uint16_t>(crc);
}

std::uint32_t slow_crc32(std::string_view text) {
  std::uint32_t crc = ~0u;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0u);
  }
  return ~crc;
}

TEST(CrcTest, StridesAndRemaindersAgreeWithTheDefinition) {
  std::string text;
  for (int i = 0; i < 64; ++i) {
    EXPECT_EQ(crc16(text), slow_crc16(text)) << "length " << i;
    EXPECT_EQ(crc32(text), slow_crc32(text)) << "length " << i;
    text.push_back(static_cast<char>(i * 89 + 7));
  }
}

TEST(CrcTest, ContinuesWhereTheTextBeforeEnded) {
  const std::string text = "group:a longer name with more than one stride";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    EXPECT_EQ(crc16(text.substr(cut), crc16(text.substr(0, cut))), crc16(text));
    EXPECT_EQ(crc32(text.substr(cut), crc32(text.substr(0, cut))), crc32(text));
  }
}

}  // namespace
}  // namespace ringcache
