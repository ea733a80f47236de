// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>

#include <ringcache/scheduler.h>

namespace ringcache {

/// A span as messages carry it: whole Units, nothing negative.
template <class Unit>
std::uint64_t count_of(Duration span) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<Unit>(std::max(span, Duration{0})).count());
}

/// The inverse, at most Duration::max().
template <class Unit>
Duration span_of(std::uint64_t count) {
  const auto most = count_of<Unit>(Duration::max());
  return count > most ? Duration::max() : Duration(Unit(count));
}

}  // namespace ringcache
