// SPDX-License-Identifier: Apache-2.0
// What each kind of database, and whoever configured it, can do wrong.
#include <future>
#include <thread>

#include "databases.h"

namespace ringcache {
namespace {

using namespace ringcache::testing;
using namespace std::chrono_literals;

class FaultsTest : public DatabasesTest {
 protected:
  void SetUp() override {
    DatabasesTest::SetUp();
    if (database) database->make_table(database->bytes());
  }

  std::string complaint(const std::string& get) const {
    const auto rows = open()->rows({.group = "scores", .get = get});
    if (rows) return "none";
    EXPECT_EQ(rows.error().code, Errc::invalid_argument) << rows.error().message;
    return rows.error().message;
  }
};

INSTANTIATE_TEST_SUITE_P(All, FaultsTest, kDatabases, name_of);

/// Those that are processes of their own.
class ServerFaultsTest : public FaultsTest {
 protected:
  DatabaseServer& server() const {
    if (std::string(GetParam()) == "mariadb") return *mariadb();
    return *postgres();
  }

  static std::string until_it_answers(Store& rows) {
    const Time end = BootClock::now() + 2s;
    std::string answer;
    do answer = text_of(get(rows, "k"));
    while (answer != "v" && BootClock::now() < end);
    return answer;
  }
};

INSTANTIATE_TEST_SUITE_P(All, ServerFaultsTest, ::testing::Values("mariadb", "postgres"), name_of);

TEST_P(FaultsTest, AMistakeInAStatementNamesSourceGroupAndStatement) {
  const std::string where = "source school, get of group scores: ";
  EXPECT_TRUE(complaint("SELECT w FROM t WHERE k = :key").starts_with(where));
  EXPECT_TRUE(complaint("SELECT v FROM u WHERE k = :key").starts_with(where));
  EXPECT_TRUE(complaint("SELECT FROM WHERE :key").starts_with(where));
  EXPECT_TRUE(
      complaint("SELECT v FROM t WHERE k = :kye").starts_with(where + "unknown parameter 'kye'"));
  EXPECT_EQ(complaint("SELECT v FROM t"), where + "it does not use :key");
  EXPECT_TRUE(complaint("DELETE FROM t WHERE k = :key").starts_with(where + "it writes"));
}

TEST_P(FaultsTest, AGetManyMustYieldTheKeyAndThenWhatGetYields) {
  SqlStatements wrong = statements();
  const auto of = [&](const std::string& get_many) {
    wrong.get_many = get_many;
    const auto rows = open()->rows(wrong);
    return rows ? "none" : rows.error().message;
  };
  const std::string where = "source school, get_many of group scores: ";
  EXPECT_TRUE(
      of("SELECT v FROM t WHERE k IN (:keys)").starts_with(where + "it must yield the key"));
  EXPECT_TRUE(
      of("SELECT k, v FROM t WHERE k = :key").starts_with(where + "unknown parameter 'key'"));
  EXPECT_TRUE(
      of("SELECT k, v, k AS w FROM t WHERE k IN (:keys)").starts_with(where + "behind the key"));
}

TEST_P(FaultsTest, AValueThatTheDatabaseForbidsIsNotInTheError) {
  const std::string type =
      std::string(GetParam()) == "sqlite" ? "text CHECK (length(v) < 5)" : "int";
  database->make_table(type);
  const auto refused = put(*store(), "k", "secret value");
  EXPECT_EQ(code_of(refused), Errc::invalid_argument);
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos) << refused.error().message;
  EXPECT_TRUE(refused.error().message.starts_with("source school, put of group scores: "));
  EXPECT_EQ(code_of(get(*store(), "k")), Errc::not_found);
}

TEST_P(FaultsTest, ADuplicateIsRefusedWithoutNamingIt) {
  SqlStatements insert = statements();
  insert.put = "INSERT INTO t VALUES (:key, :value)";
  const auto rows = store(insert);
  EXPECT_EQ(text_of(put(*rows, "k", "v")), "v");
  const auto refused = put(*rows, "k", "secret");
  EXPECT_EQ(code_of(refused), Errc::invalid_argument);
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
  EXPECT_EQ(text_of(get(*rows, "k")), "v");
}

TEST_P(FaultsTest, MoreThanOneRowForAKeyIsAnErrorAndTheConnectionGoesOn) {
  database->run("INSERT INTO t VALUES ('k', 'v'), ('l', 'w')");
  const auto all = store({.group = "scores", .get = "SELECT v FROM t WHERE k <> :key"});
  EXPECT_EQ(code_of(get(*all, "none")), Errc::invalid_argument);
  EXPECT_EQ(text_of(get(*all, "l")), "v");
}

TEST_P(FaultsTest, AStatementIsStoppedAtTheCallersDeadline) {
  database->run("INSERT INTO t VALUES ('k', 'v')");
  const auto school = open(1);
  const auto slow = *school->rows({.group = "slow", .get = database->sleep("30")});
  const Time began = BootClock::now();
  EXPECT_EQ(code_of(get(*slow, "k", {.deadline = began + 50ms})), Errc::deadline_exceeded);
  EXPECT_EQ(text_of(get(**school->rows(statements()), "k")), "v");
}

TEST_P(FaultsTest, AStatementThatTakesLongerThanTheSourcesTimeIsStopped) {
  const auto slow = *open(1, 200ms)->rows({.group = "slow", .get = database->sleep("30")});
  EXPECT_EQ(code_of(get(*slow, "k")), Errc::unavailable);
}

TEST_P(FaultsTest, ARowAboveTheLimitIsTooLarge) {
  const auto rows = store();
  ASSERT_TRUE(put(*rows, "big", std::string(300'000, 'x')));
  ASSERT_TRUE(put(*rows, "k", "v"));
  const auto narrow = *(*SqlDatabase::open({.name = "school",
                                            .dsn = database->dsn(),
                                            .pool = 1,
                                            .timeout = 10s,
                                            .row_bytes_max = 100'000}))
                           ->rows(statements());
  EXPECT_EQ(code_of(get(*narrow, "big")), Errc::too_large);
  const KeyView keys[] = {{"scores", "big"}, {"scores", "k"}};
  const auto many = get_many_blocking(*narrow, keys);
  EXPECT_EQ(code_of((*many)[0]), Errc::too_large);
  EXPECT_EQ(text_of((*many)[1]), "v");
}

TEST_P(FaultsTest, ATableThatGoesAndComesBackIsAFailureThatHeals) {
  database->run("INSERT INTO t VALUES ('k', 'v')");
  const auto rows = store();
  EXPECT_EQ(text_of(get(*rows, "k")), "v");
  database->run("ALTER TABLE t RENAME TO u");
  EXPECT_EQ(code_of(get(*rows, "k")), Errc::unavailable);
  EXPECT_EQ(code_of(put(*rows, "k", "w")), Errc::unavailable);
  database->run("ALTER TABLE u RENAME TO t");
  EXPECT_EQ(text_of(get(*rows, "k")), "v");
  EXPECT_EQ(text_of(put(*rows, "k", "w")), "w");
}

TEST_P(FaultsTest, ACommittedPutIsThereForEverybodyAndAFailedOneForNobody) {
  SqlStatements lossy = statements();
  lossy.get = "SELECT v FROM t WHERE k = :key AND k <> 'hidden'";
  const auto rows = store(lossy);
  EXPECT_EQ(text_of(put(*rows, "k", "v")), "v");
  EXPECT_EQ(code_of(put(*rows, "hidden", "v")), Errc::invalid_argument);
  EXPECT_EQ(text_of(get(*store(), "k")), "v");
  EXPECT_EQ(code_of(get(*store(), "hidden")), Errc::not_found);
}

TEST_P(ServerFaultsTest, AWrongPasswordOrDatabaseIsSaidWithoutThePassword) {
  std::string dsn = server().dsn();
  dsn.replace(dsn.find("secret"), 6, "wicked");
  const auto refused = (*SqlDatabase::open({.name = "school", .dsn = dsn}))->check();
  EXPECT_EQ(code_of(refused), Errc::unavailable);
  EXPECT_TRUE(refused.error().message.starts_with("source school: ")) << refused.error().message;
  EXPECT_EQ(refused.error().message.find("wicked"), std::string::npos);
  EXPECT_NE(refused.error().message.find("ringcache"), std::string::npos) << "who was refused";
}

TEST_P(ServerFaultsTest, NobodyThereIsSaidAtOnce) {
  const auto refused = (*SqlDatabase::open({.name = "school", .dsn = server().dsn(1)}))->check();
  EXPECT_EQ(code_of(refused), Errc::unavailable);
  EXPECT_NE(refused.error().message.find("127.0.0.1"), std::string::npos);
}

TEST_P(ServerFaultsTest, AfterARestartNoReadFailsThatComesLater) {
  database->run("INSERT INTO t VALUES ('k', 'v')");
  const auto rows = store();
  EXPECT_EQ(text_of(get(*rows, "k")), "v");
  EXPECT_EQ(text_of(put(*rows, "k", "v")), "v");
  server().kill();
  server().start();
  EXPECT_EQ(text_of(get(*rows, "k")), "v");
  EXPECT_EQ(text_of(put(*rows, "k", "v")), "v");
}

TEST_P(ServerFaultsTest, WhileItIsGoneCallsFailAndThenTheyWorkAgain) {
  database->run("INSERT INTO t VALUES ('k', 'v')");
  const auto rows = store();
  EXPECT_EQ(text_of(get(*rows, "k")), "v");
  server().kill();
  EXPECT_EQ(code_of(get(*rows, "k")), Errc::unavailable);
  EXPECT_EQ(code_of(put(*rows, "k", "w")), Errc::unavailable);
  server().start();
  EXPECT_EQ(until_it_answers(*rows), "v");
}

TEST_P(ServerFaultsTest, WhileItStandsStillCallsEndInTimeAndThenTheyWorkAgain) {
  database->run("INSERT INTO t VALUES ('k', 'v')");
  const auto rows = *open(2, 300ms)->rows(statements());
  EXPECT_EQ(text_of(get(*rows, "k")), "v");
  server().freeze();
  EXPECT_EQ(code_of(get(*rows, "k")), Errc::unavailable);
  EXPECT_EQ(code_of(put(*rows, "k", "w")), Errc::unavailable);
  // Refused at once where the connection was given up and the pause before the next try is not
  // over.
  const Errc hasty = code_of(get(*rows, "k", {.deadline = BootClock::now() + 10ms}));
  EXPECT_TRUE(hasty == Errc::deadline_exceeded || hasty == Errc::unavailable);
  server().thaw();
  EXPECT_EQ(until_it_answers(*rows), "v");
}

TEST_P(ServerFaultsTest, AConnectionKilledInMidStatementHarmsThatCallAlone) {
  database->run("INSERT INTO t VALUES ('k', 'v')");
  const auto rows = store();
  const auto slow = store({.group = "slow", .get = database->sleep("20")});
  auto held = std::async(std::launch::async,
                         [&] { return get(*slow, "k", {.deadline = BootClock::now() + 3s}); });
  const bool is_mariadb = std::string(GetParam()) == "mariadb";
  std::this_thread::sleep_for(300ms);
  if (is_mariadb)
    server().run("KILL USER ringcache");
  else
    server().run(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'ringcache'");
  EXPECT_EQ(text_of(get(*rows, "k")), "v");
  EXPECT_EQ(text_of(put(*rows, "k", "v")), "v");
  const auto ended = held.get();
  EXPECT_FALSE(ended);
}

}  // namespace
}  // namespace ringcache
