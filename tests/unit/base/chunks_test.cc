// SPDX-License-Identifier: Apache-2.0
#include "base/chunks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>
#include <vector>

#include "base/pages.h"

namespace ringcache {
namespace {

char* take() { return static_cast<char*>(take_chunk()); }
bool is_zero(const char* pages, std::size_t bytes) {
  return std::all_of(pages, pages + bytes, [](char byte) { return byte == 0; });
}

TEST(ChunksTest, AreZeroAlignedAndApart) {
  std::set<char*> taken;
  for (int i = 0; i < 100; ++i) {
    char* chunk = take();
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(chunk) % kChunkBytes, 0u);
    EXPECT_TRUE(is_zero(chunk, kChunkBytes));
    std::memset(chunk, 1, kChunkBytes);
    EXPECT_TRUE(taken.insert(chunk).second);
  }
  for (char* chunk : taken) give_back_chunk(chunk);
}

TEST(ChunksTest, AreZeroAgainWhenTheyComeBack) {
  char* kept = take();  // keeps the stretch
  for (int i = 0; i < 20; ++i) {
    char* chunk = take();
    EXPECT_TRUE(is_zero(chunk, kChunkBytes));
    std::memset(chunk, 1, kChunkBytes);
    give_back_chunk(chunk);
  }
  give_back_chunk(kept);
}

TEST(ChunksTest, WhatIsForgottenIsZeroAgain) {
  char* chunk = take();
  std::memset(chunk, 1, kChunkBytes);
  forget_in_chunk(chunk + kPageBytes, kPageBytes);
  EXPECT_EQ(chunk[0], 1);
  EXPECT_TRUE(is_zero(chunk + kPageBytes, kPageBytes));
  EXPECT_EQ(chunk[2 * kPageBytes], 1);
  give_back_chunk(chunk);
}

TEST(ChunksTest, KeepWhatIsInThemWhenAllAreFull) {
  std::vector<char*> taken;
  for (int i = 0; i < 40; ++i) {
    taken.push_back(take());
    std::memset(taken.back(), 1 + i, kChunkBytes);
    note_full_chunk(taken.back());
  }
  for (std::size_t i = 0; i < taken.size(); ++i)
    EXPECT_EQ(std::count(taken[i], taken[i] + kChunkBytes, static_cast<char>(1 + i)),
              static_cast<std::ptrdiff_t>(kChunkBytes));
  forget_in_chunk(taken[20], kPageBytes);
  note_full_chunk(taken[20]);
  EXPECT_TRUE(is_zero(taken[20], kPageBytes));
  EXPECT_EQ(taken[20][kPageBytes], 21);
  for (char* chunk : taken) give_back_chunk(chunk);
}

TEST(ChunksTest, AreTakenAndGivenBackOnAnyThread) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i) {
        std::vector<char*> taken(static_cast<std::size_t>(1 + i % 12));
        for (char*& chunk : taken) *(chunk = take()) = static_cast<char>(t);
        for (char* chunk : taken) {
          EXPECT_EQ(*chunk, static_cast<char>(t));
          give_back_chunk(chunk);
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ringcache
