// SPDX-License-Identifier: Apache-2.0
#include "group/load_times.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

TEST(LoadTimesTest, RemembersTheLoadOfAVersion) {
  LoadTimes times;
  times.note(7, 1, 30ms);
  EXPECT_EQ(times.of(7, 1), 30ms);
  EXPECT_EQ(times.of(7, 2), 0ms) << "that one was written";
  EXPECT_EQ(times.of(7 + 2048, 1), 0ms) << "another key in the same place";
}

TEST(LoadTimesTest, ALoadInNoTimeIsStillALoad) {
  LoadTimes times;
  times.note(7, 1, 0ms);
  EXPECT_EQ(times.of(7, 1), 1us);
}

TEST(LoadTimesTest, ALoadOfManyHoursIsRememberedAsLong) {
  LoadTimes times;
  times.note(7, 1, 100h);
  EXPECT_GT(times.of(7, 1), 1h);
}

TEST(LoadTimesTest, ExpectsTheLastLoadOfAKeyElseTheAverage) {
  LoadTimes times;
  EXPECT_EQ(times.expected(7, 1), LoadTimes::kUnknown);
  for (std::uint64_t key = 0; key < 100; ++key) times.note(key, 1, 40ms);
  times.note(7, 2, 3ms);
  EXPECT_EQ(times.expected(7, 2), 3ms);
  EXPECT_GT(times.expected(7, 3), 20ms);
  EXPECT_LT(times.expected(7, 3), 40ms);
}

}  // namespace
}  // namespace ringcache
