// SPDX-License-Identifier: Apache-2.0
#include "sql/render.h"

#include "sqlite_file.h"

namespace ringcache {
namespace {

using namespace ringcache::testing;
using namespace std::string_literals;

/// What a get of these columns answers.
class RenderTest : public SchoolTest {
 protected:
  std::string value(const std::string& columns) {
    return text_of(
        get(*store({.group = "g", .get = "SELECT " + columns + " WHERE :key = 'k'"}), "k"));
  }
};

TEST_F(RenderTest, IntegersKeepEveryDigit) {
  EXPECT_EQ(value("9007199254740993"), "9007199254740993");
  EXPECT_EQ(value("-9223372036854775808"), "-9223372036854775808");
  EXPECT_EQ(value("9007199254740993 AS a, -9223372036854775808 AS b"),
            R"({"a":9007199254740993,"b":-9223372036854775808})");
}

TEST_F(RenderTest, RealsReadBackAsTheSameNumber) {
  EXPECT_EQ(value("0.1 + 0.2"), "0.30000000000000004");
  EXPECT_EQ(value("12.50"), "12.5");
  EXPECT_EQ(value("100.0"), "100.0");
  EXPECT_EQ(value("1e300"), "1e+300");
  EXPECT_EQ(value("-9e999"), "-Inf");
  EXPECT_EQ(value("0.1 + 0.2 AS a, 100.0 AS b, 9e999 AS c"),
            R"({"a":0.30000000000000004,"b":100.0,"c":"Inf"})");
}

TEST_F(RenderTest, DecimalsKeptAsTextStayAsTheyAre) {
  EXPECT_EQ(value("'12.50'"), "12.50");
  EXPECT_EQ(value("'12.50' AS a, 1 AS b"), R"({"a":"12.50","b":1})");
}

TEST_F(RenderTest, TextAndBlobsAreRawBytes) {
  EXPECT_EQ(value("'张三😀'"), "张三😀");
  EXPECT_EQ(value("''"), "");
  EXPECT_EQ(value("x'00ff10'"), "\x00\xff\x10"s);
  EXPECT_EQ(value("x''"), "");
  EXPECT_EQ(value("CAST(x'61006200' AS TEXT)"), "a\0b\0"s);
}

TEST_F(RenderTest, ANullAloneIsAValueOfNoBytes) {
  const auto result = get(*store({.group = "g", .get = "SELECT NULL WHERE :key = 'k'"}), "k");
  ASSERT_TRUE(result);
  EXPECT_FALSE(result->bytes.is_null());
  EXPECT_EQ(result->bytes.size(), 0u);
}

TEST_F(RenderTest, SeveralColumnsAreAnObjectInTheirOrder) {
  EXPECT_EQ(value("'z' AS z, NULL AS m, '张三\"' AS 名, 1 AS a"),
            R"({"z":"z","m":null,"名":"张三\"","a":1})");
}

TEST_F(RenderTest, BytesInAnObjectAreBase64) {
  EXPECT_EQ(value("x'' AS a, x'66' AS b, x'666f' AS c, x'666f6f' AS d, x'00ff10fe' AS e"),
            R"({"a":"","b":"Zg==","c":"Zm8=","d":"Zm9v","e":"AP8Q/g=="})");
  EXPECT_EQ(value("CAST(x'ff' AS TEXT) AS a, CAST(x'6100' AS TEXT) AS b"),
            R"({"a":"/w==","b":"a\u0000"})");
}

}  // namespace
}  // namespace ringcache
