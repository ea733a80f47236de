// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <ringcache/result.h>
#include <ringcache/scheduler.h>

namespace ringcache {

/// "500ms", "10s", "10m", "2h", "1d", "250us", "0"; nothing negative. Errors show the forms.
Result<Duration> parse_duration(std::string_view text);

/// "1000/s", "100/m", "1/h", "0"; how many in a second. Errors show the forms.
Result<double> parse_rate(std::string_view text);

/// A form that parse_rate() reads, rounded to four digits where none is whole: "1000/s", "100/m".
std::string format_rate(double per_second);

/// "4096", "64KiB", "256MiB", "2GiB", "1TiB" (also k, M, G with B = powers of 1000). Errors show
/// the forms.
Result<std::size_t> parse_bytes(std::string_view text);

/// A whole number within [low, high].
Result<std::size_t> parse_count(std::string_view text, std::size_t low, std::size_t high);

/// HOST and PORT of "HOST:PORT", "[::1]:9999" or ":PORT" (all interfaces).
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
Result<HostPort> parse_host_port(std::string_view text);

/// The same for an address to connect to: there is a host, and the port is not 0.
Result<HostPort> parse_target(std::string_view text);

/// The shortest of the forms parse_duration() reads, rounded to three digits: "1.5s", "120ms".
std::string format_duration(Duration span);

}  // namespace ringcache
