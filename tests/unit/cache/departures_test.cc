// SPDX-License-Identifier: Apache-2.0
#include "cache/departures.h"

#include <gtest/gtest.h>

#include <string>

#include <ringcache/hash.h>

namespace ringcache {
namespace {

TEST(DeparturesTest, RemembersTheLastCause) {
  Departures departures;
  EXPECT_EQ(departures.find(hash64("a")), Departure::never_seen);
  departures.record(hash64("a"), Departure::evicted);
  departures.record(hash64("a"), Departure::moved);
  EXPECT_EQ(departures.find(hash64("a")), Departure::moved);
  EXPECT_EQ(departures.find(hash64("b")), Departure::never_seen);
}

TEST(DeparturesTest, HoldsMostOfTheRecentOnesAndMistakesNone) {
  Departures departures;
  for (int i = 0; i < 100'000; ++i)
    departures.record(hash64(std::to_string(i)), Departure::expired);
  int remembered = 0;
  for (int i = 99'500; i < 100'000; ++i)
    remembered += departures.find(hash64(std::to_string(i))) == Departure::expired;
  EXPECT_GT(remembered, 400);
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(departures.find(hash64("other" + std::to_string(i))), Departure::never_seen);
}

}  // namespace
}  // namespace ringcache
