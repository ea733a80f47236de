// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include <ringcache/policy.h>

namespace ringcache::testing {

/// A policy driven by a line of letters: a letter asks for that key, which is inserted if it is not
/// resident, and evicts before where the capacity is reached. In the answer, a hit is "+", a miss
/// "." or the letter that left for it.
inline std::string ask(Policy& policy, std::size_t capacity, std::string_view letters) {
  std::map<char, std::unique_ptr<PolicyEntry>> resident;
  std::string answer;
  for (const char letter : letters) {
    if (const auto found = resident.find(letter); found != resident.end()) {
      policy.touch(*found->second);
      answer += '+';
      continue;
    }
    auto entry = std::make_unique<PolicyEntry>();
    entry->hash = static_cast<unsigned char>(letter);
    policy.prepare(entry->hash, 1);
    char left = '.';
    if (resident.size() == capacity) left = static_cast<char>(policy.evict()->hash);
    resident.erase(left);
    policy.insert(*entry);
    resident[letter] = std::move(entry);
    answer += left;
  }
  return answer;
}

}  // namespace ringcache::testing
