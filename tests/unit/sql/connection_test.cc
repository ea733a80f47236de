// SPDX-License-Identifier: Apache-2.0
#include "sql/connection.h"

#include "sqlite_file.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using namespace ringcache::testing;

SqlStatementPtr statement(const char* text) {
  return std::make_shared<SqlStatement>(SqlStatement{.label = "test", .text = text});
}

class ConnectionTest : public SchoolTest {
 protected:
  ConnectionTest() {
    source->place = {.location = path, .label = path};
    connection.set_limit({.at = BootClock::now() + 5s});
  }

  std::string score(std::string_view name) {
    std::string result = "no row";
    const auto found = connection.query(
        statement("SELECT CAST(score AS TEXT) FROM students WHERE name = :key"), {.key = name},
        [&](const SqlRow& row) { result = std::get<std::string_view>(row.columns[0]); });
    return found ? result : found.error().message;
  }
  Result<std::int64_t> set_score(std::string_view name, std::string_view value) {
    return connection.execute(statement("UPDATE students SET score = :value WHERE name = :key"),
                              {.key = name, .value = value});
  }

  const std::shared_ptr<SqlSource> source =
      std::make_shared<SqlSource>("source school", sqlite_driver());
  SqlConnection connection{source};
};

TEST_F(ConnectionTest, ATransactionThatSucceedsIsCommitted) {
  ASSERT_TRUE(connection.connect(true));
  EXPECT_EQ(*connection.transaction([&] { return set_score("Tom", "13"); }), 1);
  EXPECT_EQ(Sqlite(path).text("SELECT score FROM students WHERE name = 'Tom'"), "13");
}

TEST_F(ConnectionTest, ATransactionThatFailsIsUndone) {
  ASSERT_TRUE(connection.connect(true));
  const auto failed = connection.transaction([&]() -> Result<void> {
    EXPECT_EQ(*set_score("Tom", "13"), 1);
    return fail(Errc::invalid_argument, "changed my mind");
  });
  EXPECT_EQ(code_of(failed), Errc::invalid_argument);
  EXPECT_EQ(score("Tom"), "12.5");
}

TEST_F(ConnectionTest, ASessionThatIsDroppedUndoesWhatItHadBegun) {
  ASSERT_TRUE(connection.connect(true));
  ASSERT_TRUE(connection.execute(statement("BEGIN IMMEDIATE"), {}));
  ASSERT_TRUE(set_score("Tom", "13"));
  connection.drop();
  EXPECT_EQ(Sqlite(path).text("SELECT score FROM students WHERE name = 'Tom'"), "12.5");
  ASSERT_TRUE(connection.connect(false));
  EXPECT_EQ(score("Tom"), "12.5");
}

TEST_F(ConnectionTest, ACommitThatAReaderHoldsUpIsUndoneAndSaysSo) {
  ASSERT_TRUE(connection.connect(true));
  Sqlite reader(path);
  reader.run("BEGIN; SELECT * FROM students");
  connection.set_limit({.at = BootClock::now() + 30ms, .callers = true});
  const auto held_up = connection.transaction([&] { return set_score("Tom", "13"); });
  EXPECT_EQ(code_of(held_up), Errc::unavailable);  // never deadline_exceeded: it is not applied
  reader.run("COMMIT");
  connection.set_limit({.at = BootClock::now() + 5s});
  EXPECT_EQ(score("Tom"), "12.5");
  EXPECT_TRUE(connection.transaction([&] { return set_score("Tom", "13"); }));
}

TEST_F(ConnectionTest, AConstraintThatFailsAtCommitUndoesTheTransaction) {
  Sqlite(path).run(
      "CREATE TABLE marks (name TEXT REFERENCES students (name) DEFERRABLE INITIALLY DEFERRED)");
  source->setup = {"PRAGMA foreign_keys = ON"};
  ASSERT_TRUE(connection.connect(true));
  const auto refused = connection.transaction([&] {
    return connection.execute(statement("INSERT INTO marks VALUES (:key)"), {.key = "nobody"});
  });
  EXPECT_EQ(code_of(refused), Errc::invalid_argument);
  EXPECT_EQ(Sqlite(path).text("SELECT count(*) FROM marks"), "0");
}

TEST_F(ConnectionTest, AFullDatabaseKeepsWhatItHasAndTakesWhatFits) {
  source->setup = {"PRAGMA max_page_count = 10"};
  ASSERT_TRUE(connection.connect(true));
  const auto full =
      connection.transaction([&] { return set_score("Tom", std::string(100'000, 'x')); });
  EXPECT_EQ(full.error(),
            (Error{Errc::unavailable, "source school, test: database or disk is full"}));
  ASSERT_TRUE(connection.connect(true));
  EXPECT_EQ(score("Tom"), "12.5");
  EXPECT_TRUE(connection.transaction([&] { return set_score("Tom", "13"); }));
}

TEST_F(ConnectionTest, AfterAFailureItIsNotTriedAgainAtOnce) {
  std::filesystem::rename(path, path + ".away");
  EXPECT_EQ(connection.connect(false).error().message,
            "source school: no such database file: " + path);
  std::filesystem::rename(path + ".away", path);
  EXPECT_FALSE(connection.connect(false));
  while (!connection.connect(false)) {
  }
  EXPECT_EQ(score("张三"), "100");
}

TEST_F(ConnectionTest, AMissingFileIsNotMade) {
  std::filesystem::remove(path);
  EXPECT_FALSE(connection.connect(true));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ConnectionTest, AWriteNeverGoesToAFileThatIsNoLongerThere) {
  ASSERT_TRUE(connection.connect(true));
  std::filesystem::rename(path, path + ".old");
  Sqlite(path).run(kSchema);
  ASSERT_TRUE(connection.connect(true));
  ASSERT_TRUE(connection.transaction([&] { return set_score("Tom", "13"); }));
  EXPECT_EQ(Sqlite(path).text("SELECT score FROM students WHERE name = 'Tom'"), "13");
  EXPECT_EQ(Sqlite(path + ".old").text("SELECT score FROM students WHERE name = 'Tom'"), "12.5");
}

TEST_F(ConnectionTest, ASchemaThatChangesUnderAStatementIsAFailureThatHeals) {
  const auto get = statement("SELECT score FROM students WHERE name = :key");
  const auto ask = [&] { return connection.query(get, {.key = "Tom"}, [](const SqlRow&) {}); };
  ASSERT_TRUE(connection.connect(false));
  EXPECT_TRUE(*ask());
  Sqlite(path).run("ALTER TABLE students RENAME TO pupils");
  EXPECT_EQ(ask().error(),
            (Error{Errc::unavailable, "source school, test: no such table: students"}));
  Sqlite(path).run("ALTER TABLE pupils RENAME TO students");
  EXPECT_TRUE(*ask());
}

TEST_F(ConnectionTest, TheLogSaysOnceThatADatabaseIsGoneAndOnceThatItIsBack) {
  std::vector<std::string> lines;
  source->log =
      Log([&](LogLevel, std::string_view, std::string_view line) { lines.emplace_back(line); });
  std::filesystem::rename(path, path + ".away");
  SqlConnection second(source);
  EXPECT_FALSE(connection.connect(false));
  EXPECT_FALSE(second.connect(false));
  std::filesystem::rename(path + ".away", path);
  while (!connection.connect(false) || !second.connect(false)) {
  }
  EXPECT_EQ(lines, (std::vector<std::string>{"source school: no such database file: " + path +
                                                 "; calls are refused until it can be opened",
                                             "source school is back"}));
}

}  // namespace
}  // namespace ringcache
