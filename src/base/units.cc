// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <span>
#include <utility>

namespace ringcache {
namespace {

using Unit = std::pair<std::string_view, std::size_t>;

constexpr std::array kTimeUnits{
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"m", 60'000'000'000},
    Unit{"h", 3'600'000'000'000},
    Unit{"d", 86'400'000'000'000},
};

constexpr std::array kRateUnits{
    std::pair<std::string_view, double>{"/s", 1},
    std::pair<std::string_view, double>{"/m", 60},
    std::pair<std::string_view, double>{"/h", 3'600},
};
constexpr double kRateMost = 1e9;
constexpr double kRateRounding = 1e-6;

constexpr std::array kByteUnits{
    Unit{"", 1},
    Unit{"B", 1},
    Unit{"kB", 1'000},
    Unit{"MB", 1'000'000},
    Unit{"GB", 1'000'000'000},
    Unit{"KiB", std::size_t{1} << 10},
    Unit{"MiB", std::size_t{1} << 20},
    Unit{"GiB", std::size_t{1} << 30},
    Unit{"TiB", std::size_t{1} << 40},
};

/// NUMBER[.FRACTION]UNIT in the unit's smallest parts; none when it is not that, or too large.
std::optional<std::size_t> parse_quantity(std::string_view text, std::span<const Unit> units) {
  double number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc() || number < 0) return {};
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  for (const auto& [name, factor] : units) {
    if (name != unit) continue;
    const double product = number * static_cast<double>(factor);
    if (product > 9e18) return {};
    return static_cast<std::size_t>(std::llround(product));
  }
  return {};
}

std::string quoted(std::string_view text) { return "'" + std::string(text.substr(0, 80)) + "'"; }

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  if (text == "0") return Duration{0};
  if (const auto parts = parse_quantity(text, kTimeUnits))
    return Duration(static_cast<Duration::rep>(*parts));
  return fail(Errc::invalid_argument,
              quoted(text) + " is not a duration; write 500ms, 10s, 10m, 2h or 0");
}

Result<double> parse_rate(std::string_view text) {
  if (text == "0") return 0;
  double count = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, count, std::chars_format::fixed);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  for (const auto& [name, seconds] : kRateUnits)
    if (error == std::errc() && unit == name && count >= 0 && count <= kRateMost)
      return count / seconds;
  return fail(Errc::invalid_argument,
              quoted(text) + " is not a rate; write 1000/s, 100/m, 10/h, or 0 for no limit");
}

std::string format_rate(double per_second) {
  for (const auto& [name, seconds] : kRateUnits) {
    const double count = per_second * seconds;
    const auto whole = std::llround(count);
    if (whole > 0 && std::abs(count - static_cast<double>(whole)) < kRateRounding)
      return std::to_string(whole) + std::string(name);
  }
  char digits[32];
  const auto end =
      std::to_chars(digits, std::end(digits), per_second, std::chars_format::general, 4).ptr;
  return std::string(digits, end) + std::string(kRateUnits.front().first);
}

Result<std::size_t> parse_bytes(std::string_view text) {
  if (const auto parts = parse_quantity(text, kByteUnits)) return *parts;
  return fail(Errc::invalid_argument,
              quoted(text) + " is not a size; write 4096, 64KiB, 256MiB or 2GiB");
}

Result<std::size_t> parse_count(std::string_view text, std::size_t low, std::size_t high) {
  std::size_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && rest == end && number >= low && number <= high) return number;
  return fail(Errc::invalid_argument, quoted(text) + " is not a whole number from " +
                                          std::to_string(low) + " to " + std::to_string(high));
}

Result<HostPort> parse_host_port(std::string_view text) {
  const auto colon = text.rfind(':');
  const auto wrong = [text] {
    return fail(Errc::invalid_argument,
                quoted(text) + " is not an address; write HOST:PORT, for example 127.0.0.1:9999");
  };
  if (colon == std::string_view::npos) return wrong();
  const auto port =
      parse_count(text.substr(colon + 1), 0, std::numeric_limits<std::uint16_t>::max());
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return wrong();
  if (!port || host.find_first_of("/ []") != std::string_view::npos) return wrong();
  return HostPort{std::string(host), static_cast<std::uint16_t>(*port)};
}

Result<HostPort> parse_target(std::string_view text) {
  auto target = parse_host_port(text);
  if (!target || (!target->host.empty() && target->port != 0)) return target;
  return fail(Errc::invalid_argument,
              quoted(text) + " is nowhere to connect to; write HOST:PORT with both");
}

std::string format_duration(Duration span) {
  const auto count = static_cast<double>(span.count());
  Unit best = kTimeUnits.front();
  for (const Unit& unit : kTimeUnits)
    if (count >= static_cast<double>(unit.second)) best = unit;
  char digits[32];
  const double scaled = count / static_cast<double>(best.second);
  const auto written =
      std::to_chars(digits, std::end(digits), scaled, std::chars_format::general, 3);
  return std::string(digits, written.ptr) + std::string(best.first);
}

}  // namespace ringcache
