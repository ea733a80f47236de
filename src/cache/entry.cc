// SPDX-License-Identifier: Apache-2.0
#include "cache/entry.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include "cache/table.h"

namespace ringcache {
namespace {

/// What glibc's malloc takes for `size` bytes: a header of 8, in steps of 16, at least 32. (Blocks
/// above 128 KiB may be whole pages: at most 3 % more.)
constexpr std::uint64_t allocation_bytes(std::uint64_t size) {
  return std::max<std::uint64_t>(32, (size + 8 + 15) / 16 * 16);
}

}  // namespace

Entry::Ptr Entry::make(const KeyView& key, Copy copy) {
  assert(key.name.size() <= UINT32_MAX);
  void* room = ::operator new(sizeof(Entry) + key.name.size());
  Ptr entry(new (room) Entry);
  entry->hash = key.hash;
  entry->copy = std::move(copy);
  entry->name_size = static_cast<std::uint32_t>(key.name.size());
  std::ranges::copy(key.name, reinterpret_cast<char*>(entry.get() + 1));
  return entry;
}

void Entry::Free::operator()(Entry* entry) const noexcept {
  entry->~Entry();
  ::operator delete(entry);
}

std::uint64_t entry_bytes(std::string_view name, const Bytes& value) noexcept {
  const std::uint64_t payload = value.is_null() ? 0 : allocation_bytes(value.footprint());
  return allocation_bytes(sizeof(Entry) + name.size()) + payload + Table::kBytesPerEntry;
}

}  // namespace ringcache
