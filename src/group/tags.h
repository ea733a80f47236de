// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <string_view>
#include <vector>

#include <ringcache/cache.h>

namespace ringcache {

/// The names in Value::tags; those of no characters are none.
inline std::vector<std::string_view> split_tags(std::string_view text) {
  std::vector<std::string_view> tags;
  while (!text.empty()) {
    const std::string_view tag = text.substr(0, text.find(','));
    if (!tag.empty()) tags.push_back(tag);
    text.remove_prefix(std::min(text.size(), tag.size() + 1));
  }
  return tags;
}

inline bool too_many_tags(std::string_view text) {
  return !text.empty() && split_tags(text).size() > Cache::kTagsMax;
}

}  // namespace ringcache
