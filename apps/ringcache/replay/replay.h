// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/cache.h>

#include "replay/trace.h"

namespace ringcache {

/// The names of all policies, and last `belady`, the optimum that sees the future: it keeps the
/// whole trace in memory, and its cache has no shards.
std::vector<std::string_view> replay_policies();

struct ReplayOptions {
  /// REQUIRES: among replay_policies().
  std::vector<std::string> policies;
  std::vector<std::size_t> capacities;
  /// `objects`: every request costs 1; `bytes`: what the trace says, which it must then.
  CapacityUnit unit = CapacityUnit::objects;
  unsigned shards = 1;
};

/// What one cache made of the trace.
struct ReplayRow {
  std::string policy;
  std::size_t capacity = 0;
  std::uint64_t requests = 0;
  std::uint64_t hits = 0;

  double hit_ratio() const {
    return requests == 0 ? 0 : static_cast<double>(hits) / static_cast<double>(requests);
  }
};

/// Puts the trace through a Cache for each policy and capacity, side by side in one pass; every
/// miss inserts. A row for each, policies outer.
Result<std::vector<ReplayRow>> replay(Trace trace, const ReplayOptions& options);

}  // namespace ringcache
