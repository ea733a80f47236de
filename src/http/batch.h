// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/store.h>

namespace ringcache {

/// The body of `POST /v1/groups/{group}:batchGet`: {"keys":["a","b"],"encoding":"base64"}.
struct HttpBatch {
  std::vector<std::string> keys;  ///< As bytes, whatever their encoding.
  bool base64 = false;            ///< Keys and values are base64 on the wire, else UTF-8.
};

struct HttpBatchLimits {
  std::size_t keys = 0;
  std::size_t key_bytes = 0;
};

/// Errc::invalid_argument, or Errc::too_large for a key, in words for who wrote the body.
Result<HttpBatch> parse_batch(std::string_view body, const HttpBatchLimits& limits);

/// @name Answers
/// JSON documents, of about `bytes_max` at most. `values` are those of the keys, in their order.
/// @{
using OwnerName = std::function<std::string(const KeyView&)>;

/// For a client: an entry for each key, its value or why there is none. `owner` may be empty.
std::string batch_answer(std::string_view group, const HttpBatch& batch, const Values& values,
                         const OwnerName& owner, Time now, std::size_t bytes_max);

/// For another node: values as base64, each with its facts (WireFacts), of the first of the keys,
/// at least of one. What has no room is left out, and asked for again.
std::string forwarded_answer(const Values& values, Time now, std::size_t bytes_max);
/// @}

/// @name The other end
/// @{
std::string batch_request(std::span<const KeyView> keys);

/// None when it is not what forwarded_answer() writes. Ages count from `began`.
std::optional<Values> parse_forwarded_answer(std::string_view body, Time began);
/// @}

}  // namespace ringcache
