// SPDX-License-Identifier: Apache-2.0
#include "base/uri.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

std::string decoded(std::string_view text, PlusMeans plus = PlusMeans::plus) {
  std::string out = "what was here before";
  EXPECT_TRUE(percent_decode(text, plus, out)) << text;
  return out;
}

TEST(UriTest, AllBytesSurviveTheirEncoding) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  EXPECT_EQ(decoded(percent_encode(all)), all);
  EXPECT_EQ(decoded(percent_encode(all), PlusMeans::space), all);
}

TEST(UriTest, EncodesAllButTheUnreserved) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a/b+c d%\0"), "a%2Fb%2Bc%20d%25");
  EXPECT_EQ(percent_encode("张"), "%E5%BC%A0");
}

TEST(UriTest, APlusIsAPlusExceptWhereFormsWriteIt) {
  EXPECT_EQ(decoded("a+b%2Bc"), "a+b+c");
  EXPECT_EQ(decoded("a+b%2Bc", PlusMeans::space), "a b+c");
}

TEST(UriTest, RawBytesPassAsTheyAre) { EXPECT_EQ(decoded("a/\xff/张"), "a/\xff/张"); }

TEST(UriTest, HexDigitsMayBeSmall) { EXPECT_EQ(decoded("%2f%aF"), "/\xaf"); }

TEST(UriTest, RefusesAPercentWithoutTwoHexDigits) {
  std::string out;
  for (const char* text : {"%", "%2", "%zz", "%2z", "a%", "%-1", "%+1", "% 1", "%%41"})
    EXPECT_FALSE(percent_decode(text, PlusMeans::plus, out)) << text;
}

TEST(UriTest, AQueryIsAListOfDecodedFields) {
  const QueryFields fields{{"key", "a b&=+"}, {"flag", ""}, {"", "x"}, {"key", "2"}};
  EXPECT_EQ(parse_query("key=a+b%26%3d%2B&flag&=x&&key=2"), fields);
  EXPECT_EQ(parse_query(""), QueryFields());
}

TEST(UriTest, RefusesAMalformedQuery) {
  EXPECT_FALSE(parse_query("key=%"));
  EXPECT_FALSE(parse_query("%g1=1"));
}

}  // namespace
}  // namespace ringcache
