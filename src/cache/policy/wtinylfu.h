// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include <ringcache/policy.h>

#include "cache/policy/sketch.h"

namespace ringcache {

/// Variants of W-TinyLFU for a policy that is made of others.
struct WTinyLfuOptions {
  double window = .01;                ///< The window's share of the capacity at first.
  bool climbs = true;                 ///< Whether the window's share changes.
  std::size_t words = 1;              ///< Of the sketch, for each entry.
  FrequencySketch* sketch = nullptr;  ///< Another's, who adds each request to it and outlives this.
};

std::unique_ptr<Policy> make_wtinylfu(PolicyBudget budget, EntryPool& pool,
                                      WTinyLfuOptions options);

}  // namespace ringcache
