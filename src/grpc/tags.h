// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include <ringcache/bytes.h>

namespace ringcache {

/// The tags of a message as Value has them; null for none.
Bytes join_tags(const auto& names) {
  std::string tags;
  for (const std::string& tag : names) tags.append(tags.empty() ? "" : ",").append(tag);
  return tags.empty() ? Bytes() : Bytes::copy(tags);
}

}  // namespace ringcache
