// SPDX-License-Identifier: Apache-2.0
#include "cache/entry.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include <ringcache/testing/sim_scheduler.h>

namespace {

std::atomic<std::int64_t> allocated = 0;

/// What malloc really takes for a block: what can be used of it, and its header.
std::int64_t block_bytes(void* block) {
  return static_cast<std::int64_t>(malloc_usable_size(block) + sizeof(std::size_t));
}

}  // namespace

// The whole test program counts its memory.
void* operator new(std::size_t size) {
  void* block = std::malloc(size);
  if (!block) throw std::bad_alloc();
  allocated += block_bytes(block);
  return block;
}
void operator delete(void* block) noexcept {
  if (block) allocated -= block_bytes(block);
  std::free(block);
}
void operator delete(void* block, std::size_t /*size*/) noexcept { operator delete(block); }

namespace ringcache {
namespace {

TEST(EntryTest, HoldsItsNameAndCopy) {
  const std::string name(70'000, 'n');
  const KeyView key("group", name);
  const Entry::Ptr entry = Entry::make(key, {.bytes = Bytes::copy("v"), .version = 3});
  EXPECT_EQ(entry->name(), name);
  EXPECT_EQ(entry->hash, key.hash);
  EXPECT_EQ(entry->copy.version, 3u);
  EXPECT_EQ(Entry::make(KeyView("", ""), {})->name(), "");
}

TEST(EntryTest, TheChargeIsWhatMallocTakes) {
  for (const std::size_t name_size : {0, 1, 15, 16, 17, 200})
    for (const std::size_t value_size : {0, 1, 8, 9, 100, 5'000}) {
      const std::string name(name_size, 'n');
      const std::int64_t before = allocated;
      const Bytes value = Bytes::copy(std::string(value_size, 'v'));
      const Entry::Ptr entry = Entry::make(KeyView("", name), {.bytes = value});
      const auto charge = static_cast<std::int64_t>(entry_bytes(name, value));
      const std::int64_t taken = allocated - before;
      EXPECT_LE(taken, charge) << name_size << " " << value_size;
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
      EXPECT_GE(taken, charge - 20) << name_size << " " << value_size;
#endif
    }
}

TEST(EntryTest, AnAbsentKeyCostsNoValue) {
  EXPECT_LT(entry_bytes("k", Bytes()), entry_bytes("k", Bytes::copy("")));
}

/// A budget in bytes is a promise about memory: whatever the policy, sizes and history.
class BudgetTest : public ::testing::TestWithParam<PolicyKind> {};
INSTANTIATE_TEST_SUITE_P(Policies, BudgetTest, ::testing::ValuesIn(policy_kinds()),
                         [](const auto& test) { return std::string(policy_name(test.param)); });

TEST_P(BudgetTest, TheMemoryOfAFullCacheIsItsCapacity) {
  constexpr std::size_t kCapacity = 4 << 20;
  constexpr std::int64_t kShardItself = 10 << 10;
  for (const std::size_t size : {1, 100, 1'000, 20'000}) {
    testing::SimScheduler clock;
    const std::string value(size, 'v');
    const std::int64_t before = allocated;
    Cache cache({.capacity = kCapacity, .policy = GetParam(), .shards = 1}, clock);
    for (std::size_t i = 0; i < 3 * kCapacity / (size + 150); ++i) {
      const std::string name = std::to_string(i);
      cache.insert(KeyView("", name), {.bytes = Bytes::copy(value)});
      if (i % 3 == 0) cache.find(KeyView("", name));
      ASSERT_LE(allocated - before, static_cast<std::int64_t>(kCapacity) + kShardItself) << i;
    }
    EXPECT_GT(allocated - before, static_cast<std::int64_t>(kCapacity) * 7 / 10) << size;
  }
}

}  // namespace
}  // namespace ringcache
