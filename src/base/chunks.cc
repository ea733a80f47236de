// SPDX-License-Identifier: Apache-2.0
#include "base/chunks.h"

#include <sys/mman.h>

#include <bit>
#include <cstdint>
#include <map>
#include <mutex>

#include "base/pages.h"

namespace ringcache {
namespace {

constexpr std::size_t kStretchBytes = std::size_t{2} << 20;
constexpr std::size_t kSmallStretches = 4;
using ChunkSet = std::uint8_t;  // of a stretch, a bit each
constexpr ChunkSet kAll = 0xff;
static_assert(kStretchBytes / kChunkBytes == 8);

char* stretch_of(void* inside) noexcept {
  auto* at = static_cast<char*>(inside);
  return at - reinterpret_cast<std::uintptr_t>(at) % kStretchBytes;
}

/// Where madvise() is not allowed, pages are small, which is only slower.
void use_huge_pages(char* stretch, bool are_huge) noexcept {
  madvise(stretch, kStretchBytes, are_huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
}

class Chunks {
 public:
  void* take() {
    std::lock_guard lock(mutex_);
    if (free_.empty()) add_stretch();
    const auto roomy = free_.begin();
    auto& [stretch, free] = *roomy;
    const auto index = static_cast<unsigned>(std::countr_zero(free));
    char* chunk = stretch + index * kChunkBytes;
    free = static_cast<ChunkSet>(free & (free - 1));
    if (free == 0) free_.erase(roomy);
    return chunk;
  }

  void give_back(char* chunk) noexcept {
    forget_in_chunk(chunk, kChunkBytes);
    char* stretch = stretch_of(chunk);
    const auto index = static_cast<std::size_t>(chunk - stretch) / kChunkBytes;
    std::lock_guard lock(mutex_);
    ChunkSet& free = free_[stretch];
    free = static_cast<ChunkSet>(free | 1u << index);
    if (free != kAll) return;
    free_.erase(stretch);
    --stretches_;
    unmap_pages(stretch, kStretchBytes);
  }

 private:
  void add_stretch() {
    auto* stretch = static_cast<char*>(map_aligned_pages(kStretchBytes, kStretchBytes));
    free_[stretch] = kAll;
    if (++stretches_ > kSmallStretches) use_huge_pages(stretch, true);
  }

  std::mutex mutex_;
  std::map<char*, ChunkSet> free_;  // of stretches that have some; the lowest are used first
  std::size_t stretches_ = 0;
};

/// Never destroyed: readers may give back what they hold after main().
Chunks& chunks() {
  static Chunks& chunks = *new Chunks;
  return chunks;
}

}  // namespace

void* take_chunk() { return chunks().take(); }

void give_back_chunk(void* chunk) noexcept { chunks().give_back(static_cast<char*>(chunk)); }

/// The system must not make one page again of what is left, which would be resident all over.
void forget_in_chunk(void* pages, std::size_t bytes) noexcept {
  use_huge_pages(stretch_of(pages), false);
  forget_pages(pages, bytes);
}

}  // namespace ringcache
