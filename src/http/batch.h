// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include <ringcache/store.h>

#include "http/batch_body.h"

namespace ringcache {

/// @name Answers
/// JSON documents, of about `bytes_max` at most. `values` are those of the keys, in their order.
/// @{
using OwnerName = std::function<std::string(const KeyView&)>;

/// For a client: an entry for each key, its value or why there is none. `owner` may be empty.
std::string batch_answer(std::string_view group, const HttpBatch& batch, const Values& values,
                         const OwnerName& owner, Time now, std::size_t bytes_max);

/// For a client: an entry for each key, the etag of its value or why it was not written. A key that
/// was erased has no etag.
std::string written_answer(const HttpBatch& batch, const Values& values, bool erased);

/// For whoever had copies go: {"copies":3}.
std::string invalidated_answer(std::uint64_t copies);

/// For another node: values as base64, each with its facts (WireFacts), of the first of the keys,
/// at least of one. What has no room is left out, and asked for again.
std::string forwarded_answer(const Values& values, Time now, std::size_t bytes_max);
/// @}

/// @name The other end
/// @{
std::string batch_request(std::span<const KeyView> keys);
/// `ttl` as it is written in a request; empty: no end.
std::string touch_request(std::string_view key, std::string_view ttl);
/// REQUIRES: what.tag is UTF-8.
std::string invalidate_request(const Invalidation& what);

/// None when it is not what forwarded_answer() writes. Ages count from `began`.
std::optional<Values> parse_forwarded_answer(std::string_view body, Time began);
/// None when it is not what invalidated_answer() writes.
std::optional<std::uint64_t> parse_invalidated_answer(std::string_view body);
/// @}

}  // namespace ringcache
