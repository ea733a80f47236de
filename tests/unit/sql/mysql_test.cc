// SPDX-License-Identifier: Apache-2.0
// What is MariaDB's alone; what must hold over each database is in values_test.cc and
// faults_test.cc.
#include "databases.h"
#include "sql/driver.h"
#include "sql/render.h"

namespace ringcache {
namespace {

using namespace ringcache::testing;
using namespace std::chrono_literals;

class MysqlTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!mariadb()) GTEST_SKIP() << "mariadb-server is not installed";
  }

  std::string row(const std::string& columns) {
    return ask(mariadb()->dsn(), "SELECT " + columns + " FROM DUAL WHERE :key = 'k'");
  }
  static std::string ask(const std::string& dsn, const std::string& get) {
    const auto rows =
        (*SqlDatabase::open({.name = "school", .dsn = dsn, .pool = 1, .timeout = 10s}))
            ->rows({.group = "scores", .get = get});
    return rows ? text_of(testing::get(**rows, "k")) : rows.error().message;
  }
};

TEST_F(MysqlTest, EachTypeHasItsForm) {
  EXPECT_EQ(row("18446744073709551615"), "18446744073709551615");
  EXPECT_EQ(row("CAST(18446744073709551615 AS UNSIGNED) AS a, -1 AS b, 12.50 AS c, 0.1e0 AS d"),
            R"({"a":18446744073709551615,"b":-1,"c":"12.50","d":0.1})");
  EXPECT_EQ(row("CAST('2026-01-02 03:04:05' AS DATETIME)"), "2026-01-02 03:04:05");
  EXPECT_EQ(row("CAST('7' AS CHAR) AS a, CAST('7' AS BINARY) AS b, TRUE AS c"),
            R"({"a":"7","b":"Nw==","c":1})");
}

TEST_F(MysqlTest, AFloatGrowsNoDigitsAndABitIsANumber) {
  MariadbDatabase().run(
      "DROP TABLE IF EXISTS f; CREATE TABLE f (a float, b bit(10), c json);"
      "INSERT INTO f VALUES (0.1, 513, '{\"x\": 1}')");
  EXPECT_EQ(ask(mariadb()->dsn(), "SELECT a, b, c FROM f WHERE :key = 'k'"),
            R"({"a":0.1,"b":513,"c":"{\"x\": 1}"})");
}

TEST_F(MysqlTest, AHostThatIsGoneIsPassedOver) {
  std::string dsn = mariadb()->dsn();
  dsn.replace(dsn.find("127.0.0.1"), 9, "127.0.0.1:1,127.0.0.1");
  EXPECT_EQ(ask(dsn, "SELECT 'here' FROM DUAL WHERE :key = 'k'"), "here");
}

TEST_F(MysqlTest, OfSeveralHostsThatAreGoneTheErrorNamesEach) {
  const auto refused =
      (*SqlDatabase::open({.name = "school", .dsn = "mysql://a:b@127.0.0.1:1,127.0.0.1:2/school"}))
          ->check();
  EXPECT_EQ(code_of(refused), Errc::unavailable);
  EXPECT_NE(refused.error().message.find("127.0.0.1:1: "), std::string::npos);
  EXPECT_NE(refused.error().message.find("; 127.0.0.1:2: "), std::string::npos);
}

TEST_F(MysqlTest, ASessionIsStrictAndSeesWhatIsCommitted) {
  EXPECT_EQ(row("@@autocommit"), "1");
  EXPECT_NE(row("@@sql_mode").find("STRICT_TRANS_TABLES"), std::string::npos);
  EXPECT_EQ(row("@@character_set_client"), "utf8mb4");
  EXPECT_EQ(row("@@max_statement_time"), "10.0");
}

TEST_F(MysqlTest, WhereTheDatabaseTakesTwoKeysForOneEachIsFoundAsIfItWereAskedForAlone) {
  MariadbDatabase().run(
      "DROP TABLE IF EXISTS c; CREATE TABLE c (k varchar(20) COLLATE "
      "utf8mb4_general_ci PRIMARY KEY, v text); INSERT INTO c VALUES ('Tom', '1')");
  const auto rows = *(*SqlDatabase::open({.name = "school", .dsn = mariadb()->dsn()}))
                         ->rows({.group = "scores",
                                 .get = "SELECT v FROM c WHERE k = :key",
                                 .get_many = "SELECT k, v FROM c WHERE k IN (:keys)"});
  const KeyView keys[] = {{"scores", "tom"}, {"scores", "Tom"}, {"scores", "nobody"}};
  const auto many = get_many_blocking(*rows, keys);
  ASSERT_TRUE(many) << many.error().message;
  EXPECT_EQ(text_of((*many)[0]), "1");
  EXPECT_EQ(text_of((*many)[1]), "1");
  EXPECT_EQ(code_of((*many)[2]), Errc::not_found);
}

TEST_F(MysqlTest, WhateverIsWrongWithAValueItIsNotInTheError) {
  MariadbDatabase().run(
      "DROP TABLE IF EXISTS p; CREATE TABLE p (k int PRIMARY KEY, v int)"
      " PARTITION BY LIST (k) (PARTITION one VALUES IN (1)); INSERT INTO p VALUES (1, 1)");
  const auto refused = [](const std::string& sql, const std::string& key) {
    const auto rows =
        *(*SqlDatabase::open({.name = "school", .dsn = mariadb()->dsn()}))
             ->rows({.group = "scores", .get = "SELECT v FROM p WHERE k = :key", .put = sql});
    return text_of(put(*rows, key, "5"));
  };
  const std::string where = "invalid_argument: source school, put of group scores: ";
  EXPECT_EQ(refused("UPDATE p SET v = :value WHERE k = :key", "1' for secret"),
            where + "Truncated incorrect DECIMAL value: …");
  EXPECT_EQ(refused("INSERT INTO p VALUES (:key, :value)", "17"),
            where + "Table has no partition for this value");
  EXPECT_EQ(refused("UPDATE p SET v = CAST(:value AS UNSIGNED) - CAST(:key AS UNSIGNED)", "17"),
            where + "BIGINT UNSIGNED value is out of range in …");
}

/// As TiDB answers where it cannot reach its storage.
TEST_F(MysqlTest, AServersTroubleIsNotTheCallersMistake) {
  const std::string trouble =
      "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 9005, MESSAGE_TEXT = 'Region is unavailable'";
  MariadbDatabase().run(
      "DROP TABLE IF EXISTS r; CREATE TABLE r (k varchar(20) PRIMARY KEY, v text);"
      "CREATE TRIGGER away BEFORE INSERT ON r FOR EACH ROW " +
      trouble +
      ";\nDROP FUNCTION IF EXISTS away;\nDELIMITER //\nCREATE FUNCTION away() RETURNS int BEGIN " +
      trouble + "; RETURN 1; END//\n");
  const auto school = *SqlDatabase::open({.name = "school", .dsn = mariadb()->dsn(), .pool = 1});
  const auto rows = *school->rows({.group = "scores",
                                   .get = "SELECT v FROM r WHERE k = :key",
                                   .put = "INSERT INTO r VALUES (:key, :value)"});
  const auto away =
      *school->rows({.group = "away", .get = "SELECT away() FROM r WHERE :key = 'k'"});
  EXPECT_EQ(text_of(put(*rows, "k", "v")),
            "unavailable: source school, put of group scores: Region is unavailable");
  MariadbDatabase().run("DROP TRIGGER away; INSERT INTO r VALUES ('k', 'v')");
  EXPECT_EQ(text_of(get(*away, "k")),
            "unavailable: source school, get of group away: Region is unavailable");
  EXPECT_EQ(text_of(get(*rows, "k")), "v");
}

TEST_F(MysqlTest, WhatEndsTheRowsIsSaid) {
  const auto rows =
      *(*SqlDatabase::open({.name = "school", .dsn = mariadb()->dsn(), .pool = 1, .timeout = 10s}))
           ->rows({.group = "scores",
                   .get = "SELECT a FROM JSON_TABLE(:key, '$' COLUMNS (a int PATH '$.a')) AS t"});
  EXPECT_EQ(text_of(get(*rows, "secret")),
            "invalid_argument: source school, get of group scores: Syntax error in JSON text in "
            "argument 1 to function 'JSON_TABLE' at position 1");
  EXPECT_EQ(text_of(get(*rows, "{\"a\": 7}")), "7") << "the connection goes on";
}

TEST_F(MysqlTest, TheClockGoesOnWhereLocalTimeGoesBack) {
  mariadb()->run(
      "USE mysql; REPLACE INTO time_zone VALUES (7, 'N'); REPLACE INTO time_zone_name VALUES "
      "('Autumn', 7); REPLACE INTO time_zone_transition_type VALUES (7, 0, 7200, 1, 'CEST'),"
      " (7, 1, 3600, 0, 'CET'); REPLACE INTO time_zone_transition VALUES (7, 0, 0),"
      " (7, 1792890000, 1)");
  const Time end = BootClock::now() + 10s;
  const auto address = parse_dsn(mariadb()->dsn());
  const auto session = *mysql_driver().open(address->place, &end);
  const auto clock = *session->prepare(mysql_driver().clock, 1);
  ASSERT_TRUE(session->run("SET time_zone = 'Autumn'"));
  for (const std::int64_t second : {1792888200, 1792891800}) {  // half past two, twice
    ASSERT_TRUE(session->run("SET timestamp = " + std::to_string(second) + ".25"));
    ASSERT_TRUE(clock->run({}, [&](const SqlRow& row) {
      EXPECT_EQ(std::get<std::int64_t>(row.columns[0]), second * 1000 + 250);
      return true;
    }));
  }
}

/// A statement that is prepared, past what would prepare it again.
class MysqlSchemaTest : public MysqlTest {
 protected:
  void SetUp() override {
    MysqlTest::SetUp();
    if (IsSkipped()) return;
    MariadbDatabase().run(
        "DROP TABLE IF EXISTS a; CREATE TABLE a (k int, v int); "
        "INSERT INTO a VALUES (1, 99)");
    session = *mysql_driver().open(parse_dsn(mariadb()->dsn())->place, &end);
    other = prepare("SELECT 'x' AS one, 2.5 AS two");
    EXPECT_EQ(read(*other), R"({"one":"x","two":"2.5"})");
  }

  std::unique_ptr<SqlPrepared> prepare(const std::string& sql) { return *session->prepare(sql, 1); }
  static std::string read(SqlPrepared& statement, const SqlParameters& with = {}) {
    std::string rows;
    const auto ran =
        statement.run(with, [&](const SqlRow& row) { return rows += render(row).view(), true; });
    if (!ran && ran.error().trouble != Trouble::mistake) return "other trouble";
    return ran ? rows : rows + ran.error().message;
  }

  const Time end = BootClock::now() + 10s;
  std::unique_ptr<SqlSession> session;
  std::unique_ptr<SqlPrepared> other;
};

TEST_F(MysqlSchemaTest, AColumnOfAnotherTypeIsReadAsThat) {
  const auto statement = prepare("SELECT v FROM a");
  EXPECT_EQ(read(*statement), "99");
  for (const auto& [type, value] : {std::pair("decimal(10, 2)", "99.50"),
                                    {"varchar(9)", "A+"},
                                    {"bigint unsigned", "18446744073709551615"},
                                    {"varbinary(9)", "\xff"},
                                    {"double", "0.5"},
                                    {"int", "7"}}) {
    MariadbDatabase().run(std::string("DELETE FROM a; ALTER TABLE a MODIFY v ") + type +
                          "; SET NAMES binary; INSERT INTO a VALUES (1, '" + value + "')");
    EXPECT_EQ(read(*statement), value);
    EXPECT_EQ(read(*other), R"({"one":"x","two":"2.5"})");
    EXPECT_EQ(read(*statement), value) << "the server does not tell the types again";
  }
}

TEST_F(MysqlSchemaTest, AColumnOfAnotherNameIsAMistakeBeforeAnyRow) {
  const auto statement = prepare("SELECT * FROM a");
  EXPECT_EQ(read(*statement), R"({"k":1,"v":99})");
  MariadbDatabase().run("ALTER TABLE a CHANGE v w int");
  EXPECT_EQ(read(*statement), "the columns have changed");
  EXPECT_EQ(read(*other), R"({"one":"x","two":"2.5"})");
  EXPECT_EQ(read(*prepare("SELECT * FROM a")), R"({"k":1,"w":99})");
}

TEST_F(MysqlSchemaTest, AnotherNumberOfColumnsIsAMistakeBeforeAnyRow) {
  const auto statement = prepare("SELECT * FROM a");
  EXPECT_EQ(read(*statement), R"({"k":1,"v":99})");
  MariadbDatabase().run("ALTER TABLE a DROP v");
  EXPECT_EQ(read(*statement), "the columns have changed");
  EXPECT_EQ(read(*statement), "the columns have changed");
  EXPECT_EQ(read(*other), R"({"one":"x","two":"2.5"})");
  EXPECT_EQ(read(*prepare("SELECT * FROM a")), "1");
}

TEST_F(MysqlSchemaTest, AColumnMayHaveTheTypeOfWhatIsBound) {
  const auto statement = prepare("SELECT :key AS a, 1 AS b FROM a");
  EXPECT_EQ(read(*statement, {.key = "text"}), R"({"a":"text","b":1})");
  EXPECT_EQ(read(*statement, {.key = "\xff"}), R"({"a":"/w==","b":1})");
  EXPECT_EQ(read(*statement, {.key = "text"}), R"({"a":"text","b":1})");
}

}  // namespace
}  // namespace ringcache
