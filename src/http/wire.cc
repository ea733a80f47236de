// SPDX-License-Identifier: Apache-2.0
#include "http/wire.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace ringcache {
namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

/// A century: spans from a broken peer cannot overflow a clock.
constexpr std::uint64_t kSpanMax = 100ULL * 366 * 24 * 3600 * 1'000'000;

void append(std::string& out, std::string_view name, std::uint64_t number) {
  char digits[20];
  const char* end = std::to_chars(digits, std::end(digits), number).ptr;
  if (!out.empty() && !out.ends_with(' ')) out += "; ";
  out.append(name).append("=").append(std::string_view(digits, end));
}

std::uint64_t span_us(Duration span) {
  return static_cast<std::uint64_t>(
      std::max<std::int64_t>(0, duration_cast<microseconds>(span).count()));
}

Duration span_of(std::uint64_t us) { return microseconds(std::min(us, kSpanMax)); }

void adopt(std::string_view name, std::uint64_t number, Time now, WireFacts& facts) {
  Value& value = facts.value;
  if (name == "version") value.version = number;
  if (name == "age_us") value.loaded_at = now - span_of(number);
  if (name == "ttl_us") value.expires_at = now + span_of(number);
  if (name == "load_us") value.load_time = span_of(number);
  if (name == "hit") value.hit = number != 0;
  if (name == "stale") value.stale = number != 0;
  if (name == "as_sent") facts.as_sent = number != 0;
}

}  // namespace

void append_facts(const WireFacts& facts, Time now, std::string& out) {
  const Value& value = facts.value;
  append(out, "version", value.version);
  append(out, "age_us", span_us(now - value.loaded_at));
  if (value.expires_at != Time::max()) append(out, "ttl_us", span_us(value.expires_at - now));
  if (value.hit) append(out, "hit", 1);
  if (value.stale) append(out, "stale", 1);
  if (!value.hit) append(out, "load_us", span_us(value.load_time));
  if (facts.as_sent) append(out, "as_sent", 1);
}

std::optional<WireFacts> parse_facts(std::string_view text, Time now) {
  WireFacts facts;
  while (!text.empty()) {
    const std::string_view fact = text.substr(0, text.find("; "));
    text.remove_prefix(std::min(text.size(), fact.size() + 2));
    const auto equals = fact.find('=');
    if (equals == std::string_view::npos) return {};
    std::uint64_t number = 0;
    const char* end = fact.data() + fact.size();
    const auto [rest, error] = std::from_chars(fact.data() + equals + 1, end, number);
    if (error != std::errc() || rest != end) return {};
    adopt(fact.substr(0, equals), number, now, facts);
  }
  return facts;
}

std::string protobuf_prefix(std::size_t size) {
  std::string prefix(1, '\x0a');  // field 1, length-delimited
  for (; size >= 0x80; size >>= 7) prefix.push_back(static_cast<char>(size | 0x80));
  prefix.push_back(static_cast<char>(size));
  return prefix;
}

}  // namespace ringcache
