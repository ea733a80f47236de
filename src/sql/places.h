// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/hash.h>

namespace ringcache {

/// Where each of a list of names stands in it; a name may be there more than once. Made for one
/// query: two allocations, whatever the number. (Linear probing; equal names follow each other.)
class SqlPlaces {
 public:
  /// Borrows the names.
  explicit SqlPlaces(std::span<const std::string> names)
      : names_(names), slots_(std::bit_ceil(2 * names.size() + 1)), mask_(slots_.size() - 1) {
    for (std::uint32_t i = 0; i < names.size(); ++i) {
      std::size_t at = hash64(names[i]) & mask_;
      while (slots_[at] != 0) at = (at + 1) & mask_;
      slots_[at] = i + 1;
    }
  }

  /// Calls `visit` with each place of the name; false when there is none.
  template <class Visit>
  bool each(std::string_view name, Visit visit) const {
    bool any = false;
    for (std::size_t at = hash64(name) & mask_; slots_[at] != 0; at = (at + 1) & mask_) {
      const std::size_t place = slots_[at] - 1;
      if (names_[place] != name) continue;
      visit(place);
      any = true;
    }
    return any;
  }

 private:
  const std::span<const std::string> names_;
  std::vector<std::uint32_t> slots_;  // a place + 1; 0: free
  const std::size_t mask_;
};

}  // namespace ringcache
