// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ringcache {
namespace {

/// What may follow a lead byte: how many bytes, and the range of the first of them, which is where
/// overlong forms, surrogates and too large code points are ruled out.
struct Tail {
  std::size_t length;
  std::uint8_t low, high;
};

constexpr Tail tail_of(std::uint8_t lead) noexcept {
  if (lead < 0x80) return {0, 0, 0};
  if (lead >= 0xC2 && lead <= 0xDF) return {1, 0x80, 0xBF};
  if (lead == 0xE0) return {2, 0xA0, 0xBF};
  if (lead == 0xED) return {2, 0x80, 0x9F};
  if (lead >= 0xE1 && lead <= 0xEF) return {2, 0x80, 0xBF};
  if (lead == 0xF0) return {3, 0x90, 0xBF};
  if (lead >= 0xF1 && lead <= 0xF3) return {3, 0x80, 0xBF};
  if (lead == 0xF4) return {3, 0x80, 0x8F};
  return {1, 1, 0};  // no lead byte: an empty range, which nothing satisfies
}

bool is_ascii(const char* eight_bytes) noexcept {
  std::uint64_t bytes;
  std::memcpy(&bytes, eight_bytes, sizeof bytes);
  return (bytes & 0x8080'8080'8080'8080) == 0;
}

/// A place from `at` on, before which all is ASCII. At the end it looks at eight bytes once more,
/// rather than at each by itself.
std::size_t skip_ascii(std::string_view text, std::size_t at) noexcept {
  for (; at + 8 <= text.size(); at += 8)
    if (!is_ascii(text.data() + at)) return at;
  return text.size() >= 8 && is_ascii(text.data() + text.size() - 8) ? text.size() : at;
}

}  // namespace

bool valid_utf8(std::string_view text) noexcept {
  for (std::size_t i = skip_ascii(text, 0); i < text.size(); i = skip_ascii(text, i + 1)) {
    Tail tail = tail_of(static_cast<std::uint8_t>(text[i]));
    if (tail.length >= text.size() - i) return false;
    for (; tail.length > 0; --tail.length, tail.low = 0x80, tail.high = 0xBF) {
      const auto next = static_cast<std::uint8_t>(text[++i]);
      if (next < tail.low || next > tail.high) return false;
    }
  }
  return true;
}

}  // namespace ringcache
