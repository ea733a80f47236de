// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace ringcache {

/// @name Base64
/// Any bytes as text, by RFC 4648 section 4: with padding, without line breaks. JSON carries keys
/// and values so where they may be no UTF-8 (docs/http.md).
/// @{
void append_base64(std::string_view bytes, std::string& out);
std::string to_base64(std::string_view bytes);

/// None when `text` is not what append_base64() writes.
std::optional<std::string> from_base64(std::string_view text);
/// @}

}  // namespace ringcache
