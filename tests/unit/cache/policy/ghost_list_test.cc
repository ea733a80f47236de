// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/ghost_list.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <numeric>
#include <random>
#include <string>
#include <utility>
#include <vector>

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

/// Pushes some hundred ghosts, takes some and lets them go again, beside a list.
void compare_with_a_list(std::mt19937_64& random, std::uint64_t spread) {
  GhostList ghosts;
  std::deque<std::pair<std::uint64_t, std::uint32_t>> model;
  for (int i = 0; i < 50'000; ++i) {
    const std::uint64_t hash = random() % 300 * spread;
    const bool grows = i / 1000 % 2 == 0;
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

TEST(GhostListTest, DoesWhatAListDoes) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  compare_with_a_list(random, 8);  // all of one home and tag
  compare_with_a_list(random, 0x9e3779b97f4a7c15);
}

TEST(GhostListTest, KeepsItsPromiseOfMemory) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  GhostList ghosts;
  std::vector<std::uint64_t> pushed;
  for (const std::size_t often : {0, 1, 2, 3, 9, 10}) {  // in ten: as many as that are taken
    for (int i = 0; i < 20'000; ++i) {
      pushed.push_back(random());
      ghosts.push(pushed.back(), 1);
      const bool takes = ghosts.size() > 1'000 && random() % 10 < often;
      if (takes) ghosts.take(pushed[pushed.size() - 1 - random() % 1'000]);
      while (ghosts.size() > 3'000) ghosts.pop_oldest();
      ASSERT_GE(ghosts.size(), GhostList::most_in(ghosts.memory()));
    }
  }
  while (!ghosts.empty()) {
    ghosts.pop_oldest();
    ASSERT_GE(ghosts.size(), GhostList::most_in(ghosts.memory()));
  }
}

TEST(GhostListTest, AsManyComingAsGoingNeedNoMoreMemory) {
  GhostList ghosts;
  std::mt19937_64 random(1);
  std::size_t memory = 0;
  for (int i = 0; i < 100'000; ++i) {
    ghosts.push(random(), 1);
    if (ghosts.size() > 10'000) ghosts.pop_oldest();
    if (i == 20'000) memory = ghosts.memory();
  }
  EXPECT_EQ(ghosts.memory(), memory);
  EXPECT_LE(memory, 10'000 * 20);
}

}  // namespace
}  // namespace ringcache
