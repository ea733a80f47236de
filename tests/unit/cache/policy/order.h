// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>
#include <string_view>

#include <ringcache/policy.h>

#include "cache/slab_pool.h"

namespace ringcache::testing {

/// A policy driven by a line of letters: a letter asks for that key, which is inserted if it is not
/// resident, and evicts before where the capacity is reached. In the answer, a hit is "+", a miss
/// "." or the letter that left for it.
inline std::string ask(PolicyKind kind, std::size_t capacity, std::string_view letters) {
  SlabPool pool;
  const auto policy = make_policy(kind, {.capacity = capacity}, pool);
  std::map<char, PolicyEntry*> resident;
  std::string answer;
  for (const char letter : letters) {
    if (const auto found = resident.find(letter); found != resident.end()) {
      policy->touch(*found->second);
      answer += '+';
      continue;
    }
    PolicyEntry* entry = &pool.make_ghost();
    entry->hash = static_cast<unsigned char>(letter);
    policy->prepare(entry->hash, 1);
    char left = '.';
    if (resident.size() == capacity) left = static_cast<char>(policy->evict()->hash);
    resident.erase(left);
    policy->insert(*entry);
    resident[letter] = entry;
    answer += left;
  }
  return answer;
}

}  // namespace ringcache::testing
