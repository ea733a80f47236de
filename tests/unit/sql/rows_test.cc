// SPDX-License-Identifier: Apache-2.0
#include "sql/rows.h"

#include "sqlite_file.h"

#include <thread>
#include <vector>

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using namespace ringcache::testing;

using RowsTest = SchoolTest;

TEST_F(RowsTest, AGetAnswersTheRow) {
  const auto rows = store();
  const Time before = BootClock::now();
  const auto value = get(*rows, "张三");
  EXPECT_EQ(text_of(value), "100");
  EXPECT_GE(value->loaded_at, before);
  EXPECT_EQ(value->expires_at, Time::max());
  EXPECT_EQ(text_of(get(*rows, "张三😀")), "90");
  EXPECT_EQ(text_of(get(*rows, "Tom")), "12.5");
}

TEST_F(RowsTest, NullIsAValueAndNoRowIsNotFound) {
  const auto rows = store();
  EXPECT_EQ(text_of(get(*rows, "none")), "");
  EXPECT_EQ(code_of(get(*rows, "nobody")), Errc::not_found);
}

TEST_F(RowsTest, SqlInAKeyIsOnlyAKey) {
  const auto rows = store();
  EXPECT_EQ(code_of(get(*rows, "x' OR '1'='1")), Errc::not_found);
  EXPECT_EQ(code_of(erase(*rows, "'; DROP TABLE students; --")), Errc::not_found);
  EXPECT_EQ(Sqlite(path).text("SELECT count(*) FROM students"), "4");
}

TEST_F(RowsTest, AKeyMayHoldNul) {
  const std::string key("a\0b", 3);
  const auto rows = store({.group = "scores",
                           .get = "SELECT score FROM students WHERE name = :key",
                           .put = "INSERT INTO students VALUES (:key, :value)"});
  ASSERT_TRUE(put(*rows, key, "7"));
  EXPECT_EQ(text_of(get(*rows, key)), "7");
  EXPECT_EQ(code_of(get(*rows, "a")), Errc::not_found);
}

TEST_F(RowsTest, AKeyThatIsNotUtf8IsRefused) {
  const auto rows = store();
  for (const Errc code : {code_of(get(*rows, "\xff")), code_of(put(*rows, "\xff", "1")),
                          code_of(erase(*rows, "\xff"))})
    EXPECT_EQ(code, Errc::invalid_argument);
  EXPECT_EQ(get(*rows, "\xff").error().message, "keys of group scores must be UTF-8");
}

TEST_F(RowsTest, TwoRowsForAKeyAreAnErrorThatHoldsNoLock) {
  const auto rows = store({.group = "all", .get = "SELECT name FROM students WHERE :key <> ''"});
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(text_of(get(*rows, "x")),
              "invalid_argument: source school, get of group all: it yields more than one row for "
              "a key");
  Sqlite(path).run("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE; COMMIT");
}

TEST_F(RowsTest, AnAnsweredGetHoldsNoLock) {
  const auto rows = store();
  ASSERT_TRUE(get(*rows, "Tom"));
  Sqlite(path).run("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE; COMMIT");
}

TEST_F(RowsTest, APutAnswersTheRowAsTheDatabaseNowHasIt) {
  const auto rows = store();
  EXPECT_EQ(text_of(put(*rows, "张三", "099.50")), "99.5");
  EXPECT_EQ(text_of(get(*rows, "张三")), "99.5");
  EXPECT_EQ(Sqlite(path).text("SELECT typeof(score) FROM students WHERE name = '张三'"), "real");
}

TEST_F(RowsTest, APutOfNoRowIsNotFound) {
  const auto rows = store();
  EXPECT_EQ(code_of(put(*rows, "nobody", "1")), Errc::not_found);
  EXPECT_EQ(Sqlite(path).text("SELECT count(*) FROM students"), "4");
}

TEST_F(RowsTest, AnUpsertMakesTheRow) {
  SqlStatements statements = scores();
  statements.put =
      "INSERT INTO students VALUES (:key, :value) ON CONFLICT (name) DO UPDATE SET score = :value";
  const auto rows = store(statements);
  EXPECT_EQ(text_of(put(*rows, "李四", "60")), "60");
  EXPECT_EQ(text_of(put(*rows, "李四", "61")), "61");
  EXPECT_EQ(text_of(get(*rows, "李四")), "61");
}

TEST_F(RowsTest, AForbiddenValueIsRefusedWithoutBeingShown) {
  const auto rows = store();
  const auto refused = put(*rows, "张三", "4711");
  EXPECT_EQ(text_of(refused),
            "invalid_argument: source school, put of group scores: CHECK constraint failed: "
            "typeof(score) IN ('text', 'blob', 'null') OR score <= 100");
  EXPECT_EQ(text_of(get(*rows, "张三")), "100");
  EXPECT_EQ(text_of(put(*rows, "张三", "99")), "99");
}

TEST_F(RowsTest, APutWhoseRowItsGetDoesNotFindIsUndone) {
  SqlStatements statements = scores();
  statements.get = "SELECT score FROM students WHERE name = :key AND score > 50";
  const auto rows = store(statements);
  EXPECT_EQ(code_of(put(*rows, "张三", "10")), Errc::invalid_argument);
  EXPECT_EQ(text_of(get(*rows, "张三")), "100");
}

TEST_F(RowsTest, BytesThatAreNoTextAreStoredAsABlob) {
  const auto rows = store();
  for (const std::string& value : {std::string("\xff\0\x01", 3), std::string("\0", 1),
                                   std::string("\xfe" + std::string(300'000, '\0'))}) {
    EXPECT_EQ(text_of(put(*rows, "Tom", value)), value);
    EXPECT_EQ(text_of(get(*rows, "Tom")), value);
    EXPECT_EQ(Sqlite(path).text("SELECT typeof(score) FROM students WHERE name = 'Tom'"), "blob");
  }
  EXPECT_EQ(text_of(put(*rows, "Tom", "")), "");
  EXPECT_EQ(text_of(put(*rows, "Tom", "7")), "7");
}

TEST_F(RowsTest, AnEraseRemovesTheRow) {
  const auto rows = store();
  EXPECT_TRUE(erase(*rows, "张三"));
  EXPECT_EQ(code_of(get(*rows, "张三")), Errc::not_found);
  EXPECT_EQ(code_of(erase(*rows, "张三")), Errc::not_found);
}

TEST_F(RowsTest, AGroupWithoutWritesIsReadOnly) {
  const auto rows = store({.group = "scores", .get = scores().get});
  EXPECT_EQ(code_of(put(*rows, "Tom", "1")), Errc::unsupported);
  EXPECT_EQ(code_of(erase(*rows, "Tom")), Errc::unsupported);
}

TEST_F(RowsTest, ATtlIsRefusedNotDropped) {
  const auto rows = store();
  const Value value{.bytes = Bytes::copy("1"), .expires_at = BootClock::now() + 1h};
  EXPECT_EQ(code_of(put_blocking(*rows, KeyView("scores", "Tom"), value)), Errc::unsupported);
  EXPECT_EQ(text_of(get(*rows, "Tom")), "12.5");
}

TEST_F(RowsTest, DataThatAStatementCannotDigestIsNotTakenForALostDatabase) {
  const auto rows = store({.group = "scores",
                           .get = "SELECT score FROM students WHERE name = :key",
                           .put = "UPDATE students SET score = json(:value) WHERE name = :key"});
  EXPECT_EQ(text_of(put(*rows, "Tom", "{nonsense")),
            "invalid_argument: source school, put of group scores: malformed JSON");
  EXPECT_EQ(text_of(put(*rows, "Tom", "[1]")), "[1]");
}

TEST_F(RowsTest, EightThreadsReadAndWriteAtOnce) {
  SqlStatements statements = scores();
  statements.put = "UPDATE students SET score = score + :value WHERE name = :key";
  SqlOptions options = this->options();
  options.pool = 4;
  options.timeout = 30s;
  const auto rows = *open(options)->rows(statements);
  Sqlite(path).run("UPDATE students SET score = 0 WHERE name = '张三'");
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        for (int j = 0; j < 10; ++j) {
          EXPECT_TRUE(put(*rows, "张三", "1"));
          EXPECT_EQ(text_of(get(*rows, "Tom")), "12.5");
        }
      });
  }
  EXPECT_EQ(text_of(get(*rows, "张三")), "80");
}

}  // namespace
}  // namespace ringcache
