// SPDX-License-Identifier: Apache-2.0
#include <ringcache/base64.h>

#include <gtest/gtest.h>

namespace ringcache {
namespace {

TEST(Base64Test, WritesWhatTheStandardSays) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"},
                                                                   {"\xfb\xff\xfe", "+//+"},
                                                                   {"张三", "5byg5LiJ"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64Test, AnyBytesOfAnyLengthComeBack) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(from_base64(to_base64(bytes)), bytes) << i;
    bytes.push_back(static_cast<char>(i));
  }
}

TEST(Base64Test, ReadsNothingElse) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zm9", "Zg===", "====", "=", "Z===", "Zg==Zg==",
                           "Zm9v\n", "Zm 9", "Zm9_", "Zh==", "Zm9=", "Z=g=", "\xff\xff\xff\xff"})
    EXPECT_FALSE(from_base64(text)) << text;
}

TEST(Base64Test, AppendsBehindWhatIsThere) {
  std::string text = "x";
  append_base64("foo", text);
  EXPECT_EQ(text, "xZm9v");
}

}  // namespace
}  // namespace ringcache
