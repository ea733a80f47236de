// SPDX-License-Identifier: Apache-2.0
#include <ringcache/result.h>

#include <algorithm>
#include <array>

namespace ringcache {
namespace {

using Name = std::pair<Errc, std::string_view>;
constexpr std::array kNames{
    Name{Errc::not_found, "not_found"},
    Name{Errc::no_such_group, "no_such_group"},
    Name{Errc::invalid_argument, "invalid_argument"},
    Name{Errc::too_large, "too_large"},
    Name{Errc::unsupported, "unsupported"},
    Name{Errc::precondition_failed, "precondition_failed"},
    Name{Errc::overloaded, "overloaded"},
    Name{Errc::deadline_exceeded, "deadline_exceeded"},
    Name{Errc::unavailable, "unavailable"},
    Name{Errc::unknown, "unknown"},
    Name{Errc::internal, "internal"},
};

}  // namespace

std::string_view errc_name(Errc code) noexcept {
  return std::ranges::find(kNames, code, &Name::first)->second;
}

Errc errc_from_name(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kNames, name, &Name::second);
  return found == kNames.end() ? Errc::internal : found->first;
}

}  // namespace ringcache
