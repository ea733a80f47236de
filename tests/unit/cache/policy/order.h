// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>

#include <ringcache/policy.h>

#include "cache/slab_pool.h"

namespace ringcache::testing {

/// A policy driven by a line of letters: a letter asks for that key, which is inserted if it is not
/// resident, and evicts before where the capacity is reached. In the answer, a hit is "+", a miss
/// "." or the letter that left for it (the last one, should there be more).
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
    while (resident.size() == capacity || policy->evicting()) {
      left = static_cast<char>(policy->evict()->hash);
      resident.erase(left);
    }
    policy->insert(*entry);
    resident[letter] = entry;
    answer += left;
  }
  return answer;
}

template <std::size_t N>
std::array<PolicyEntry*, N> make_entries(EntryPool& pool) {
  std::array<PolicyEntry*, N> entries;
  for (PolicyEntry*& entry : entries) entry = &pool.make_ghost();
  return entries;
}

/// 20,000 letters of 120, now skewed and now nearly a scan.
inline std::string some_letters(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::string letters;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t sway = i / 2000 % 2 == 0 ? random() % 30 : 20;
    letters += static_cast<char>(128 + std::min(random() % 120, sway + random() % 100));
  }
  return letters;
}

}  // namespace ringcache::testing
