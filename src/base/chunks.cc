// SPDX-License-Identifier: Apache-2.0
#include "base/chunks.h"

#include <sys/mman.h>

#include <bit>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/pages.h"

namespace ringcache {
namespace {

constexpr std::size_t kStretchBytes = std::size_t{2} << 20;
using ChunkSet = std::uint8_t;  // of a stretch, a bit each
constexpr ChunkSet kAll = 0xff;
static_assert(kStretchBytes / kChunkBytes == 8);

#if defined(MADV_COLLAPSE)
constexpr int kCollapse = MADV_COLLAPSE;
#else
constexpr int kCollapse = 25;  // since Linux 6.1; older headers do not name it
#endif

char* stretch_of(void* inside) noexcept {
  auto* at = static_cast<char*>(inside);
  return at - reinterpret_cast<std::uintptr_t>(at) % kStretchBytes;
}

ChunkSet only(const void* chunk) noexcept {
  const auto offset = reinterpret_cast<std::uintptr_t>(chunk) % kStretchBytes;
  return static_cast<ChunkSet>(1u << offset / kChunkBytes);
}

class Chunks {
 public:
  void* take() {
    std::lock_guard lock(mutex_);
    if (roomy_.empty()) add_stretch();
    char* stretch = *roomy_.begin();
    ChunkSet& free = stretches_[stretch].free;
    char* chunk = stretch + static_cast<unsigned>(std::countr_zero(free)) * kChunkBytes;
    free = static_cast<ChunkSet>(free & (free - 1));
    if (free == 0) roomy_.erase(stretch);
    return chunk;
  }

  void note_full(char* chunk) noexcept {
    char* begin = stretch_of(chunk);
    if (!becomes_full(begin, only(chunk))) return;
    // Where that is not allowed or there is no such page, small ones are only slower.
    madvise(begin, kStretchBytes, kCollapse);
  }

  void give_back(char* chunk) noexcept {
    forget(chunk, kChunkBytes);
    char* begin = stretch_of(chunk);
    std::lock_guard lock(mutex_);
    Stretch& stretch = stretches_[begin];
    stretch.free = static_cast<ChunkSet>(stretch.free | only(chunk));
    roomy_.insert(begin);
    if (stretch.free != kAll) return;
    roomy_.erase(begin);
    stretches_.erase(begin);
    unmap_pages(begin, kStretchBytes);
  }

  /// The system must not make one page again of what is left, which would be resident all over.
  void forget(char* pages, std::size_t bytes) noexcept {
    char* begin = stretch_of(pages);
    if (!had_forgotten(begin)) madvise(begin, kStretchBytes, MADV_NOHUGEPAGE);
    forget_pages(pages, bytes);
  }

 private:
  struct Stretch {
    ChunkSet free = kAll;
    ChunkSet full = 0;
    bool has_forgotten = false;
  };

  void add_stretch() {
    auto* begin = static_cast<char*>(map_aligned_pages(kStretchBytes, kStretchBytes));
    stretches_[begin] = {};
    roomy_.insert(begin);
  }

  bool becomes_full(char* begin, ChunkSet chunk) noexcept {
    std::lock_guard lock(mutex_);
    Stretch& stretch = stretches_[begin];
    if (stretch.full == kAll) return false;
    stretch.full = static_cast<ChunkSet>(stretch.full | chunk);
    return stretch.full == kAll && !stretch.has_forgotten;
  }

  bool had_forgotten(char* begin) noexcept {
    std::lock_guard lock(mutex_);
    return std::exchange(stretches_[begin].has_forgotten, true);
  }

  std::mutex mutex_;
  std::map<char*, Stretch> stretches_;
  std::set<char*> roomy_;  // those with a free chunk; the lowest are used first
};

/// Never destroyed: readers may give back what they hold after main().
Chunks& chunks() {
  static Chunks& chunks = *new Chunks;
  return chunks;
}

}  // namespace

void* take_chunk() { return chunks().take(); }
void note_full_chunk(void* chunk) noexcept { chunks().note_full(static_cast<char*>(chunk)); }
void give_back_chunk(void* chunk) noexcept { chunks().give_back(static_cast<char*>(chunk)); }
void forget_in_chunk(void* pages, std::size_t bytes) noexcept {
  chunks().forget(static_cast<char*>(pages), bytes);
}

}  // namespace ringcache
