// SPDX-License-Identifier: Apache-2.0
#include "sql/outbox.h"

#include "feeds.h"

namespace ringcache {
namespace {

using namespace ringcache::testing;

class OutboxTest : public FeedsTest {
 protected:
  void feed(const std::string& columns) {
    database->run("DROP TABLE IF EXISTS u");
    database->run("CREATE TABLE u (" + columns + ")");
    if (std::string(GetParam()) == "postgres") database->run("GRANT ALL ON u TO ringcache");
    install({"scores", "u", "k"});
  }
};

INSTANTIATE_TEST_SUITE_P(All, OutboxTest, kDatabases, name_of);

TEST_P(OutboxTest, EveryChangeOfARowIsThere) {
  install();
  database->run("INSERT INTO t VALUES ('a', '1')");
  EXPECT_EQ(changes(), Words{"scores/a"});
  database->run("DELETE FROM t WHERE k = 'end'; UPDATE t SET v = '2' WHERE k = 'a'");
  EXPECT_EQ(changes(), Words{"scores/a"});
  database->run("DELETE FROM t");
  EXPECT_EQ(changes(), Words{"scores/a"});
}

TEST_P(OutboxTest, ARowThatGetsAnotherKeyIsThereByBoth) {
  install();
  database->run("INSERT INTO t VALUES ('a', '1')");
  changes();
  database->run("DELETE FROM t WHERE k = 'end'; UPDATE t SET k = 'A' WHERE k = 'a'");
  EXPECT_EQ(changes(), (Words{"scores/A", "scores/a"}));
}

TEST_P(OutboxTest, WhatIsRolledBackLeavesNothing) {
  install();
  database->run("BEGIN; INSERT INTO t VALUES ('a', '1'); ROLLBACK");
  EXPECT_EQ(changes(), Words());
}

TEST_P(OutboxTest, KeysAreTheTextThatAGetBinds) {
  install();
  database->run("INSERT INTO t VALUES ('张三😀', ''), ('it''s', ''), ('x ', ''), ('', '')");
  EXPECT_EQ(changes(), (Words{"scores/", "scores/it's", "scores/x ", "scores/张三😀"}));
}

TEST_P(OutboxTest, NumbersAreTheirDigits) {
  feed("k bigint PRIMARY KEY");
  database->run("INSERT INTO u VALUES (9007199254740993), (-7)");
  EXPECT_EQ(changes("INSERT INTO u VALUES (1)", "scores/1"),
            (Words{"scores/-7", "scores/9007199254740993"}));
}

TEST_P(OutboxTest, BytesAreThemselves) {
  const bool is_mariadb = std::string(GetParam()) == "mariadb";
  feed("k " + (is_mariadb ? std::string("varbinary(99)") : database->bytes()) + " PRIMARY KEY");
  const bool is_postgres = std::string(GetParam()) == "postgres";
  const std::string quote = is_postgres ? "'\\x" : "X'";
  database->run("INSERT INTO u VALUES (" + quote + "61ff62')");
  EXPECT_EQ(changes("INSERT INTO u VALUES (" + quote + "65')", "scores/e"), Words{"scores/a\xff"
                                                                                  "b"});
}

TEST_P(OutboxTest, RowsWithoutAKeyAreNobodys) {
  feed("k varchar(99), v text");
  database->run("INSERT INTO u VALUES (NULL, ''); UPDATE u SET v = 'x'; UPDATE u SET k = 'a'");
  EXPECT_EQ(changes("INSERT INTO u VALUES ('e', '')", "scores/e"), Words{"scores/a"});
  database->run("UPDATE u SET k = NULL WHERE k = 'a'; DELETE FROM u WHERE k IS NULL");
  EXPECT_EQ(changes("UPDATE u SET v = 'y' WHERE k = 'e'", "scores/e"), Words{"scores/a"});
}

TEST_P(OutboxTest, OneTableMayFeedSeveralGroupsAndKeys) {
  feed("k varchar(99), friend varchar(99)");
  install({"friends", "u", "friend"});
  database->run("INSERT INTO u VALUES ('a', 'b')");
  EXPECT_EQ(changes("INSERT INTO u VALUES ('e', 'e')", "scores/e"),
            (Words{"friends/b", "friends/e", "scores/a"}));
}

class PostgresOutboxTest : public FeedsTest {};

INSTANTIATE_TEST_SUITE_P(All, PostgresOutboxTest, ::testing::Values("postgres"), name_of);

TEST_P(PostgresOutboxTest, EmptyingTheTableIsAllOfTheGroup) {
  install();
  database->run("TRUNCATE t");
  EXPECT_EQ(changes(), Words{"scores/*"});
}

TEST_P(PostgresOutboxTest, AWriterNeedsNoRightsOnIt) {
  install();
  database->run(
      "CREATE ROLE stranger; GRANT ALL ON t TO stranger; SET ROLE stranger;"
      "SET search_path = pg_catalog; INSERT INTO public.t VALUES ('a', '')");
  EXPECT_EQ(changes(), Words{"scores/a"});
  database->run("DROP OWNED BY stranger; DROP ROLE stranger");
}

}  // namespace
}  // namespace ringcache
