// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include <ringcache/policy.h>

namespace ringcache {

// One factory for each file of this folder; make_policy() chooses among them.
std::unique_ptr<Policy> make_fifo();
std::unique_ptr<Policy> make_lru();
std::unique_ptr<Policy> make_lfu();
std::unique_ptr<Policy> make_arc(PolicyBudget budget);
std::unique_ptr<Policy> make_sieve();
std::unique_ptr<Policy> make_s3fifo(PolicyBudget budget);
std::unique_ptr<Policy> make_gdsf();

}  // namespace ringcache
