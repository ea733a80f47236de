// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace ringcache {
namespace {

using namespace std::string_view_literals;

TEST(Utf8Test, TextOfEveryLengthIsWellFormed) {
  for (const auto text : {""sv, "Tom"sv, "é"sv, "张三"sv, "😀"sv, "a\0b"sv, "\x7f"sv,
                          "\xed\x9f\xbf"sv, "\xee\x80\x80"sv, "\xf4\x8f\xbf\xbf"sv})
    EXPECT_TRUE(valid_utf8(text)) << text;
}

TEST(Utf8Test, BrokenSequencesAreRefusedWhereverTheyStand) {
  for (const auto broken :
       {"\x80"sv, "\xff"sv, "\xfe"sv, "\xc3"sv, "\xe5\xbc"sv, "\xf0\x9f\x98"sv, "\xc3("sv}) {
    EXPECT_FALSE(valid_utf8(broken));
    EXPECT_FALSE(valid_utf8("abc" + std::string(broken)));
    EXPECT_FALSE(valid_utf8(std::string(broken) + "abcd"));
  }
}

TEST(Utf8Test, AmongAsciiNothingIsOverlooked) {
  const std::string ascii(37, 'a');
  for (std::size_t at = 0; at <= ascii.size(); ++at) {
    EXPECT_TRUE(valid_utf8(std::string(ascii).insert(at, "张"))) << at;
    EXPECT_TRUE(valid_utf8(std::string(ascii).insert(at, "é").insert(0, "😀"))) << at;
    EXPECT_FALSE(valid_utf8(std::string(ascii).insert(at, "\x80"))) << at;
    EXPECT_FALSE(valid_utf8(std::string(ascii).insert(at, "\xe5\xbc").insert(0, "张"))) << at;
  }
}

TEST(Utf8Test, OverlongFormsSurrogatesAndTooLargeCodePointsAreRefused) {
  for (const auto broken :
       {"\xc0\x80"sv, "\xc1\xbf"sv, "\xe0\x9f\xbf"sv, "\xf0\x8f\xbf\xbf"sv, "\xed\xa0\x80"sv,
        "\xed\xbf\xbf"sv, "\xf4\x90\x80\x80"sv, "\xf5\x80\x80\x80"sv})
    EXPECT_FALSE(valid_utf8(broken));
}

}  // namespace
}  // namespace ringcache
