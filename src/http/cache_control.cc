// SPDX-License-Identifier: Apache-2.0
#include "http/cache_control.h"

#include <algorithm>
#include <charconv>
#include <cstdint>

#include <boost/beast/core/string.hpp>

namespace ringcache {
namespace {

std::string_view trim(std::string_view text, std::string_view what) {
  text.remove_prefix(std::min(text.size(), text.find_first_not_of(what)));
  return text.substr(0, text.find_last_not_of(what) + 1);
}

/// Too many seconds to count are for ever.
Duration parse_seconds(std::string_view digits) {
  constexpr std::int64_t kMost =
      std::chrono::duration_cast<std::chrono::seconds>(Duration::max()).count();
  std::int64_t seconds = 0;
  const char* end = digits.data() + digits.size();
  const auto [rest, error] = std::from_chars(digits.data(), end, seconds);
  if (rest != end || error == std::errc::invalid_argument || seconds < 0) return Duration{0};
  const bool is_too_much = error == std::errc::result_out_of_range || seconds > kMost;
  return is_too_much ? Duration::max() : std::chrono::seconds(seconds);
}

}  // namespace

Duration parse_max_stale(std::string_view cache_control) {
  while (!cache_control.empty()) {
    const std::string_view directive = cache_control.substr(0, cache_control.find(','));
    cache_control.remove_prefix(std::min(cache_control.size(), directive.size() + 1));
    const auto equals = directive.find('=');
    const std::string_view name = trim(directive.substr(0, equals), " \t");
    if (!boost::beast::iequals(name, "max-stale")) continue;
    if (equals == std::string_view::npos) return Duration::max();
    return parse_seconds(trim(directive.substr(equals + 1), " \t\""));
  }
  return Duration{0};
}

}  // namespace ringcache
