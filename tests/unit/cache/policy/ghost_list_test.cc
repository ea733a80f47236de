// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/ghost_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <numeric>
#include <random>
#include <string>
#include <utility>

namespace ringcache {
namespace {

TEST(GhostListTest, AGhostIsTakenOnce) {
  GhostList ghosts;
  ghosts.push(7, 40);
  EXPECT_EQ(ghosts.charge(), 40u);
  EXPECT_EQ(ghosts.take(7), 40u);
  EXPECT_FALSE(ghosts.take(7));
  EXPECT_TRUE(ghosts.empty());
}

TEST(GhostListTest, TheOldestGoesFirst) {
  GhostList ghosts;
  for (std::uint64_t hash = 0; hash < 5; ++hash) ghosts.push(hash, 1);
  ghosts.take(1);
  ghosts.pop_oldest();
  ghosts.pop_oldest();
  EXPECT_FALSE(ghosts.take(0));
  EXPECT_FALSE(ghosts.take(2));
  EXPECT_TRUE(ghosts.take(3));
}

TEST(GhostListTest, DoesWhatAListDoes) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  GhostList ghosts;
  std::deque<std::pair<std::uint64_t, std::uint32_t>> model;
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t hash = random() % 300 * 8;  // crowded buckets
    const bool grows = i / 1000 % 2 == 0;           // up to some hundred and down again
    const auto found =
        std::ranges::find(model, hash, &std::pair<std::uint64_t, std::uint32_t>::first);
    if (random() % 8 == 0) {
      const auto taken = ghosts.take(hash);
      ASSERT_EQ(taken.has_value(), found != model.end());
      if (taken) {
        ASSERT_EQ(*taken, found->second);
        model.erase(found);
      }
    } else if (grows && found == model.end()) {
      model.emplace_back(hash, static_cast<std::uint32_t>(random() % 100));
      ghosts.push(hash, model.back().second);
    } else if (!grows && !model.empty()) {
      ghosts.pop_oldest();
      model.pop_front();
    }
    ASSERT_EQ(ghosts.size(), model.size());
    ASSERT_EQ(ghosts.charge(), std::accumulate(model.begin(), model.end(), std::uint64_t{0},
                                               [](auto sum, auto& g) { return sum + g.second; }));
  }
}

}  // namespace
}  // namespace ringcache
