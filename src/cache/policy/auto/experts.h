// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

#include <ringcache/policy.h>

#include "cache/policy/sketch.h"

namespace ringcache {

/// A policy that may be chosen.
struct Expert {
  std::string_view name;
  /// `sketch`, where there is one, is given every request by its owner.
  std::unique_ptr<Policy> (*make)(PolicyBudget budget, EntryPool& pool, FrequencySketch* sketch);
  /// What it may keep beside each entry of a miniature.
  std::size_t bytes_per_entry;
  /// Its sketch is the smaller of two, whose counts are halved more often.
  bool forgets_soon = false;
};

/// The first is taken where nothing speaks for another.
std::span<const Expert> experts() noexcept;
/// And one more where charges differ.
const Expert& expert_by_size() noexcept;

}  // namespace ringcache
