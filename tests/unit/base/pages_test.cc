// SPDX-License-Identifier: Apache-2.0
#include "base/pages.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

namespace ringcache {
namespace {

TEST(PagesTest, AreZeroAndAligned) {
  constexpr std::size_t kBytes = std::size_t{256} << 10;
  for (int i = 0; i < 20; ++i) {
    auto* pages = static_cast<char*>(map_aligned_pages(kBytes, kBytes));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(pages) % kBytes, 0u);
    EXPECT_TRUE(std::all_of(pages, pages + kBytes, [](char byte) { return byte == 0; }));
    std::memset(pages, 1, kBytes);
    unmap_pages(pages, kBytes);
  }
}

TEST(PagesTest, WhatIsForgottenIsZeroAgain) {
  auto* pages = static_cast<char*>(map_pages(4 * kPageBytes));
  std::memset(pages, 1, 4 * kPageBytes);
  forget_pages(pages + kPageBytes, kPageBytes);
  EXPECT_EQ(pages[kPageBytes], 0);
  EXPECT_EQ(pages[2 * kPageBytes], 1);
  unmap_pages(pages, 4 * kPageBytes);
}

TEST(PagesTest, TrimmingTheHeapHarmsNothingInUse) {
  const std::string kept(100'000, 'x');
  trim_heap();
  EXPECT_EQ(kept, std::string(100'000, 'x'));
}

}  // namespace
}  // namespace ringcache
