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

constexpr std::array kExperts{
    Expert{"lirs", lirs, 110},
    Expert{"arc", arc, 60},
    Expert{"w1", window<1, 2>, 0},
    Expert{"w20", window<20, 2>, 0},
    Expert{"w10", window<10, 1>, 16, true},
    Expert{"s3fifo", s3fifo, 40},
    Expert{"lru", lru, 0},
};
constexpr Expert kBySize{"gdsf", gdsf, 27};

}  // namespace

std::span<const Expert> experts() noexcept { return kExperts; }
const Expert& expert_by_size() noexcept { return kBySize; }

}  // namespace ringcache
