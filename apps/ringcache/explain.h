// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "client.h"

namespace ringcache {

/// The why page of a key, from its owner where that can be reached, else from the node asked.
Result<Json> explain(const Client& node, const std::string& group, const std::string& key);

/// "hash 2038739146, index 58" or "slot 4711".
std::string ring_words(const Json& ring);

}  // namespace ringcache
