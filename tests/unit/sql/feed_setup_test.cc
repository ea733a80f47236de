// SPDX-License-Identifier: Apache-2.0
#include "feeds.h"

namespace ringcache {
namespace {

using namespace ringcache::testing;

class FeedSetupTest : public FeedsTest {
 protected:
  std::string complaint(const SqlFeedTable& table) const {
    const auto steps = setup()->installation(table);
    return steps ? "none" : steps.error().message;
  }
};

INSTANTIATE_TEST_SUITE_P(All, FeedSetupTest, kDatabases, name_of);

TEST_P(FeedSetupTest, WhatIsInstalledIsNotInstalledAgain) {
  const Words first = install();
  ASSERT_GE(first.size(), 3u);
  EXPECT_EQ(first[0], "table ringcache_outbox");
  EXPECT_EQ(install(), Words());
}

TEST_P(FeedSetupTest, LookingChangesNothing) {
  const auto one = setup()->installation({"scores", "t", "k"});
  const auto other = setup()->installation({"scores", "t", "k"});
  ASSERT_TRUE(one && other);
  EXPECT_EQ(one->size(), other->size());
}

TEST_P(FeedSetupTest, WhatIsMissingOfItIsMadeUpFor) {
  const Words all = install();
  take(Result<SqlFeedSetup::Steps>({setup()->removal({"scores", "t", "k"})->front()}));
  const Words again = install();
  EXPECT_EQ(again.back(), all.back());
  EXPECT_EQ(std::ranges::count(again, "table ringcache_outbox"), 0);
  EXPECT_EQ(install(), Words());
}

TEST_P(FeedSetupTest, RemovingUndoesInstalling) {
  const Words all = install();
  EXPECT_EQ(remove().back(), all.front()) << "the outbox goes last";
  EXPECT_EQ(remove(), Words());
  database->run("INSERT INTO t VALUES ('a', '')");
  EXPECT_EQ(install(), all);
}

TEST_P(FeedSetupTest, TheOutboxStaysForOtherFeeds) {
  install();
  install({"other", "t", "k"});
  const Words undone = remove();
  EXPECT_EQ(std::ranges::count(undone, "table ringcache_outbox"), 0);
  database->run("INSERT INTO t VALUES ('a', '')");
  EXPECT_EQ(remove({"other", "t", "k"}).back(), "table ringcache_outbox");
}

TEST_P(FeedSetupTest, TablesAndColumnsThatAreNotThereAreNamed) {
  EXPECT_EQ(complaint({"scores", "none", "k"}), "source school: there is no table 'none'");
  EXPECT_EQ(complaint({"scores", "t", "none"}),
            "source school: table 't' has no column 'none'; it has: k, v");
}

TEST_P(FeedSetupTest, NamesThatCouldNotBeQuotedAreRefused) {
  for (const std::string odd : {"a'b", "a\"b", "a`b", "a\\b", "a\nb", ""}) {
    EXPECT_TRUE(
        complaint({odd, "t", "k"}).starts_with("the group must have a name without quotes"));
    EXPECT_TRUE(complaint({"scores", odd, "k"}).starts_with("the table must"));
    EXPECT_TRUE(complaint({"scores", "t", odd}).starts_with("the key column must"));
  }
}

TEST_P(FeedSetupTest, NamesThatAreWordsOfTheLanguageAreQuoted) {
  const bool is_mariadb = std::string(GetParam()) == "mariadb";
  const std::string table = is_mariadb ? "`order by`" : "\"order by\"";
  const std::string column = is_mariadb ? "`group`" : "\"group\"";
  database->run("DROP TABLE IF EXISTS " + table + "; CREATE TABLE " + table + " (" + column +
                " varchar(99))");
  if (std::string(GetParam()) == "postgres")
    database->run("GRANT ALL ON " + table + " TO ringcache");
  install({"scores", "order by", "group"});
  const std::string insert = "INSERT INTO " + table + " VALUES ";
  database->run(insert + "('a')");
  EXPECT_EQ(changes(insert + "('e')", "scores/e"), Words{"scores/a"});
  database->run("DROP TABLE " + table);
}

TEST(FeedSetupOpenTest, ADatabaseThatIsNotThereIsSaid) {
  const auto of = [](const std::string& dsn) {
    return SqlFeedSetup::open({.name = "school", .dsn = dsn}).error();
  };
  EXPECT_EQ(of("sqlite:/nowhere/at/all.db"),
            (Error{Errc::unavailable, "source school: no such database file: /nowhere/at/all.db"}));
  EXPECT_TRUE(of("kv:x").message.starts_with("source school: the dsn must be like one of these"));
}

TEST(FeedSetupOpenTest, ABinaryLogThatForbidsTriggersIsSaid) {
  if (!MariadbServer::installed()) GTEST_SKIP() << "mariadb is not installed";
  const MariadbServer server({"--log-bin"});
  server.run("CREATE TABLE school.t (k varchar(99))");
  const auto setup = *SqlFeedSetup::open({.name = "school", .dsn = server.dsn()});
  const auto steps = *setup->installation({"scores", "t", "k"});
  EXPECT_TRUE(setup->run(steps[0]));
  const auto refused = setup->run(steps[1]);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("log_bin_trust_function_creators"), std::string::npos)
      << refused.error().message;
}

/// Servers where somebody else has the rights.
class FeedRightsTest : public FeedsTest {};

INSTANTIATE_TEST_SUITE_P(All, FeedRightsTest, ::testing::Values("mariadb", "postgres"), name_of);

TEST_P(FeedRightsTest, ARightThatIsMissingIsNamed) {
  const bool is_mariadb = std::string(GetParam()) == "mariadb";
  database->run(is_mariadb ? "CREATE USER poor@'127.0.0.1' IDENTIFIED BY 'x'; GRANT SELECT, CREATE "
                             "ON school.* TO poor@'127.0.0.1'"
                           : "CREATE ROLE poor LOGIN PASSWORD 'x'; GRANT SELECT ON t TO poor; "
                             "GRANT CREATE ON SCHEMA public TO poor");
  SqlOptions options = source();
  const std::string mine = "ringcache:secret%20word";
  options.dsn.replace(options.dsn.find(mine), mine.size(), "poor:x");
  const auto poor = std::move(*SqlFeedSetup::open(options));
  std::string said;
  const auto steps = *poor->installation({"scores", "t", "k"});
  for (const SqlFeedStep& step : steps)
    if (const auto ran = poor->run(step); !ran) said = ran.error().message;
  EXPECT_NE(said.find("denied"), std::string::npos) << said;
  EXPECT_NE(said.find("(it takes GRANT TRIGGER ON "), std::string::npos) << said;
  database->run(is_mariadb ? "DROP USER poor@'127.0.0.1'" : "DROP OWNED BY poor; DROP ROLE poor");
}

}  // namespace
}  // namespace ringcache
