// SPDX-License-Identifier: Apache-2.0
// Compare-and-set, ends of rows and tags, over each kind of database.
#include <thread>

#include "databases.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using namespace ringcache::testing;

class SqlWritesTest : public DatabasesTest {
 protected:
  void SetUp() override {
    DatabasesTest::SetUp();
    if (IsSkipped()) return;
    database->make_table(database->bytes());
    database->run("DROP TABLE IF EXISTS ends");
    database->run("CREATE TABLE ends (k " + database->keys() + " PRIMARY KEY, v " +
                  database->bytes() + ", until bigint, tags varchar(100))");
    if (GetParam() == std::string("postgres")) database->run("GRANT ALL ON ends TO ringcache");
  }

  std::shared_ptr<Store> with_cas() const {
    SqlStatements with = statements();
    with.cas = "UPDATE t SET v = :value WHERE k = :key AND v = :expected";
    return store(with);
  }

  static SqlStatements ending() {
    return {.group = "ends",
            .get =
                "SELECT v, until AS ringcache_expires_at, tags AS ringcache_tags"
                " FROM ends WHERE k = :key",
            .get_many =
                "SELECT k, v, until AS ringcache_expires_at, tags AS ringcache_tags"
                " FROM ends WHERE k IN (:keys)",
            .put = "UPDATE ends SET v = :value, until = :expires_at, tags = :tags WHERE k = :key",
            .touch = "UPDATE ends SET until = :expires_at WHERE k = :key"};
  }

  static Result<Value> swap(Store& rows, std::string_view expected, std::string_view value) {
    return compare_and_set_blocking(rows, {"scores", "k"},
                                    {etag_of(expected), Bytes::copy(expected)},
                                    {.bytes = Bytes::copy(value)});
  }
};

INSTANTIATE_TEST_SUITE_P(All, SqlWritesTest, kDatabases, name_of);

TEST_P(SqlWritesTest, ASwapReplacesTheValueExpectedAndNoOther) {
  const auto rows = with_cas();
  const std::string bytes("\0\xff'張", 6);
  ASSERT_TRUE(put(*rows, "k", bytes));
  EXPECT_EQ(code_of(swap(*rows, "another", "new")), Errc::precondition_failed);
  EXPECT_EQ(text_of(get(*rows, "k")), bytes);
  EXPECT_EQ(text_of(swap(*rows, bytes, "new")), "new");
  EXPECT_EQ(text_of(swap(*rows, "new", "new")), "new") << "a value may be replaced by itself";
  EXPECT_EQ(text_of(swap(*rows, "new", "")), "");
  EXPECT_EQ(text_of(swap(*rows, "", "again")), "again");
}

TEST_P(SqlWritesTest, OfManySwapsAtOnceOneIsApplied) {
  const auto rows = with_cas();
  ASSERT_TRUE(put(*rows, "k", "0"));
  std::atomic<int> applied = 0, refused = 0;
  std::vector<std::jthread> threads;
  for (int i = 1; i <= 8; ++i)
    threads.emplace_back([&, i] {
      const auto own = with_cas();
      const auto swapped = swap(*own, "0", std::to_string(i));
      ++(swapped ? applied : refused);
      if (!swapped) {
        EXPECT_EQ(code_of(swapped), Errc::precondition_failed) << swapped.error().message;
      }
    });
  threads.clear();
  EXPECT_EQ(applied, 1);
  EXPECT_EQ(refused, 7);
}

TEST_P(SqlWritesTest, WithoutTheStatementASwapIsUnsupported) {
  const auto rows = store();
  ASSERT_TRUE(put(*rows, "k", "0"));
  const auto swapped = swap(*rows, "0", "1");
  EXPECT_EQ(code_of(swapped), Errc::unsupported);
  EXPECT_NE(swapped.error().message.find("no cas statement"), std::string::npos);
}

TEST_P(SqlWritesTest, ARowEndsByTheDatabasesClock) {
  const auto rows = store(ending());
  database->run("INSERT INTO ends (k, v) VALUES ('k', 'first')");
  EXPECT_EQ(get(*rows, "k")->expires_at, Time::max());
  const Time end = BootClock::now() + 1h;
  const auto written =
      put_blocking(*rows, {"ends", "k"}, {.bytes = Bytes::copy("v"), .expires_at = end});
  ASSERT_TRUE(written) << written.error().message;
  for (const auto& value : {written, get(*rows, "k")}) {
    EXPECT_EQ(text_of(value), "v");
    EXPECT_LE(value->expires_at, end + 2s);
    EXPECT_GE(value->expires_at, end - 2s);
  }
  database->run("UPDATE ends SET until = 1000 WHERE k = 'k'");  // long ago
  EXPECT_EQ(code_of(get(*rows, "k")), Errc::not_found);
  const KeyView keys[] = {{"ends", "k"}, {"ends", "none"}};
  const auto many = get_many_blocking(*rows, keys);
  ASSERT_TRUE(many) << many.error().message;
  EXPECT_EQ(code_of((*many)[0]), Errc::not_found);
}

TEST_P(SqlWritesTest, APutWithoutAnEndTakesTheEndAway) {
  const auto rows = store(ending());
  database->run("INSERT INTO ends (k, v, until, tags) VALUES ('k', 'v', 9999999999999, 'red')");
  EXPECT_LT(get(*rows, "k")->expires_at, Time::max());
  const auto written = put(*rows, "k", "new");
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->expires_at, Time::max());
  EXPECT_TRUE(get(*rows, "k")->tags.is_null());
}

TEST_P(SqlWritesTest, ATouchMovesTheEndAlone) {
  const auto rows = store(ending());
  database->run("INSERT INTO ends (k, v) VALUES ('k', 'v')");
  const Time end = BootClock::now() + 1min;
  const auto touched = touch_blocking(*rows, {"ends", "k"}, end);
  EXPECT_EQ(text_of(touched), "v");
  EXPECT_LE(touched->expires_at, end + 2s);
  EXPECT_EQ(touch_blocking(*rows, {"ends", "k"}, Time::max())->expires_at, Time::max());
  EXPECT_EQ(code_of(touch_blocking(*rows, {"ends", "none"}, end)), Errc::not_found);
  EXPECT_EQ(code_of(touch_blocking(*store(), {"scores", "k"}, end)), Errc::unsupported);
}

TEST_P(SqlWritesTest, TagsAreTheRows) {
  const auto rows = store(ending());
  database->run("INSERT INTO ends (k, v) VALUES ('k', 'v')");
  const auto written = put_blocking(*rows, {"ends", "k"},
                                    {.bytes = Bytes::copy("v"), .tags = Bytes::copy("red,big")});
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->tags.view(), "red,big");
  EXPECT_EQ(get(*rows, "k")->tags.view(), "red,big");
}

TEST_P(SqlWritesTest, WhatTheStatementsCannotKeepIsRefused) {
  const auto rows = store();
  for (const Value& value : {Value{.bytes = Bytes::copy("v"), .expires_at = BootClock::now() + 1h},
                             Value{.bytes = Bytes::copy("v"), .tags = Bytes::copy("red")}})
    EXPECT_EQ(code_of(put_blocking(*rows, {"scores", "k"}, value)), Errc::unsupported);
}

TEST_P(SqlWritesTest, StatementsThatDoNotFitAreRefusedWithTheReason) {
  const auto why = [&](auto change) {
    SqlStatements wrong = ending();
    change(wrong);
    const auto rows = open()->rows(wrong);
    return rows ? std::string("fine") : rows.error().message;
  };
  EXPECT_EQ(why([](SqlStatements& s) {
              s.get = s.get_many = "";
              s.get = "SELECT v FROM ends WHERE k = :key";
            }),
            "source school, put of group ends: it writes :expires_at, but get yields no column "
            "ringcache_expires_at");
  EXPECT_EQ(why([](SqlStatements& s) {
              s.get = "SELECT until AS ringcache_expires_at, v FROM ends WHERE k = :key";
            }),
            "source school, get of group ends: it yields no value before ringcache_expires_at");
  EXPECT_EQ(why([](SqlStatements& s) {
              s.get = "SELECT v, until AS ringcache_expires_at, k FROM ends WHERE k = :key";
            }),
            "source school, get of group ends: ringcache_expires_at must come last");
  EXPECT_EQ(why([](SqlStatements& s) { s.cas = "UPDATE ends SET v = :value WHERE k = :key"; }),
            "source school, cas of group ends: it does not use :expected");
  EXPECT_EQ(why([](SqlStatements& s) { s.touch = "UPDATE ends SET v = :value WHERE k = :key"; }),
            "source school, touch of group ends: unknown parameter 'value': there is :key, "
            ":expires_at");
}

TEST_P(SqlWritesTest, AnEndThatIsNoNumberIsAnError) {
  SqlStatements wrong = ending();
  wrong.get = "SELECT v, tags AS ringcache_expires_at FROM ends WHERE k = :key";
  wrong.put = wrong.touch = wrong.get_many = "";
  const auto rows = store(wrong);
  database->run("INSERT INTO ends (k, v, tags) VALUES ('k', 'v', 'soon')");
  EXPECT_EQ(code_of(get(*rows, "k")), Errc::invalid_argument);
}

}  // namespace
}  // namespace ringcache
