// SPDX-License-Identifier: Apache-2.0
#include "base/uri.h"

#include <charconv>

namespace ringcache {
namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~").find(c) != std::string_view::npos;
}

/// The value of two hex digits, or -1.
int hex_byte(std::string_view digits) {
  int value = 0;
  if (digits.size() != 2) return -1;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + 2, value, 16);
  return error == std::errc() && end == digits.data() + 2 && digits.front() != '-' ? value : -1;
}

}  // namespace

bool percent_decode(std::string_view text, PlusMeans plus, std::string& out) {
  out.clear();
  const std::string_view special = plus == PlusMeans::space ? "%+" : "%";
  while (!text.empty()) {
    const auto at = text.find_first_of(special);
    out.append(text.substr(0, at));
    if (at == std::string_view::npos) return true;
    if (text[at] == '+') {
      out.push_back(' ');
      text.remove_prefix(at + 1);
      continue;
    }
    const int byte = hex_byte(text.substr(at + 1, 2));
    if (byte < 0) return false;
    out.push_back(static_cast<char>(byte));
    text.remove_prefix(at + 3);
  }
  return true;
}

std::string percent_encode(std::string_view bytes) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  out.reserve(bytes.size());
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c))
      out.push_back(c);
    else
      out.append({'%', kHex[byte >> 4], kHex[byte & 15]});
  }
  return out;
}

std::optional<QueryFields> parse_query(std::string_view query) {
  QueryFields fields;
  while (!query.empty()) {
    const std::string_view field = query.substr(0, query.find('&'));
    query.remove_prefix(field.size() + (field.size() < query.size() ? 1 : 0));
    if (field.empty()) continue;
    const auto equals = field.find('=');
    auto& [name, value] = fields.emplace_back();
    const auto text = equals == std::string_view::npos ? "" : field.substr(equals + 1);
    if (!percent_decode(field.substr(0, equals), PlusMeans::space, name) ||
        !percent_decode(text, PlusMeans::space, value))
      return {};
  }
  return fields;
}

}  // namespace ringcache
