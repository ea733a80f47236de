// SPDX-License-Identifier: Apache-2.0
#include "sqlite_file.h"

#include <future>

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using namespace ringcache::testing;

using DatabaseTest = SchoolTest;

/// Asks until it is answered well; a database that does not heal runs into the test's time limit.
std::string until_it_answers(Store& rows, std::string_view key) {
  while (true)
    if (const auto value = get(rows, key); value) return text_of(value);
}

TEST_F(DatabaseTest, NumbersThatCannotBeRightAreRefused) {
  EXPECT_EQ(code_of(SqlDatabase::open({.name = "s", .dsn = "sqlite:x", .pool = 0})),
            Errc::invalid_argument);
  EXPECT_EQ(code_of(SqlDatabase::open({.name = "s", .dsn = "sqlite:x", .timeout = 0s})),
            Errc::invalid_argument);
}

TEST_F(DatabaseTest, ADsnWeCannotReadNamesTheSource) {
  const auto opened = SqlDatabase::open({.name = "school", .dsn = "oracle:x"});
  EXPECT_EQ(code_of(opened), Errc::invalid_argument);
  EXPECT_TRUE(opened.error().message.starts_with(
      "source school: the dsn must be like one of these: sqlite:"));
}

TEST_F(DatabaseTest, CheckTellsWhetherItCanBeReached) {
  EXPECT_TRUE(open(options())->check());
  std::filesystem::remove(path);
  EXPECT_EQ(open(options())->check().error(),
            (Error{Errc::unavailable, "source school: no such database file: " + path}));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(DatabaseTest, ADatabaseThatIsMissingAtTheStartIsUsedOnceItIsThere) {
  std::filesystem::rename(path, path + ".away");
  const auto rows = store();
  EXPECT_EQ(text_of(get(*rows, "张三")),
            "unavailable: source school: no such database file: " + path);
  EXPECT_EQ(code_of(put(*rows, "张三", "1")), Errc::unavailable);
  std::filesystem::rename(path + ".away", path);
  EXPECT_EQ(until_it_answers(*rows, "张三"), "100");
}

TEST_F(DatabaseTest, StatementsThatProveWrongLaterAnswerWithTheReason) {
  std::filesystem::rename(path, path + ".away");
  const auto rows = store({.group = "g", .get = "SELECT scroe FROM students WHERE name = :key"});
  std::filesystem::rename(path + ".away", path);
  while (text_of(get(*rows, "k")) !=
         "unavailable: source school, get of group g: no such column: scroe") {
  }
}

TEST_F(DatabaseTest, AFileThatIsDeletedAndMadeAgainIsNoticed) {
  const auto rows = store();
  ASSERT_EQ(text_of(get(*rows, "张三")), "100");
  std::filesystem::remove(path);
  while (get(*rows, "张三")) {  // for up to 100 ms it may still be read, then by nobody
  }
  EXPECT_EQ(text_of(get(*rows, "张三")),
            "unavailable: source school: no such database file: " + path);
  Sqlite(path).run(std::string(kSchema) + "; UPDATE students SET score = 99");
  EXPECT_EQ(until_it_answers(*rows, "张三"), "99");
}

TEST_F(DatabaseTest, ALockedDatabaseIsAnErrorInTimeAndHealsWhenItIsFree) {
  SqlOptions options = this->options();
  options.timeout = 50ms;
  options.pool = 1;
  const auto rows = *open(options)->rows(scores());
  Sqlite other(path);
  other.run("BEGIN EXCLUSIVE");
  const Time before = BootClock::now();
  EXPECT_EQ(text_of(get(*rows, "Tom")),
            "unavailable: source school, get of group scores: database is locked");
  EXPECT_EQ(text_of(put(*rows, "Tom", "1")),
            "unavailable: source school, begin: database is locked");
  EXPECT_EQ(code_of(get(*rows, "Tom", {.deadline = BootClock::now() + 10ms})),
            Errc::deadline_exceeded);
  EXPECT_LT(BootClock::now() - before, 1s);
  other.run("COMMIT");
  EXPECT_EQ(text_of(get(*rows, "Tom")), "12.5");
  EXPECT_EQ(text_of(put(*rows, "Tom", "1")), "1");
}

TEST_F(DatabaseTest, ADatabaseThatIsLockedAtTheStartIsOnlyWaitedFor) {
  Sqlite other(path);
  other.run("BEGIN EXCLUSIVE");
  SqlOptions options = this->options();
  options.timeout = 20ms;
  const auto rows = open(options)->rows(scores());
  ASSERT_TRUE(rows);
  other.run("COMMIT");
  EXPECT_EQ(text_of(get(**rows, "Tom")), "12.5");
}

TEST_F(DatabaseTest, GroupsShareTheConnections) {
  const auto database = open(options());
  const auto first = *database->rows(scores());
  const auto second = *database->rows(
      {.group = "students", .get = "SELECT name, score FROM students WHERE name = :key"});
  EXPECT_EQ(text_of(get(*first, "张三")), "100");
  EXPECT_EQ(text_of(get(*second, "张三")), R"({"name":"张三","score":100})");
}

TEST_F(DatabaseTest, AStoreOutlivesTheDatabaseThatMadeIt) {
  auto database = open(options());
  const auto rows = *database->rows(scores());
  database.reset();
  EXPECT_EQ(text_of(get(*rows, "张三")), "100");
}

TEST_F(DatabaseTest, TheLastAnswerMayDestroyTheStore) {
  auto rows = store();
  std::promise<void> started, destroyed;
  rows->get(KeyView("scores", "Tom"), {}, [&](auto) {
    started.get_future().wait();
    rows.reset();
    destroyed.set_value();
  });
  started.set_value();
  destroyed.get_future().wait();
}

}  // namespace
}  // namespace ringcache
