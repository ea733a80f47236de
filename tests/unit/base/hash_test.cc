// SPDX-License-Identifier: Apache-2.0
#include <ringcache/hash.h>

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace ringcache {
namespace {

TEST(Hash64Test, IsFixedForEver) {
  EXPECT_EQ(hash64(""), hash64({}));
  EXPECT_EQ(hash64("张三"), 0x5cd622a51eb33a28ULL);
}

TEST(Hash64Test, EveryLengthAndEveryBitCounts) {
  std::set<std::uint64_t> seen;
  std::string text;
  for (int size = 0; size < 70; ++size) {
    seen.insert(hash64(text));
    for (int bit = 0; bit < 8 * size; ++bit) {
      std::string flipped = text;
      const auto at = static_cast<std::size_t>(bit / 8);
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit % 8));
      seen.insert(hash64(flipped));
    }
    text.push_back(static_cast<char>('a' + size % 26));
  }
  EXPECT_EQ(seen.size(), 70u + 8u * 70u * 69u / 2u);
}

TEST(Hash64Test, SpreadsConsecutiveKeysEvenly) {
  constexpr int kKeys = 64'000;
  int buckets[64] = {};
  for (int i = 0; i < kKeys; ++i) ++buckets[hash64("user:" + std::to_string(i)) >> 58];
  double chi_square = 0;
  for (const int count : buckets) chi_square += (count - 1000.0) * (count - 1000.0) / 1000.0;
  EXPECT_LT(chi_square, 110);  // 63 degrees of freedom: 1 in 5,000 above 110
}

}  // namespace
}  // namespace ringcache
