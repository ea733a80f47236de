// SPDX-License-Identifier: Apache-2.0
#include <ringcache/bytes.h>

#include <algorithm>
#include <cassert>
#include <new>

#include "base/pages.h"

namespace ringcache {
namespace {

/// As a PageAllocator does; to give back a value's pages at once costs more than its copy if it is
/// smaller.
constexpr std::size_t kPagesFrom = std::size_t{64} << 10;

Bytes::Landlord& landlord_of(Bytes::Block& block) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(&block);
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return *reinterpret_cast<Bytes::Landlord*>(address & ~(Bytes::Landlord::kStretch - 1));
}

}  // namespace

Bytes Bytes::copy(std::string_view text) {
  return build(text.size(), [text](char* to) {
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
  });
}

Bytes::Block* Bytes::allocate(std::size_t size) {
  assert(size < Block::kIsLodger);
  const std::size_t bytes = block_bytes(size);
  void* room = bytes < kPagesFrom ? ::operator new(bytes) : map_pages(bytes);
  return new (room) Block(size, 0);
}

void Bytes::free(Block& block) noexcept {
  if (block.size_and_flags & Block::kIsLodger) {
    Landlord& landlord = landlord_of(block);
    return landlord.give_back(landlord, block);
  }
  const std::size_t bytes = block_bytes(block.size());
  block.~Block();
  if (bytes < kPagesFrom)
    ::operator delete(&block);
  else
    unmap_pages(&block, bytes);
}

Bytes::Block& Bytes::settle(void* room, std::string_view text) noexcept {
  auto* block = new (room) Block(text.size(), Block::kIsLodger);
  if (!text.empty()) std::memcpy(data_of(*block), text.data(), text.size());
  return *block;
}

/// glibc's malloc takes a header of 8, in steps of 16, at least 32.
std::size_t Bytes::footprint(std::size_t size) noexcept {
  const std::size_t bytes = block_bytes(size);
  if (bytes >= kPagesFrom) return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  return std::max<std::size_t>(32, (bytes + 8 + 15) / 16 * 16);
}

}  // namespace ringcache
