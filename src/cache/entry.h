// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include <ringcache/cache.h>

namespace ringcache {

/// A key with its copy: one allocation, the name behind the struct.
struct Entry : PolicyEntry {
  struct Free {
    void operator()(Entry* entry) const noexcept;
  };
  using Ptr = std::unique_ptr<Entry, Free>;

  /// REQUIRES: a name shorter than 4 GiB.
  static Ptr make(const KeyView& key, Copy copy);

  std::string_view name() const noexcept {
    return {reinterpret_cast<const char*>(this + 1), name_size};
  }

  Copy copy;
  std::uint32_t name_size = 0;
};

/// The memory that an entry of such a key takes: itself, its value's allocation and its share of
/// the index.
std::uint64_t entry_bytes(std::string_view name, const Bytes& value) noexcept;

}  // namespace ringcache
