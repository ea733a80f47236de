// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "sim/storm.h"

namespace ringcache::testing {

/// The history of a key as its owner wrote it: place 0 is what was there before, place n the n-th
/// write that reached the source.
class History {
 public:
  History(const Storm& storm, const std::string& key) {
    places_.emplace_back(Storm::kInitial);
    if (const auto at = storm.log.find(key); at != storm.log.end())
      places_.insert(places_.end(), at->second.begin(), at->second.end());
  }

  /// The latest place that can have given this answer: any erase may have made the key absent, and
  /// so may the beginning.
  std::size_t latest(const std::string& answer) const {
    const std::string bytes = answer == "not_found" ? "" : answer;
    for (std::size_t place = places_.size(); place-- > 0;)
      if (places_[place] == bytes) return place;
    return 0;
  }

 private:
  std::vector<std::string> places_;
};

/// A get that begins after a put was acknowledged, or after another get has answered a value,
/// answers nothing older.
inline void nothing_goes_back_in_time(const Storm& storm, const std::string& key) {
  const History history(storm, key);
  for (const auto& get : storm.reads) {
    if (get->key != key || !get->succeeded()) continue;
    const std::size_t seen = history.latest(get->asked.word());
    for (const auto& put : storm.writes) {
      const bool before = put->key == key && put->asked.result() && put->ended < get->begun;
      if (before && !put->bytes.empty()) {
        EXPECT_GE(seen, history.latest(put->bytes)) << "after a put: " << get->asked.word();
      }
    }
    for (const auto& other : storm.reads) {
      const bool before = other->key == key && other->asked.result() && other->ended < get->begun;
      if (before) {
        EXPECT_GE(seen, history.latest(other->asked.word())) << "after " << other->asked.word();
      }
    }
  }
}

}  // namespace ringcache::testing
