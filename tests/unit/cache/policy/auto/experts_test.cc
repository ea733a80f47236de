// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/auto/experts.h"

#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "cache/policy/auto/miniature.h"
#include "cache/slab_pool.h"

namespace ringcache {
namespace {

TEST(ExpertsTest, EachHasItsName) {
  std::set<std::string_view> names{expert_by_size().name};
  for (const Expert& expert : experts()) names.insert(expert.name);
  EXPECT_EQ(names.size(), experts().size() + 1);
}

TEST(ExpertsTest, LruIsAmongThem) {
  EXPECT_TRUE(std::ranges::any_of(experts(), [](const Expert& e) { return e.name == "lru"; }));
}

TEST(ExpertsTest, EachKeepsToTheMemoryThatItAsksFor) {
  constexpr std::size_t kEntries = 256;
  SlabPool pool;
  FrequencySketch sketch(1024);
  for (const Expert& expert : experts()) {
    const PolicyBudget budget{.capacity = kEntries,
                              .memory_max = kEntries * expert.bytes_per_entry};
    auto policy = expert.make(budget, pool, &sketch);
    Policy& made = *policy;
    Miniature miniature(pool, std::move(policy), kEntries);
    for (std::uint64_t i = 0; i < 5'000; ++i) {
      miniature.ask(i * i % 1'999, 1);
      ASSERT_LE(made.memory(), budget.memory_max + 512) << expert.name;
    }
  }
}

}  // namespace
}  // namespace ringcache
