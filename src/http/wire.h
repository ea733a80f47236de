// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include <ringcache/store.h>

namespace ringcache {

/// What a node tells another about a value, beside its bytes: the text of X-Ringcache-Value, as
/// "version=7; age_us=1200; hit=1". Clocks differ between nodes, so times travel as spans from
/// `now`.
struct WireFacts {
  Value value;           ///< Without bytes.
  bool as_sent = false;  ///< Answer to a put: the bytes are those that were sent, and left out.
};

void append_facts(const WireFacts& facts, Time now, std::string& out);

/// None when it is not what append_facts() writes; facts that a newer node adds are skipped.
std::optional<WireFacts> parse_facts(std::string_view text, Time now);

/// Field 1 of a protobuf message that holds `size` bytes, up to the bytes themselves: with them
/// behind it, groupcache's GetResponse.
std::string protobuf_prefix(std::size_t size);

}  // namespace ringcache
