// SPDX-License-Identifier: Apache-2.0
// What is PostgreSQL's alone; what must hold over each database is in values_test.cc and
// faults_test.cc.
#include <future>
#include <thread>

#include "databases.h"
#include "sql/driver.h"
#include "support/deaf_port.h"

namespace ringcache {
namespace {

using namespace ringcache::testing;
using namespace std::chrono_literals;
using namespace std::string_literals;

class PostgresTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!postgres()) GTEST_SKIP() << "postgresql is not installed";
  }

  static std::shared_ptr<Store> store(const SqlStatements& statements) {
    auto rows = (*SqlDatabase::open(
                     {.name = "school", .dsn = postgres()->dsn(), .pool = 1, .timeout = 10s}))
                    ->rows(statements);
    EXPECT_TRUE(rows) << rows.error().message;
    return *rows;
  }
  static std::string row(const std::string& columns) {
    return text_of(
        get(*store({.group = "scores", .get = "SELECT " + columns + " WHERE :key = 'k'"}), "k"));
  }
  /// A group whose keys are of that type.
  static std::shared_ptr<Store> keyed_by(const std::string& type, const std::string& rows) {
    postgres()->run("DROP TABLE IF EXISTS k");
    postgres()->run("CREATE TABLE k (k " + type + " PRIMARY KEY, v text)");
    postgres()->run("GRANT ALL ON k TO ringcache");
    postgres()->run("INSERT INTO k VALUES " + rows);
    return store({.group = "scores",
                  .get = "SELECT v FROM k WHERE k = :key",
                  .get_many = "SELECT k, v FROM k WHERE k IN (:keys)"});
  }
  static Values many(Store& rows, const std::vector<std::string>& names) {
    std::vector<KeyView> keys;
    for (const std::string& name : names) keys.emplace_back("scores", name);
    auto values = get_many_blocking(rows, keys);
    EXPECT_TRUE(values) << values.error().message;
    return *values;
  }
};

TEST_F(PostgresTest, EachTypeHasItsForm) {
  EXPECT_EQ(row("true"), "true");
  EXPECT_EQ(row("12.50::numeric"), "12.50");
  EXPECT_EQ(row("0.1::real"), "0.1");
  EXPECT_EQ(row("'NaN'::float8"), "NaN");
  EXPECT_EQ(row("'{1,2}'::int[]"), "{1,2}");
  EXPECT_EQ(row("'2026-01-02 03:04:05'::timestamp"), "2026-01-02 03:04:05");
  EXPECT_EQ(row("'\\x00ff'::bytea"), "\x00\xff"s);
}

TEST_F(PostgresTest, BytesBesideOtherColumnsAreStillBytes) {
  EXPECT_EQ(row("'\\x00ff10fe'::bytea AS a, 7 AS b, false AS c, 1.50 AS d, 'NaN'::float8 AS e"),
            R"({"a":"AP8Q/g==","b":7,"c":false,"d":"1.50","e":"NaN"})");
  EXPECT_EQ(row("'\\x66'::bytea AS a, 'x' AS b"), R"({"a":"Zg==","b":"x"})");
}

TEST_F(PostgresTest, KeysMayBeOfAnyType) {
  const auto numbers = keyed_by("int", "(7, 'seven'), (8, 'eight')");
  EXPECT_EQ(text_of(get(*numbers, "7")), "seven");
  EXPECT_EQ(code_of(get(*numbers, "9")), Errc::not_found);
  const Values values = many(*numbers, {"7", "07", "9"});
  EXPECT_EQ(text_of(values[0]), "seven");
  EXPECT_EQ(text_of(values[1]), "seven") << "as when it is asked for alone";
  EXPECT_EQ(code_of(values[2]), Errc::not_found);
  const auto ids = keyed_by("uuid", "('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'id')");
  EXPECT_EQ(text_of(get(*ids, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")), "id");
  const auto bytes = keyed_by("bytea", "('a\"b', 'quote'), ('\\x41', 'A')");
  EXPECT_EQ(text_of(get(*bytes, "a\"b")), "quote");
  EXPECT_EQ(text_of(many(*bytes, {"A", "a\"b"})[1]), "quote");
}

TEST_F(PostgresTest, AKeyThatItsTypeCannotBeHarmsItselfAlone) {
  const auto numbers = keyed_by("int", "(7, 'seven')");
  const auto wrong = get(*numbers, "secret");
  EXPECT_EQ(code_of(wrong), Errc::invalid_argument);
  EXPECT_EQ(wrong.error().message.find("secret"), std::string::npos);
  const Values values = many(*numbers, {"seven", "7", "a\0b"s});
  EXPECT_EQ(code_of(values[0]), Errc::invalid_argument);
  EXPECT_EQ(text_of(values[1]), "seven");
  EXPECT_FALSE(values[2]);
}

TEST_F(PostgresTest, WhateverIsWrongWithAValueItIsNotInTheError) {
  keyed_by("int", "(7, 'seven')");
  const auto error = [](const std::string& get, const std::string& key) {
    return text_of(testing::get(*store({.group = "scores", .get = get}), key));
  };
  const std::string where = "invalid_argument: source school, get of group scores: ";
  EXPECT_EQ(error("SELECT v FROM k WHERE k = :key", "99999999999"),
            where + "value out of range for its type (22003)");
  EXPECT_EQ(error("SELECT :key::float8", "1e400"),
            where + "value out of range for its type (22003)");
  EXPECT_EQ(error("SELECT :key::date", "2026-13-01"), where + "date or time out of range (22008)");
  EXPECT_EQ(error("SELECT :key::jsonb::text", "{secret"),
            where + "invalid input syntax for its type (22P02)");
  EXPECT_EQ(error("SELECT to_date(:key, 'YYYY')", "secret"),
            where + "invalid date or time (22007)");
  EXPECT_EQ(error("SELECT 'a' ~ :key", "(secret"), where + "invalid data (2201B)");
  EXPECT_EQ(error("SELECT to_tsquery('simple', :key)::text", "secret &"),
            where + "syntax error in a value (42601)");
  EXPECT_EQ(error("SELECT :key::regclass::text", "secret"), where + "undefined table (42P01)");
}

TEST_F(PostgresTest, WhatTheStatementItselfNamesIsInTheError) {
  const auto after = [](const std::string& change) {
    keyed_by("text", "('k', '1')");
    const auto rows = store({.group = "scores", .get = "SELECT v FROM k WHERE k = :key"});
    EXPECT_EQ(text_of(get(*rows, "k")), "1");
    postgres()->run(change);
    return text_of(get(*rows, "k"));
  };
  const std::string where = ": source school, get of group scores: ";
  EXPECT_EQ(after("DROP TABLE k"), "unavailable" + where + "relation \"k\" does not exist");
  EXPECT_NE(after("REVOKE ALL ON k FROM ringcache").find(where + "permission denied for table k"),
            std::string::npos);
}

TEST_F(PostgresTest, AValueThatHoldsNulIsRefusedWhereTheTypeHasNoRoomForIt) {
  postgres()->run("DROP TABLE IF EXISTS k");
  postgres()->run("CREATE TABLE k (k text PRIMARY KEY, v int)");
  postgres()->run("GRANT ALL ON k TO ringcache");
  const auto rows = store({.group = "scores",
                           .get = "SELECT v FROM k WHERE k = :key",
                           .put = "INSERT INTO k VALUES (:key, :value)"});
  EXPECT_EQ(code_of(put(*rows, "k", "7\0"s)), Errc::invalid_argument);
  EXPECT_EQ(text_of(put(*rows, "k", "7")), "7");
}

TEST_F(PostgresTest, AnArrayMayBeAskedForInItsOwnWay) {
  keyed_by("text", "('a', '1'), ('b', '2')");
  const auto rows = store({.group = "scores",
                           .get = "SELECT v FROM k WHERE k = :key",
                           .get_many = "SELECT k, v FROM k WHERE k = ANY (:keys)"});
  EXPECT_EQ(text_of(many(*rows, {"b", "a"})[0]), "2");
}

TEST_F(PostgresTest, AWriteWhoseStatementsAreOutdatedIsDoneAnew) {
  keyed_by("text", "('k', '1')");
  const auto rows = store({.group = "scores",
                           .get = "SELECT v FROM k WHERE k = :key",
                           .put = "UPDATE k SET v = :value WHERE k = :key"});
  EXPECT_EQ(text_of(put(*rows, "k", "2")), "2");
  postgres()->run("ALTER TABLE k ALTER v TYPE int USING v::int");
  EXPECT_EQ(text_of(put(*rows, "k", "3")), "3");
  EXPECT_EQ(code_of(put(*rows, "k", "x")), Errc::invalid_argument);
  EXPECT_EQ(text_of(get(*rows, "k")), "3");
}

/// Two gets wait for a connection while a third has it, and go together by the first one's turn.
TEST_F(PostgresTest, OneInAHurryCutsOffNoneOfThoseItTakesAlong) {
  keyed_by("text", "('k', '1'), ('l', '2')");
  const auto rows = store({.group = "scores",
                           .get = "SELECT v FROM k, pg_sleep(0.2) WHERE k = :key",
                           .get_many = "SELECT k, v FROM k, pg_sleep(0.2) WHERE k = ANY (:keys)"});
  std::promise<Result<Value>> first, hurried, patient;
  const auto ask = [&](const char* name, Time deadline, std::promise<Result<Value>>& answer) {
    rows->get(KeyView("scores", name), {.deadline = deadline},
              [&answer](Result<Value> value) { answer.set_value(std::move(value)); });
  };
  ask("k", Time::max(), first);
  std::this_thread::sleep_for(50ms);
  ask("k", BootClock::now() + 250ms, hurried);
  ask("l", Time::max(), patient);
  EXPECT_EQ(text_of(first.get_future().get()), "1");
  EXPECT_EQ(text_of(patient.get_future().get()), "2");
  hurried.get_future().wait();
}

TEST_F(PostgresTest, AStatementThatFailsAgainAndAgainLeavesNothingBehind) {
  keyed_by("text", "('k', '1')");
  const auto rows = store({.group = "scores", .get = "SELECT v FROM k WHERE k = :key"});
  EXPECT_EQ(text_of(get(*rows, "k")), "1");
  postgres()->run("ALTER TABLE k ALTER v TYPE int USING v::int");
  EXPECT_EQ(text_of(get(*rows, "k")), "1") << "its plan was outdated";
  const auto count = store(
      {.group = "n", .get = "SELECT count(name) FROM pg_prepared_statements WHERE :key = 'k'"});
  EXPECT_EQ(text_of(get(*count, "k")), "1");
}

/// As CockroachDB answers where it lost sight of a commit.
TEST_F(PostgresTest, ACommitWhoseEndTheDatabaseDoesNotKnowIsUnknown) {
  keyed_by("text", "('k', '1')");
  postgres()->run(
      "CREATE OR REPLACE FUNCTION ambiguous() RETURNS trigger LANGUAGE plpgsql AS "
      "$$BEGIN RAISE 'result is ambiguous' USING ERRCODE = '40003'; END$$");
  postgres()->run(
      "CREATE CONSTRAINT TRIGGER ambiguous AFTER UPDATE ON k DEFERRABLE INITIALLY DEFERRED"
      " FOR EACH ROW EXECUTE FUNCTION ambiguous()");
  const auto rows = store({.group = "scores",
                           .get = "SELECT v FROM k WHERE k = :key",
                           .put = "UPDATE k SET v = :value WHERE k = :key"});
  EXPECT_EQ(code_of(put(*rows, "k", "2")), Errc::unknown);
  EXPECT_EQ(text_of(get(*rows, "k")), "1");
}

class PostgresHostsTest : public PostgresTest {
 protected:
  static std::string dsn(const std::string& first) {
    std::string dsn = postgres()->dsn();
    return dsn.replace(dsn.find("127.0.0.1"), 9, first + ",127.0.0.1");
  }
  static std::string ask(const std::string& dsn, const std::string& get) {
    const auto rows = (*SqlDatabase::open({.name = "school", .dsn = dsn, .pool = 1, .timeout = 2s}))
                          ->rows({.group = "scores", .get = get});
    return rows ? text_of(testing::get(**rows, "k")) : rows.error().message;
  }
};

TEST_F(PostgresHostsTest, ASilentHostIsLeftInTime) {
  const DeafPort deaf(true);
  EXPECT_EQ(ask(dsn(deaf.address()), "SELECT 'here' WHERE :key = 'k'"), "here");
  EXPECT_EQ(ask(dsn("127.0.0.1:1"), "SELECT 'here' WHERE :key = 'k'"), "here");
}

TEST_F(PostgresHostsTest, TheHostThatAnsweredIsTriedFirst) {
  const DeafPort deaf(true);
  const SqlPlace place = parse_dsn(dsn(deaf.address()))->place;
  const auto open = [&] {
    const Time began = BootClock::now(), end = began + 2s;
    EXPECT_TRUE(postgres_driver().open(place, &end));
    return BootClock::now() - began;
  };
  EXPECT_GE(open(), 1s);
  EXPECT_EQ(*place.host, 1u);
  EXPECT_LT(open(), 1s);
}

TEST_F(PostgresHostsTest, OtherOptionsHoldForEachHost) {
  EXPECT_EQ(ask(dsn("127.0.0.1:1") + "?application_name=teacher",
                "SELECT current_setting('application_name') WHERE :key = 'k'"),
            "teacher");
  const std::string standby =
      ask(dsn("127.0.0.1:1") + "?target_session_attrs=standby", "SELECT 1 WHERE :key = 'k'");
  EXPECT_NE(standby.find("server is not in hot standby mode"), std::string::npos) << standby;
}

TEST_F(PostgresHostsTest, OfSeveralThatAreGoneTheErrorNamesEach) {
  const DeafPort deaf(true);
  const std::string error = ask("postgresql://a:b@" + deaf.address() + ",127.0.0.1:1/school",
                                "SELECT 1 WHERE :key = 'k'");
  EXPECT_NE(error.find(deaf.address() + ": no answer in time; 127.0.0.1:1: connection to server"),
            std::string::npos)
      << error;
}

}  // namespace
}  // namespace ringcache
