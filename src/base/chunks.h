// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

namespace ringcache {

/// @name Memory from the system, in chunks
/// Chunks are cut from stretches of 2 MiB, each of which the system is asked to back with one page:
/// what is read at random then costs a quarter less, as few addresses have to be translated. Such a
/// stretch is resident as soon as one of its chunks is touched; the first four are not, so that
/// small caches stay small. One that has given memory back gets it again in small pages, and only
/// where it is touched.
///
/// All caches of a process share them. Thread-safe.
/// @{
constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

/// Aligned to its size, and zero.
void* take_chunk();
/// Its memory goes back to the system.
void give_back_chunk(void* chunk) noexcept;
/// Whole pages of a chunk in use go back to the system; they are zero when they are touched again.
void forget_in_chunk(void* pages, std::size_t bytes) noexcept;
/// @}

}  // namespace ringcache
