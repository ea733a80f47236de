// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/sketch.h"

#include <gtest/gtest.h>

#include <random>

namespace ringcache {
namespace {

void add(FrequencySketch& sketch, std::uint64_t hash, int times) {
  for (int i = 0; i < times; ++i) sketch.add(hash);
}

TEST(SketchTest, NeverSaysTooLittleBeforeTheFirstHalving) {
  FrequencySketch sketch(1024);
  std::mt19937_64 random(1);
  for (int key = 0; key < 1'000; ++key) {
    const std::uint64_t hash = random();
    const int times = key % 10;
    add(sketch, hash, times);
    ASSERT_GE(sketch.frequency(hash), static_cast<unsigned>(times));
  }
}

TEST(SketchTest, SeldomSaysTooMuch) {
  FrequencySketch sketch(1024);
  std::mt19937_64 random(1);
  for (int i = 0; i < 2'000; ++i) add(sketch, random(), 1);
  int wrong = 0;
  for (int i = 0; i < 1'000; ++i) wrong += sketch.frequency(random()) > 1;
  EXPECT_LT(wrong, 50);
}

TEST(SketchTest, CountsNoFurtherThanFifteen) {
  FrequencySketch sketch(16);
  add(sketch, 7, 40);
  EXPECT_EQ(sketch.frequency(7), FrequencySketch::kMost);
}

TEST(SketchTest, OldUsesFade) {
  FrequencySketch sketch(1024);
  add(sketch, 7, 12);
  std::mt19937_64 random(1);
  for (int i = 0; i < 10'240; ++i) sketch.add(random());
  EXPECT_GE(sketch.frequency(7), 6u);
  EXPECT_LT(sketch.frequency(7), 12u);
}

TEST(SketchTest, GrowsWithoutForgetting) {
  FrequencySketch sketch(64);
  std::mt19937_64 random(1);
  for (int key = 0; key < 50; ++key) {
    const std::uint64_t hash = random();
    add(sketch, hash, 5);
    const unsigned before = sketch.frequency(hash);
    sketch.resize(2 * sketch.words());
    ASSERT_EQ(sketch.frequency(hash), before) << key;
    if (sketch.words() > 1 << 12) sketch.resize(64);
  }
}

TEST(SketchTest, ShrinksToAPowerOfTwoAndCountsItsMemory) {
  FrequencySketch sketch(1000);
  EXPECT_EQ(sketch.words(), 512u);
  EXPECT_EQ(sketch.memory(), 4096u);
  sketch.resize(0);
  EXPECT_EQ(sketch.words(), 1u);
}

}  // namespace
}  // namespace ringcache
