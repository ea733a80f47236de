// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

namespace ringcache {

/// @name Memory from the system, in chunks
/// Chunks are cut from stretches of 2 MiB. When all of a stretch is in use, the system is asked to
/// make one page of it: what is read at random then costs a quarter less, as fewer addresses have
/// to be translated. What is resident stays what is used: a stretch is of small pages until it is
/// full, and again from when some of it has gone back to the system.
///
/// All caches of a process share them. Thread-safe.
/// @{
constexpr std::size_t kChunkBytes = std::size_t{256} << 10;

/// Aligned to its size, and zero.
void* take_chunk();
/// All of the chunk is in use. May take a millisecond, once for each stretch.
void note_full_chunk(void* chunk) noexcept;
/// Its memory goes back to the system.
void give_back_chunk(void* chunk) noexcept;
/// Whole pages of a chunk in use go back to the system; they are zero when they are touched again.
void forget_in_chunk(void* pages, std::size_t bytes) noexcept;
/// @}

}  // namespace ringcache
