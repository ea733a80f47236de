// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/entry_index.h"

#include <gtest/gtest.h>

#include <vector>

#include "cache/slab_pool.h"

namespace ringcache {
namespace {

TEST(EntryIndexTest, FindsWhatIsThereAndNothingElse) {
  SlabPool pool;
  EntryIndex index(pool);
  std::vector<PolicyEntry*> entries;
  for (std::uint64_t i = 0; i < 1'000; ++i) {
    entries.push_back(&pool.make_ghost());
    entries.back()->hash = i << 40;
    index.insert(*entries.back());
  }
  for (std::size_t i = 0; i < 1'000; i += 2) index.erase(*entries[i]);
  for (std::size_t i = 0; i < 1'000; ++i)
    EXPECT_EQ(index.find(std::uint64_t{i} << 40), i % 2 == 0 ? nullptr : entries[i]);
  EXPECT_EQ(index.size(), 500u);
}

TEST(EntryIndexTest, TakesNoMoreForAnEntryThanItSays) {
  SlabPool pool;
  EntryIndex index(pool);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    PolicyEntry& entry = pool.make_ghost();
    entry.hash = i;
    index.insert(entry);
    ASSERT_LE(index.memory(), index.size() * EntryIndex::kBytesPerEntry + 512);
  }
}

}  // namespace
}  // namespace ringcache
