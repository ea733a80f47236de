// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <new>

namespace ringcache {

/// @name Memory from the system, in whole pages
/// It is zero, and takes room only where it has been touched.
/// @{
constexpr std::size_t kPageBytes = 4096;

void* map_pages(std::size_t bytes);
/// Aligned to `alignment`, a power of two. REQUIRES: both whole pages.
void* map_aligned_pages(std::size_t bytes, std::size_t alignment);
void unmap_pages(void* pages, std::size_t bytes) noexcept;
/// The memory goes back to the system, the addresses stay: what is touched again is zero.
void forget_pages(void* pages, std::size_t bytes) noexcept;
/// @}

/// Of a vector that may become large. malloc would map what is large, too, but only until the first
/// is freed: from then on it keeps it in the heap, where what comes and goes leaves holes. So what
/// has 16 KiB or more is whole pages of its own here.
template <class T>
struct PageAllocator {
  using value_type = T;
  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    return static_cast<T*>(bytes < kPagesFrom ? ::operator new(bytes, std::align_val_t{alignof(T)})
                                              : map_pages(bytes));
  }
  void deallocate(T* begin, std::size_t count) noexcept {
    const std::size_t bytes = count * sizeof(T);
    if (bytes < kPagesFrom)
      ::operator delete(begin, std::align_val_t{alignof(T)});
    else
      unmap_pages(begin, bytes);
  }
  bool operator==(const PageAllocator&) const = default;

 private:
  static constexpr std::size_t kPagesFrom = std::size_t{16} << 10;
};

/// What malloc holds on to, though nobody uses it, goes back to the system, as far as it can.
void trim_heap() noexcept;

}  // namespace ringcache
