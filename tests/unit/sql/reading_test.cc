// SPDX-License-Identifier: Apache-2.0
#include "sql/reading.h"

#include "sqlite_file.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using namespace ringcache::testing;

class ReadingTest : public ::testing::Test {
 protected:
  /// What a row of these columns is, read now; the first is the key unless `from` is 0.
  Result<Value> value(const std::vector<std::string>& names, const std::vector<SqlColumn>& columns,
                      std::size_t from = 0,
                      const char* statement = "SELECT ringcache_expires_at FROM t") {
    SqlConnection connection(source);
    const auto reading = SqlReading::begin(connection, {.text = statement});
    EXPECT_TRUE(reading) << reading.error().message;
    return reading->value({names, columns}, from);
  }
  static std::int64_t unix_ms() {
    return std::chrono::duration_cast<std::chrono::milliseconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
  }

  TemporaryFolder folder;
  const std::string path = folder.file("t.db");
  Sqlite file{path};
  const std::shared_ptr<SqlSource> source = [this] {
    file.run("CREATE TABLE t (k)");
    auto made = std::make_shared<SqlSource>("school", sqlite_driver());
    made->place = {.location = path, .label = path};
    return made;
  }();
};

TEST_F(ReadingTest, AnEndIsReadWhateverNamesItsColumn) {
  const std::vector<std::string> names{"v", "ringcache_expires_at"};
  const std::vector<SqlColumn> columns{std::string_view("x"), unix_ms() - 1'000};
  for (const char* statement : {"SELECT * FROM t", "SELECT RINGCACHE_Expires_At FROM t"})
    EXPECT_EQ(code_of(value(names, columns, 0, statement)), Errc::not_found) << statement;
  EXPECT_EQ(value(names, columns, 0, "CALL t(:key)").error().message,
            "ringcache_expires_at must be named in the statement");
}

TEST_F(ReadingTest, OurColumnsAreNoPartOfTheValue) {
  const auto one = value({"v", "ringcache_expires_at", "ringcache_tags"},
                         {std::string_view("x"), std::monostate(), std::string_view("a,b")});
  EXPECT_EQ(text_of(one), "x");
  EXPECT_EQ(one->tags.view(), "a,b");
  EXPECT_EQ(one->expires_at, Time::max());
  EXPECT_EQ(
      text_of(value(
          {"k", "v", "w", "ringcache_tags"},
          {std::string_view("k"), std::string_view("x"), std::int64_t{1}, std::monostate()}, 1)),
      R"({"v":"x","w":1})");
}

TEST_F(ReadingTest, ATablesOwnColumnsOfThoseNamesAre) {
  EXPECT_EQ(text_of(value({"expires_at", "tags"}, {std::int64_t{1}, std::string_view("a")})),
            R"({"expires_at":1,"tags":"a"})");
}

TEST_F(ReadingTest, AnEndIsCountedFromNow) {
  const std::vector<std::string> names{"v", "ringcache_expires_at"};
  const auto row = value(names, {std::string_view("x"), unix_ms() + 60'000});
  EXPECT_NEAR(std::chrono::duration<double>(row->expires_at - row->loaded_at).count(), 60, 1);
  EXPECT_EQ(code_of(value(names, {std::string_view("x"), unix_ms() - 1'000})), Errc::not_found);
  for (const std::int64_t far : {INT64_MAX, INT64_MAX - 1})
    EXPECT_GT(value(names, {std::string_view("x"), far})->expires_at, BootClock::now() + 24h);
  EXPECT_EQ(code_of(value(names, {std::string_view("x"), INT64_MIN})), Errc::not_found);
}

TEST_F(ReadingTest, WhatIsNoEndOrTagIsAnError) {
  EXPECT_EQ(code_of(value({"v", "ringcache_expires_at"},
                          {std::string_view("x"), std::string_view("soon")})),
            Errc::invalid_argument);
  EXPECT_EQ(code_of(value({"v", "ringcache_tags"}, {std::string_view("x"), std::int64_t{1}})),
            Errc::invalid_argument);
}

}  // namespace
}  // namespace ringcache
