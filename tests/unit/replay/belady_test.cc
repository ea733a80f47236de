// SPDX-License-Identifier: Apache-2.0
#include "replay/belady.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>

namespace ringcache {
namespace {

/// Each letter a request of a key; a capital is ten bytes large, others one.
std::vector<Request> trace_of(std::string_view letters) {
  std::vector<Request> trace;
  for (const char letter : letters)
    trace.push_back({.key = static_cast<std::uint64_t>(letter),
                     .bytes = letter >= 'A' && letter <= 'Z' ? 10u : 1u});
  return trace;
}

std::uint64_t hits(std::string_view letters, std::size_t capacity) {
  return Belady(trace_of(letters)).hits(capacity);
}

TEST(BeladyTest, WhatIsUsedFurthestAheadLeaves) {
  EXPECT_EQ(hits("abcab", 2), 1u);
  EXPECT_EQ(hits("abcabcabc", 3), 6u);
  EXPECT_EQ(hits("abcabcabc", 2), 3u);
}

TEST(BeladyTest, AKeyThatNeverComesAgainStillTakesItsPlace) {
  EXPECT_EQ(hits("abxab", 3), 2u);
  EXPECT_EQ(hits("abxab", 2), 1u);
  EXPECT_EQ(hits("axa", 1), 0u);
}

TEST(BeladyTest, WhatDoesNotFitTakesNone) {
  EXPECT_EQ(hits("aAaA", 9), 1u);
  EXPECT_EQ(hits("aAa", 10), 0u);
  EXPECT_EQ(hits("aAaA", 11), 2u);
  EXPECT_EQ(hits("aaa", 0), 0u);
}

TEST(BeladyTest, ItIsBlindToSizes) {
  // A goes for c, as d and e come sooner, although it is alone as large as ten of them.
  EXPECT_EQ(hits("deAcdeA", 12), 2u);
}

/// Looks ahead through the whole trace for each key it holds, and keeps those that have no future.
std::uint64_t naive_hits(const std::vector<Request>& trace, std::size_t capacity) {
  std::map<std::uint64_t, std::uint32_t> held;
  std::uint64_t charge = 0, hits = 0;
  for (auto now = trace.begin(); now != trace.end(); ++now) {
    if (held.contains(now->key) && ++hits > 0) continue;
    if (now->bytes > capacity) continue;
    while (charge + now->bytes > capacity) {
      const auto furthest = std::ranges::max_element(held, {}, [&](const auto& kept) {
        return std::ranges::find(now, trace.end(), kept.first, &Request::key) - now;
      });
      charge -= furthest->second;
      held.erase(furthest);
    }
    held[now->key] = now->bytes;
    charge += now->bytes;
  }
  return hits;
}

TEST(BeladyTest, HitsAreThoseOfLookingAhead) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    std::string letters;
    for (int i = 0; i < 500; ++i)
      letters += static_cast<char>('A' + std::min(random() % 60, random() % 60));
    const std::vector<Request> trace = trace_of(letters);
    for (const std::size_t capacity : {1, 5, 10, 23, 60})
      ASSERT_EQ(Belady(trace).hits(capacity), naive_hits(trace, capacity)) << letters;
  }
}

}  // namespace
}  // namespace ringcache
