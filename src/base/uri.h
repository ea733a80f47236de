// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringcache {

/// Who wrote the text: in a path `+` is a plus; HTML forms, and Go's groupcache even in its paths,
/// write it for a space.
enum class PlusMeans { plus, space };

/// Undoes percent-encoding into `out`, whose memory is used again. Any byte may come out, NUL too.
/// False when a `%` is not followed by two hex digits.
bool percent_decode(std::string_view text, PlusMeans plus, std::string& out);

/// Every byte but letters, digits and `-._~` as %XX.
std::string percent_encode(std::string_view bytes);

using QueryFields = std::vector<std::pair<std::string, std::string>>;

/// The decoded fields of "a=1&b=2" in order; none when malformed.
std::optional<QueryFields> parse_query(std::string_view query);

}  // namespace ringcache
