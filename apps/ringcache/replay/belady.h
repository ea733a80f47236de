// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "replay/trace.h"

namespace ringcache {

/// The optimum, which sees the future: L. A. Belady, "A study of replacement algorithms for a
/// virtual-storage computer", IBM Systems Journal 5(2), 1966. Every miss that fits is inserted, and
/// what is asked for again furthest ahead leaves, whatever its bytes. Where all bytes are equal,
/// nothing that inserts every miss has more hits; where they are not, it is the size-blind figure
/// that simulators print, which is no bound.
class Belady {
 public:
  /// REQUIRES: every request says its bytes.
  explicit Belady(std::vector<Request> trace);

  /// Of a cache of that capacity.
  std::uint64_t hits(std::size_t capacity) const;

 private:
  std::vector<Request> trace_;
  std::vector<std::size_t> next_;  // where a request's key comes again; the trace's size: never
};

}  // namespace ringcache
