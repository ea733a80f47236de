// SPDX-License-Identifier: Apache-2.0
#include <ringcache/base64.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace ringcache {
namespace {

constexpr std::string_view kDigits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 64;

constexpr std::array<std::uint8_t, 256> kValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (std::size_t i = 0; i < kDigits.size(); ++i)
    values[static_cast<unsigned char>(kDigits[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

/// Four digits, the first of which counts most; none when one of them is no digit.
std::optional<std::uint32_t> group_of(std::string_view digits) {
  std::uint32_t group = 0;
  for (const char digit : digits) {
    const std::uint8_t value = kValues[static_cast<unsigned char>(digit)];
    if (value == kNoDigit) return {};
    group = group << 6 | value;
  }
  return group;
}

char* put_bytes(std::uint32_t group, std::size_t count, char* at) {
  for (std::size_t i = 0; i < count; ++i) *at++ = static_cast<char>(group >> (16 - 8 * i));
  return at;
}

}  // namespace

void append_base64(std::string_view bytes, std::string& out) {
  const std::size_t before = out.size();
  out.resize(before + (bytes.size() + 2) / 3 * 4, '=');
  char* at = out.data() + before;
  for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(3, bytes.size()))) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size());
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i)
      group = group << 8 | (i < count ? static_cast<unsigned char>(bytes[i]) : 0u);
    for (std::size_t i = 0; i <= count; ++i) *at++ = kDigits[group >> (18 - 6 * i) & 63];
  }
}

std::string to_base64(std::string_view bytes) {
  std::string out;
  append_base64(bytes, out);
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return {};
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  text.remove_suffix(padding);
  std::string bytes(text.size() * 3 / 4, '\0');
  char* at = bytes.data();
  for (; text.size() >= 4; text.remove_prefix(4)) {
    const auto group = group_of(text.substr(0, 4));
    if (!group) return {};
    at = put_bytes(*group, 3, at);
  }
  if (text.empty()) return bytes;
  const auto rest = group_of(text);
  if (!rest) return {};
  const std::uint32_t group = *rest << 6 * padding;
  if ((group & ((1u << 8 * padding) - 1)) != 0) return {};
  put_bytes(group, 3 - padding, at);
  return bytes;
}

}  // namespace ringcache
