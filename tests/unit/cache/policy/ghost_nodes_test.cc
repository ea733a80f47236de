// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/ghost_nodes.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include <ringcache/hash.h>

#include "cache/slab_pool.h"

namespace ringcache {
namespace {

TEST(GhostNodesTest, AGhostIsFoundUntilItIsRemoved) {
  SlabPool pool;
  GhostNodes ghosts(pool);
  EXPECT_EQ(ghosts.find(7), nullptr);
  PolicyEntry& ghost = ghosts.add(7, 40);
  EXPECT_EQ(ghosts.find(7), &ghost);
  EXPECT_EQ(ghost.charge, 40u);
  ghosts.remove(ghost);
  EXPECT_EQ(ghosts.find(7), nullptr);
  EXPECT_EQ(ghosts.charge(), 0u);
}

TEST(GhostNodesTest, AGhostIsToldFromEntries) {
  SlabPool pool;
  GhostNodes ghosts(pool);
  EXPECT_TRUE(GhostNodes::is_ghost(ghosts.add(7, 1)));
  for (const std::uint32_t state : {0, 1, 2}) {
    PolicyEntry entry;
    entry.mark = (5 << 2 | state) & 0xff;
    EXPECT_FALSE(GhostNodes::is_ghost(entry));
  }
}

TEST(GhostNodesTest, HashesThatShareTheirLowHalfAreTwoGhosts) {
  SlabPool pool;
  GhostNodes ghosts(pool);
  PolicyEntry& one = ghosts.add(7, 1);
  PolicyEntry& other = ghosts.add(7 | std::uint64_t{1} << 40, 1);
  EXPECT_EQ(ghosts.find(one.hash), &one);
  EXPECT_EQ(ghosts.find(other.hash), &other);
}

TEST(GhostNodesTest, TheirMemoryGoesBackToThePool) {
  SlabPool pool;
  const std::size_t before = pool.footprint();
  {
    GhostNodes ghosts(pool);
    for (std::uint64_t i = 0; i < 10'000; ++i) ghosts.add(hash64(std::to_string(i)), 1);
    EXPECT_GT(pool.footprint(), before + 200'000);
  }
  EXPECT_LE(pool.footprint(), before + 20'000);
}

TEST(GhostNodesTest, AsManyAsFitTakeNoMoreMemory) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const std::size_t bytes : {0, 511, 600, 4'000, 100'000}) {
    SlabPool pool;
    GhostNodes ghosts(pool);
    std::map<std::uint64_t, PolicyEntry*> all;
    for (int i = 0; i < 20'000; ++i) {
      if (all.size() < GhostNodes::fits(bytes)) {
        PolicyEntry& added = ghosts.add(random(), 3);
        all[added.hash] = &added;
        ASSERT_LE(ghosts.memory(), bytes);
      }
      if (all.empty() || random() % 3 > 0) continue;
      ghosts.remove(*all.begin()->second);
      all.erase(all.begin());
    }
    ASSERT_EQ(ghosts.size(), all.size());
    ASSERT_EQ(ghosts.charge(), 3 * all.size());
  }
  EXPECT_GT(GhostNodes::fits(1'000'000), 25'000u);
}

}  // namespace
}  // namespace ringcache
