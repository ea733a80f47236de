// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/store.h>

namespace ringcache {

/// What a POST to a group asks for: `POST /v1/groups/{group}:batchGet` and so on.
enum class BatchVerb : std::uint8_t { get, put, erase, touch, invalidate };

/// Its body: {"keys":["a","b"],"encoding":"base64"} and the like, by docs/http.md.
struct HttpBatch {
  std::vector<std::string> keys{};  ///< As bytes, whatever their encoding.
  bool base64 = false;              ///< Keys and values are base64 on the wire, else UTF-8.
  std::vector<Value> values{};      ///< What each of the keys is to have, by a put.
  Time expires_at = Time::max();    ///< The keys' new end, by a touch.
  std::string prefix{};             ///< With `tag` and `all` as in an Invalidation.
  std::string tag{};
  bool all = false;
};

struct HttpBatchLimits {
  std::size_t keys = 0;
  std::size_t key_bytes = 0;
  std::size_t value_bytes = 0;
};

/// Errc::invalid_argument, or Errc::too_large for a key or value, in words for who wrote the body.
/// Spans of time count from `now`.
Result<HttpBatch> parse_batch(BatchVerb verb, std::string_view body, const HttpBatchLimits& limits,
                              Time now);

/// How long a key is to live: longer than 0. The error says how to write it.
Result<Duration> parse_ttl(std::string_view text);

/// Whether a tag can be kept: it has a name, in UTF-8, without the comma that stands between two.
Result<void> check_tag(std::string_view tag);

}  // namespace ringcache
