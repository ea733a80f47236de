// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

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

/// What malloc holds on to, though nobody uses it, goes back to the system, as far as it can.
void trim_heap() noexcept;

}  // namespace ringcache
