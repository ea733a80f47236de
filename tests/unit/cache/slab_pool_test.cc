// SPDX-License-Identifier: Apache-2.0
#include "cache/slab_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace ringcache {
namespace {

class SlabPoolTest : public ::testing::Test {
 protected:
  /// A slot whose bytes, but for the part that tells free slots, say who it is.
  void* make(std::size_t size, char sign) {
    void* slot = pool_.allocate(size);
    std::memset(slot, sign, size);
    static_cast<PolicyEntry*>(slot)->charge = 1;
    return slot;
  }
  static bool says(const void* slot, std::size_t size, char sign) {
    const auto* bytes = static_cast<const char*>(slot);
    return bytes[0] == sign &&
           std::all_of(bytes + 12, bytes + size, [sign](char byte) { return byte == sign; });
  }

  SlabPool pool_;
};

TEST_F(SlabPoolTest, SizesAreRoundedUpByLittle) {
  std::size_t last = 0;
  for (std::size_t size = sizeof(PolicyEntry); size <= SlabPool::kSlotBytesMax; ++size) {
    const std::size_t rounded = SlabPool::slot_bytes(size);
    ASSERT_GE(rounded, size);
    ASSERT_LE(rounded, std::max(size + 7, size + size / 8));
    ASSERT_GE(rounded, last);
    ASSERT_EQ(SlabPool::slot_bytes(rounded), rounded);
    last = rounded;
  }
}

TEST_F(SlabPoolTest, AnIdLeadsToItsSlot) {
  for (int i = 0; i < 30'000; ++i) {
    auto& entry = pool_.make_ghost();
    ASSERT_NE(EntryPool::id_of(entry), 0u);
    ASSERT_EQ(&pool_.at(EntryPool::id_of(entry)), &entry);
  }
}

TEST_F(SlabPoolTest, SlotsNeverOverlap) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  struct Used {
    void* slot;
    std::size_t size;
    char sign;
  };
  std::vector<Used> used;
  for (int i = 0; i < 60'000; ++i) {
    if (used.empty() || random() % 100 < (i / 10'000 % 2 == 0 ? 70u : 30u)) {
      const std::size_t size = 24 + random() % (random() % 10 == 0 ? 2'025 : 200);
      const char sign = static_cast<char>(random());
      used.push_back({make(size, sign), size, sign});
      continue;
    }
    std::swap(used[random() % used.size()], used.back());
    ASSERT_TRUE(says(used.back().slot, used.back().size, used.back().sign));
    pool_.free(used.back().slot);
    used.pop_back();
  }
  for (const Used& left : used) ASSERT_TRUE(says(left.slot, left.size, left.sign));
}

TEST_F(SlabPoolTest, MemoryGoesBackWhenSlotsDo) {
  std::vector<void*> slots(100'000);
  for (void*& slot : slots) slot = make(152, 'a');
  EXPECT_LE(pool_.footprint(), slots.size() * 152 * 103 / 100);
  for (void* slot : slots) pool_.free(slot);
  EXPECT_LE(pool_.footprint(), 16u << 10) << "one empty slab is kept";
}

/// Moves what is in a sparse slab, as a shard does.
void compact(SlabPool& pool, std::map<void*, char>& used) {
  const auto sparse = pool.open_sparse_slab();
  for (char* slot = sparse.begin; slot != sparse.end; slot += sparse.slot_bytes) {
    if (!SlabPool::is_used(slot)) continue;
    void* to = pool.allocate(sparse.slot_bytes);
    std::memcpy(to, slot, sparse.slot_bytes);
    used[to] = used.at(slot);
    used.erase(slot);
    pool.free(slot);
  }
  pool.close(sparse);
}

TEST_F(SlabPoolTest, HolesAreClosedByMoving) {
  std::mt19937_64 random(1);
  std::map<void*, char> used;
  for (int i = 0; i < 50'000; ++i) {
    const char sign = static_cast<char>(i);
    used[make(152, sign)] = sign;
  }
  std::vector<void*> leaving;
  for (const auto& [slot, sign] : used)
    if (random() % 10 != 0) leaving.push_back(slot);
  for (void* slot : leaving) {
    if (const auto found = used.find(slot); found != used.end()) {
      used.erase(found);
      pool_.free(slot);
    }
    if (pool_.is_sparse()) compact(pool_, used);
  }
  while (pool_.is_sparse()) compact(pool_, used);
  EXPECT_LE(pool_.footprint(), used.size() * 152 * 110 / 100 + (64u << 10));
  for (const auto& [slot, sign] : used) ASSERT_TRUE(says(slot, 152, sign));
}

TEST_F(SlabPoolTest, HolesThatCameAllAtOnceAreFoundInEverySize) {
  std::mt19937_64 random(1);
  std::map<void*, char> used;
  std::map<void*, char> leaving;
  for (int i = 0; i < 60'000; ++i) {
    auto& kept = random() % 4 == 0 ? used : leaving;
    kept[make(i % 2 == 0 ? 152 : 104, 'x')] = 'x';
  }
  for (const auto& [slot, sign] : leaving) pool_.free(slot);
  while (pool_.find_sparse()) compact(pool_, used);
  EXPECT_LE(pool_.footprint(), used.size() * 128 * 110 / 100 + (128u << 10));
}

TEST_F(SlabPoolTest, ASlotWaitsForTheReaderOfItsBlock) {
  auto& entry = pool_.make_ghost();
  void* slot = pool_.allocate(64);
  Bytes::Block& block = Bytes::settle(static_cast<char*>(slot) + 32, "value");
  std::optional<Bytes> reader = Bytes::hold(block);
  pool_.free_when_left(slot, block);
  EXPECT_NE(pool_.allocate(64), slot);
  EXPECT_EQ(reader->view(), "value");
  reader.reset();
  EXPECT_EQ(pool_.allocate(64), slot);
  pool_.free_ghost(entry);
}

TEST_F(SlabPoolTest, AReaderMayOutliveThePool) {
  Bytes reader;
  {
    SlabPool pool;
    void* slot = pool.allocate(64);
    Bytes::Block& block = Bytes::settle(static_cast<char*>(slot) + 32, "value");
    reader = Bytes::hold(block);
    pool.free_when_left(slot, block);
  }
  EXPECT_EQ(reader.view(), "value");
}

TEST_F(SlabPoolTest, ReadersLetGoOnAnyThread) {
  for (int round = 0; round < 200; ++round) {
    std::vector<Bytes> readers;
    for (int i = 0; i < 50; ++i) {
      void* slot = pool_.allocate(64);
      Bytes::Block& block = Bytes::settle(static_cast<char*>(slot) + 32, "value");
      readers.push_back(Bytes::hold(block));
      pool_.free_when_left(slot, block);
    }
    std::jthread([read = std::move(readers)]() mutable { read.clear(); });
  }
  EXPECT_LE(pool_.footprint(), 64u << 10);
}

}  // namespace
}  // namespace ringcache
