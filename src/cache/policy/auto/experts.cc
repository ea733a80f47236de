// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/auto/experts.h"

#include <array>

#include "cache/policy/policies.h"
#include "cache/policy/wtinylfu.h"

namespace ringcache {
namespace {

using Made = std::unique_ptr<Policy>;

Made lirs(PolicyBudget budget, EntryPool& pool, FrequencySketch* /*sketch*/) {
  return make_lirs(budget, pool);
}

Made arc(PolicyBudget budget, EntryPool& pool, FrequencySketch* /*sketch*/) {
  return make_arc(budget, pool);
}

/// A window that does not climb: a small climber adapts faster than the large one that it stands
/// for, and misleads.
template <int kPercent, std::size_t kWords>
Made window(PolicyBudget budget, EntryPool& pool, FrequencySketch* sketch) {
  return make_wtinylfu(
      budget, pool,
      {.window = kPercent / 100.0, .climbs = false, .words = kWords, .sketch = sketch});
}

Made s3fifo(PolicyBudget budget, EntryPool& pool, FrequencySketch* /*sketch*/) {
  return make_s3fifo(budget, pool, 1);
}

Made lru(PolicyBudget /*budget*/, EntryPool& pool, FrequencySketch* /*sketch*/) {
  return make_lru(pool);
}

Made gdsf(PolicyBudget /*budget*/, EntryPool& /*pool*/, FrequencySketch* /*sketch*/) {
  return make_gdsf();
}

/// Between a sketch that has just doubled and the next.
constexpr std::size_t kWordBytes = 11;

constexpr std::array kExperts{
    Expert{.name = "lirs", .make = lirs, .bytes_per_entry = 110},
    Expert{.name = "arc", .make = arc, .bytes_per_entry = 60},
    Expert{.name = "w1",
           .make = window<1, 2>,
           .bytes_per_entry = 0,
           .sketch_bytes_per_entry = 2 * kWordBytes},
    Expert{.name = "w20",
           .make = window<20, 2>,
           .bytes_per_entry = 0,
           .sketch_bytes_per_entry = 2 * kWordBytes},
    Expert{.name = "w10",
           .make = window<10, 1>,
           .bytes_per_entry = 16,
           .sketch_bytes_per_entry = kWordBytes,
           .forgets_soon = true},
    Expert{.name = "s3fifo", .make = s3fifo, .bytes_per_entry = 40},
    Expert{.name = "lru", .make = lru, .bytes_per_entry = 0},
};
constexpr Expert kBySize{.name = "gdsf", .make = gdsf, .bytes_per_entry = 27};

}  // namespace

std::span<const Expert> experts() noexcept { return kExperts; }
const Expert& expert_by_size() noexcept { return kBySize; }

}  // namespace ringcache
