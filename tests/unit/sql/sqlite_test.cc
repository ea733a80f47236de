// SPDX-License-Identifier: Apache-2.0
#include "sqlite_file.h"

#include "sql/driver.h"
#include "sql/render.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using namespace ringcache::testing;

using SqliteTest = SchoolTest;

TEST(SqliteDsnTest, AMemoryDatabaseIsRefusedBecauseEachConnectionWouldHaveItsOwn) {
  EXPECT_NE(parse_dsn("sqlite::memory:").error().message.find("another database"),
            std::string::npos);
}

TEST(SqliteDsnTest, PathsThatAreNoneAreRefused) {
  for (const std::string dsn : {"sqlite:", "sqlite://school.db"})
    EXPECT_EQ(parse_dsn(dsn).error().code, Errc::invalid_argument) << dsn;
  EXPECT_FALSE(parse_dsn(std::string_view("sqlite:a\0b", 10)));
}

TEST_F(SqliteTest, APathMayHoldSpacesQuotesAndWhatAUriWouldMisread) {
  const std::string odd = folder.file("a b\"c'd=e?mode=ro#f%20 张.db");
  Sqlite(odd).run("CREATE TABLE t (k, v); INSERT INTO t VALUES ('k', 'v')");
  const auto rows = open({.name = "odd", .dsn = "sqlite:" + odd})
                        ->rows({.group = "g", .get = "SELECT v FROM t WHERE k = :key"});
  ASSERT_TRUE(rows) << rows.error().message;
  EXPECT_EQ(text_of(get(**rows, "k")), "v");
}

TEST_F(SqliteTest, AStatementThatRunsForEverIsStoppedAndTheConnectionLivesOn) {
  SqlOptions options = this->options();
  options.pool = 1;
  options.timeout = 50ms;
  const auto database = open(options);
  const auto endless =
      *database->rows({.group = "endless",
                       .get = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                              "WHERE :key <> '') SELECT count(*) FROM n"});
  EXPECT_EQ(text_of(get(*endless, "k")),
            "unavailable: source school, get of group endless: interrupted");
  EXPECT_EQ(text_of(get(**database->rows(scores()), "张三")), "100");
}

TEST_F(SqliteTest, AStatementIsStoppedAtTheCallersDeadline) {
  const auto endless =
      store({.group = "endless",
             .get = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE :key <> "
                    "'') SELECT count(*) FROM n"});
  EXPECT_EQ(code_of(get(*endless, "k", {.deadline = BootClock::now() + 20ms})),
            Errc::deadline_exceeded);
}

TEST_F(SqliteTest, ARowAboveTheLimitIsTooLarge) {
  Sqlite(path).run("INSERT INTO students VALUES ('big', zeroblob(2000000))");
  SqlOptions options = this->options();
  options.row_bytes_max = 1'000'000;
  const auto rows = *open(options)->rows(scores());
  EXPECT_EQ(code_of(get(*rows, "big")), Errc::too_large);
  EXPECT_EQ(code_of(put(*rows, "Tom", std::string(2'000'000, 'x'))), Errc::too_large);
  EXPECT_EQ(text_of(get(*rows, "Tom")), "12.5");
}

TEST_F(SqliteTest, AFileThatIsNoDatabaseSaysSo) {
  std::filesystem::resize_file(path, 0);
  std::filesystem::copy_file("/proc/self/exe", path,
                             std::filesystem::copy_options::overwrite_existing);
  const auto checked = open(options())->check();
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error(),
            (Error{Errc::unavailable, "source school: " + path + ": file is not a database"}));
}

TEST_F(SqliteTest, AFolderIsNoDatabase) {
  const auto checked = open({.name = "school", .dsn = "sqlite:" + folder.file(".")})->check();
  EXPECT_NE(checked.error().message.find("is a directory"), std::string::npos)
      << checked.error().message;
}

TEST_F(SqliteTest, ADatabaseThatCannotBeWrittenIsUnsupportedForWritesAlone) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write everything";
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  const auto rows = store();
  EXPECT_EQ(code_of(put(*rows, "Tom", "1")), Errc::unsupported);
  EXPECT_EQ(text_of(get(*rows, "Tom")), "12.5");
}

TEST_F(SqliteTest, OtherColumnsAreAMistakeBeforeAnyRow) {
  const Time end = BootClock::now() + 10s;
  const auto session = *sqlite_driver().open(parse_dsn("sqlite:" + path)->place, &end);
  const auto prepare = [&] { return *session->prepare("SELECT * FROM students LIMIT 1", 1); };
  const auto read = [](SqlPrepared& statement) {
    std::string rows;
    const auto ran =
        statement.run({}, [&](const SqlRow& row) { return rows += render(row).view(), true; });
    EXPECT_TRUE(ran || ran.error().trouble == Trouble::mistake);
    return ran ? rows : rows + ran.error().message;
  };
  const auto old = prepare();
  EXPECT_EQ(read(*old), R"({"name":"张三","score":100})");
  Sqlite(path).run("CREATE TABLE another (k)");
  EXPECT_EQ(read(*old), R"({"name":"张三","score":100})");
  for (const auto& [change, now] :
       {std::pair("RENAME name TO pupil", R"({"pupil":"张三","score":100})"),
        {"ADD COLUMN age DEFAULT 7", R"({"pupil":"张三","score":100,"age":7})"},
        {"DROP COLUMN age", R"({"pupil":"张三","score":100})"}}) {
    const auto before = prepare();
    Sqlite(path).run(std::string("ALTER TABLE students ") + change);
    EXPECT_EQ(read(*before), "the columns have changed");
    EXPECT_EQ(read(*before), "the columns have changed");
    EXPECT_EQ(read(*prepare()), now);
  }
}

}  // namespace
}  // namespace ringcache
