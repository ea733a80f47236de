// SPDX-License-Identifier: Apache-2.0
#include "base/pages.h"

#include <malloc.h>
#include <sys/mman.h>

#include <cstdint>
#include <new>

namespace ringcache {

void* map_pages(std::size_t bytes) {
  void* pages = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) throw std::bad_alloc();
  return pages;
}

/// What is mapped mostly stands below what was mapped before, and then it is aligned as that was.
/// If not, maps more, so that an aligned stretch is in it; the rest goes back.
void* map_aligned_pages(std::size_t bytes, std::size_t alignment) {
  void* pages = map_pages(bytes);
  if (reinterpret_cast<std::uintptr_t>(pages) % alignment == 0) return pages;
  unmap_pages(pages, bytes);
  auto* begin = static_cast<char*>(map_pages(bytes + alignment));
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) % alignment;
  if (before > 0) munmap(begin, before);
  munmap(begin + before + bytes, alignment - before);
  return begin + before;
}

void unmap_pages(void* pages, std::size_t bytes) noexcept { munmap(pages, bytes); }

void forget_pages(void* pages, std::size_t bytes) noexcept { madvise(pages, bytes, MADV_DONTNEED); }

void trim_heap() noexcept {
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

}  // namespace ringcache
