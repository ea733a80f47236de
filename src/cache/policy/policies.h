// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>

#include <ringcache/policy.h>

#include "cache/policy/auto/lead.h"

namespace ringcache {

// One factory for each file of this folder; make_policy() chooses among them.
std::unique_ptr<Policy> make_fifo(EntryPool& pool);
std::unique_ptr<Policy> make_lru(EntryPool& pool);
std::unique_ptr<Policy> make_lfu(EntryPool& pool);
std::unique_ptr<Policy> make_arc(PolicyBudget budget, EntryPool& pool);
std::unique_ptr<Policy> make_sieve(EntryPool& pool);
/// An entry goes on to the main queue after so many uses.
std::unique_ptr<Policy> make_s3fifo(PolicyBudget budget, EntryPool& pool,
                                    std::uint32_t uses_to_stay = 2);
std::unique_ptr<Policy> make_lirs(PolicyBudget budget, EntryPool& pool);
std::unique_ptr<Policy> make_wtinylfu(PolicyBudget budget, EntryPool& pool);
std::unique_ptr<Policy> make_gdsf();
/// With other shards' policies under one lead; one of them `decides`.
std::unique_ptr<Policy> make_auto(PolicyBudget budget, EntryPool& pool, std::shared_ptr<Lead> lead,
                                  bool decides);

}  // namespace ringcache
