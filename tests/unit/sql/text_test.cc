// SPDX-License-Identifier: Apache-2.0
#include "sql/text.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

constexpr SqlSyntax kQuestions{.backslashes = true, .hash_comments = true, .own_markers = "?"};
constexpr SqlSyntax kNumbers{
    .numbered = true, .arrays = true, .dollar_quotes = true, .own_markers = "$"};

using Markers = std::vector<std::string>;

std::string questions(std::string_view text) { return read_sql(text, kQuestions, 3).text; }
std::string numbers(std::string_view text) { return read_sql(text, kNumbers, 3).text; }

TEST(TextTest, ParametersBecomeTheDatabasesOwn) {
  constexpr std::string_view kText = "UPDATE t SET v = :value, w = f(:key) WHERE k = :key";
  EXPECT_EQ(questions(kText), "UPDATE t SET v = ?, w = f(?) WHERE k = ?");
  EXPECT_EQ(read_sql(kText, kQuestions).markers, (Markers{"value", "key", "key"}));
  EXPECT_EQ(numbers(kText), "UPDATE t SET v = $1, w = f($2) WHERE k = $2");
  EXPECT_EQ(read_sql(kText, kNumbers).markers, (Markers{"value", "key"}));
}

TEST(TextTest, AListHasAParameterForEachKeyOrIsAnArray) {
  EXPECT_EQ(questions("SELECT k, v FROM t WHERE k IN (:keys)"),
            "SELECT k, v FROM t WHERE k IN (?, ?, ?)");
  EXPECT_EQ(read_sql("k IN (:keys)", kQuestions, 2).markers, (Markers{"keys", "keys"}));
  EXPECT_EQ(numbers("SELECT k, v FROM t WHERE k in ( :keys ) AND x"),
            "SELECT k, v FROM t WHERE k = ANY ($1 ) AND x");
  EXPECT_EQ(numbers("k = ANY (:keys)"), "k = ANY ($1)");
  EXPECT_EQ(read_sql("k IN (:keys)", kNumbers, 2).markers, Markers{"keys"});
}

TEST(TextTest, WhatIsQuotedOrSaidAsideIsLeftAlone) {
  for (const std::string text :
       {"':key'", "\":key\"", "`:key`", "'it''s :key'", "-- :key\n", "/* :key */", "a::key"})
    for (const SqlSyntax& syntax : {kQuestions, kNumbers}) {
      EXPECT_EQ(read_sql(text, syntax).text, text);
      EXPECT_EQ(read_sql(text, syntax).markers, Markers()) << text;
    }
}

TEST(TextTest, EachDatabaseQuotesInItsOwnWay) {
  EXPECT_EQ(questions(R"('\':key' :key)"), R"('\':key' ?)");
  EXPECT_EQ(numbers(R"('\' :key)"), R"('\' $1)");
  EXPECT_EQ(numbers(R"(E'\':key' :key)"), R"(E'\':key' $1)");
  EXPECT_EQ(questions("# :key\n:key"), "# :key\n?");
  EXPECT_EQ(numbers("# :key"), "# $1");
  EXPECT_EQ(numbers("$a$ :key $b$ $a$ :key"), "$a$ :key $b$ $a$ $1");
  EXPECT_EQ(read_sql("[:key] :key", {.brackets = true}).text, "[:key] ?");
}

TEST(TextTest, TheDatabasesOwnMarkersAreReported) {
  EXPECT_EQ(read_sql("a = ? AND b = :key", kQuestions).markers, (Markers{"?", "key"}));
  EXPECT_EQ(read_sql("a = $1", kNumbers).markers, Markers{"$1"});
  EXPECT_EQ(read_sql("a = ?", kNumbers).markers, Markers()) << "an operator there";
}

TEST(TextTest, ASecondStatementIsNoticedAndNothingAtAllToo) {
  EXPECT_FALSE(read_sql("SELECT 1; -- that is all\n", kNumbers).further);
  EXPECT_TRUE(read_sql("SELECT 1; SELECT 2", kNumbers).further);
  EXPECT_FALSE(read_sql("SELECT '; SELECT 2'", kNumbers).further);
  EXPECT_TRUE(read_sql(" /* */ ; -- x", kNumbers).empty);
  EXPECT_FALSE(read_sql("x", kNumbers).empty);
}

TEST(TextTest, WhatWritesIsToldFromWhatReads) {
  for (const char* text :
       {"INSERT INTO t VALUES (1)", "with x as (delete from t returning k) select k from x",
        "CALL f(1)", "REPLACE INTO t VALUES (1)", "(UPDATE t SET a = 1)"})
    EXPECT_TRUE(read_sql(text, kNumbers).writes) << text;
  for (const char* text :
       {"SELECT 1", "(SELECT 1)", "WITH x AS (SELECT 1) SELECT * FROM x", "VALUES (1)", "TABLE t",
        "SELECT a FROM t FOR UPDATE", "SELECT a FROM t FOR NO KEY UPDATE",
        "SELECT INSERT ('a', 1, 1, 'b')", "SELECT 'DELETE', \"UPDATE\" -- MERGE"})
    EXPECT_FALSE(read_sql(text, kNumbers).writes) << text;
}

TEST(TextTest, NoTextIsTooStrange) {
  for (const char* text :
       {"", "'", "\"a", "/*", "--", "$", "$a", "$a$", ":", "::", "'\\", "[", "E'"})
    for (const SqlSyntax& syntax : {kQuestions, kNumbers})
      EXPECT_EQ(read_sql(text, syntax).text, text);
}

}  // namespace
}  // namespace ringcache
