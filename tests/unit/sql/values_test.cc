// SPDX-License-Identifier: Apache-2.0
// What goes into each kind of database comes out of it.
#include <numeric>

#include "databases.h"

namespace ringcache {
namespace {

using namespace ringcache::testing;
using namespace std::string_literals;

class ValuesTest : public DatabasesTest {
 protected:
  /// What a get answers, once the put has, and what another connection does.
  void expect_back(const std::string& value) {
    const auto rows = store();
    const auto answer = put(*rows, "k", value);
    ASSERT_EQ(text_of(answer).size(), value.size()) << text_of(answer).substr(0, 200);
    EXPECT_TRUE(text_of(answer) == value);
    EXPECT_TRUE(text_of(get(*rows, "k")) == value);
    EXPECT_TRUE(text_of(get(*store(), "k")) == value);
    const KeyView keys[] = {{"scores", "k"}, {"scores", "none"}};
    const auto many = get_many_blocking(*rows, keys);
    ASSERT_TRUE(many) << many.error().message;
    EXPECT_TRUE(text_of((*many)[0]) == value);
    EXPECT_EQ(code_of((*many)[1]), Errc::not_found);
  }

  /// What one get makes of columns that the database computes.
  std::string row(const std::string& columns) {
    return text_of(
        get(*store({.group = "scores", .get = "SELECT " + columns + " WHERE :key = 'k'"}), "k"));
  }
};

INSTANTIATE_TEST_SUITE_P(All, ValuesTest, kDatabases, name_of);

TEST_P(ValuesTest, BytesAreKeptAsTheyAre) {
  database->make_table(database->bytes());
  std::string all(256, '\0');
  std::iota(all.begin(), all.end(), '\0');
  std::string large;
  for (int i = 0; i < 8192; ++i) large += all;
  for (const std::string& value :
       {""s, "\0"s, "a\0b"s, "\xff\xfe"s, "张三😀"s, "'\"\\%_;--"s, all, large})
    expect_back(value);
}

TEST_P(ValuesTest, TextIsKeptAsItIs) {
  database->make_table(GetParam() == "mariadb"s ? "longtext CHARACTER SET utf8mb4" : "text");
  const std::string large(2'000'000, 'x');
  for (const std::string& value :
       {""s, "张三😀"s, "it's \"so\" \\n\n\t"s, "1e3"s, " a "s, large + "张"})
    expect_back(value);
}

TEST_P(ValuesTest, AKeyIsComparedByteForByte) {
  database->make_table(database->bytes());
  const auto rows = store();
  const std::vector<std::string> names{"a",  "A", "a ",      "张三😀", "it's",
                                       "\\", "%", "\"{},\"", "007",    "7"};
  for (const std::string& name : names) EXPECT_EQ(text_of(put(*rows, name, name)), name);
  for (const std::string& name : names) EXPECT_EQ(text_of(get(*rows, name)), name);
  std::vector<KeyView> keys;
  for (const std::string& name : names) keys.emplace_back("scores", name);
  const auto many = get_many_blocking(*rows, keys);
  ASSERT_TRUE(many) << many.error().message;
  for (std::size_t i = 0; i < names.size(); ++i) EXPECT_EQ(text_of((*many)[i]), names[i]);
  EXPECT_TRUE(erase(*rows, "A"));
  EXPECT_EQ(text_of(get(*rows, "a")), "a");
  EXPECT_EQ(code_of(get(*rows, "A")), Errc::not_found);
}

TEST_P(ValuesTest, IntegersKeepEveryDigit) {
  database->make_table("bigint");
  for (const char* value :
       {"0", "-1", "9007199254740993", "9223372036854775807", "-9223372036854775808"})
    expect_back(value);
}

TEST_P(ValuesTest, ADecimalIsTheTextThatTheDatabasePrints) {
  database->make_table(database->decimal());
  expect_back("123456789012345678901234567890.0123456789");
}

TEST_P(ValuesTest, ARealReadsBackAsTheSameNumber) {
  database->make_table(database->real());
  expect_back("0.30000000000000004");
  expect_back("100.0");
  expect_back("1e+300");
}

TEST_P(ValuesTest, NullAndNoRowAreDifferent) {
  database->make_table(database->bytes());
  database->run("INSERT INTO t VALUES ('null', NULL)");
  const auto value = get(*store(), "null");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->bytes.size(), 0u);
  EXPECT_EQ(code_of(get(*store(), "none")), Errc::not_found);
}

TEST_P(ValuesTest, SeveralColumnsAreAnObject) {
  EXPECT_EQ(row("7 AS a, 'it''s 张' AS b, NULL AS c"), R"({"a":7,"b":"it's 张","c":null})");
}

TEST_P(ValuesTest, AnUpdateThatChangesNothingHasFoundItsRow) {
  database->make_table(database->bytes());
  SqlStatements update = statements();
  update.put = "UPDATE t SET v = :value WHERE k = :key";
  const auto rows = store(update);
  EXPECT_EQ(code_of(put(*rows, "k", "same")), Errc::not_found);
  database->run("INSERT INTO t VALUES ('k', 'same')");
  EXPECT_EQ(text_of(put(*rows, "k", "same")), "same");
}

}  // namespace
}  // namespace ringcache
