// SPDX-License-Identifier: Apache-2.0
#include "cluster/rendezvous.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>
#include <string>

namespace ringcache {
namespace {

constexpr double kUnit = 1099511627776.0;  // 2^40

TEST(NegativeLog2Test, IsWithinThreeMillionthsOfTheLogarithm) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t hash = random() >> (random() % 40);
    const double exact = 64 - std::log2(static_cast<double>(hash | 1));
    EXPECT_NEAR(static_cast<double>(negative_log2(hash)) / kUnit, exact, 3e-6) << hash;
  }
}

TEST(NegativeLog2Test, NeverRises) {
  std::uint64_t before = negative_log2(0);
  for (std::uint64_t step = 1; step < 1 << 16; ++step) {
    const std::uint64_t cost = negative_log2((step << 48) - 1);
    EXPECT_LE(cost, before) << step;
    before = cost;
  }
}

TEST(NegativeLog2Test, HasExactEnds) {
  EXPECT_EQ(negative_log2(0), std::uint64_t{64} << 40);
  EXPECT_EQ(negative_log2(std::uint64_t{1} << 63), std::uint64_t{1} << 40);
  EXPECT_LT(negative_log2(~std::uint64_t{0}), std::uint64_t{1} << 10);
}

TEST(BidderTest, DrawsEachStratumOnce) {
  for (const char* name : {"", "a", "localhost:9999", "node-77"}) {
    const Bidder bidder(name, 1);
    std::set<std::uint32_t> strata;
    for (std::uint32_t slot = 0; slot < kSlots; ++slot) strata.insert(bidder.stratum(slot));
    EXPECT_EQ(strata.size(), kSlots) << name;
    EXPECT_LT(*strata.rbegin(), kSlots) << name;
  }
}

TEST(BidderTest, DoubleTheWeightHalvesTheCost) {
  const Bidder one("a", 1);
  const Bidder two("a", 2);
  for (std::uint32_t slot = 0; slot < 100; ++slot)
    EXPECT_NEAR(static_cast<double>(two.cost(slot)), static_cast<double>(one.cost(slot)) / 2, 1);
}

TEST(BidderTest, CostsAreFixedForEver) {
  // Another order would move slots between nodes of different versions: never change these.
  EXPECT_EQ(Bidder("localhost:9999", 1).cost(0), 286876134153453567u);
  EXPECT_EQ(Bidder("localhost:10000", 3).cost(16383), 9794805203031381u);
}

}  // namespace
}  // namespace ringcache
