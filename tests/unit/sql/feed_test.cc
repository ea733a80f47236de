// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>

#include "feeds.h"

namespace ringcache {
namespace {

using namespace ringcache::testing;
using namespace std::chrono_literals;

class FeedTest : public FeedsTest {
 protected:
  void write(const std::string& key) const {
    database->run("INSERT INTO t VALUES ('" + key + "', '')");
  }

  /// Waits for it.
  static bool comes_to(SqlFeed& feed, const std::function<bool(const SqlFeedStats&)>& state) {
    for (const Time end = BootClock::now() + 30s; BootClock::now() < end;) {
      if (state(feed.stats())) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }

  Log log() {
    return Log([this](LogLevel, std::string_view, std::string_view line) {
      std::lock_guard lock(mutex);
      lines.emplace_back(line);
    });
  }
  Words logged() {
    std::lock_guard lock(mutex);
    return lines;
  }

  Listener listener;
  std::mutex mutex;
  Words lines;
};

INSTANTIATE_TEST_SUITE_P(All, FeedTest, kDatabases, name_of);

TEST_P(FeedTest, ChangesAreToldOnceAndCounted) {
  install();
  const auto feed = *SqlFeed::start(options(listener));
  write("a");
  EXPECT_TRUE(listener.hears("scores/a"));
  write("b");
  EXPECT_TRUE(listener.hears("scores/b"));
  EXPECT_TRUE(comes_to(*feed, [](const auto& stats) { return stats.changes == 2; }));
  EXPECT_EQ(listener.words(), (Words{"scores/a", "scores/b"}));
  EXPECT_EQ(feed->stats().failures, 0u);
}

TEST_P(FeedTest, AKeyThatChangedOftenIsToldOnce) {
  install();
  write("a");
  for (int i = 0; i < 5; ++i) database->run("UPDATE t SET v = 'x' WHERE k = 'a'");
  EXPECT_EQ(changes(), Words{"scores/a"});
}

TEST_P(FeedTest, MoreThanOneLookCanHoldIsToldAll) {
  install();
  std::string rows;
  for (int i = 0; i < 2500; ++i)
    rows += (rows.empty() ? "('" : ", ('") + std::to_string(i) + "', '')";
  database->run("INSERT INTO t VALUES " + rows);
  const Words told = changes();
  EXPECT_EQ(told.size(), 2500u);
}

TEST_P(FeedTest, WhatNotAllHaveHeardIsToldAgain) {
  install();
  listener.fail_with({{Errc::unavailable, "node b"}, {Errc::unavailable, "node b"}});
  SqlFeedOptions loud = options(listener);
  loud.log = log();
  const auto feed = *SqlFeed::start(loud);
  write("a");
  EXPECT_TRUE(comes_to(*feed, [](const auto& stats) { return stats.changes == 1; }));
  EXPECT_TRUE(comes_to(*feed, [](const auto& stats) { return stats.trouble.empty(); }));
  EXPECT_EQ(listener.words(), (Words{"scores/a", "scores/a", "scores/a"}));
  EXPECT_EQ(feed->stats().failures, 2u);
  ASSERT_EQ(logged().size(), 2u);
  EXPECT_TRUE(logged()[0].starts_with("source school: not every node has heard of changed rows"));
  EXPECT_EQ(logged()[1], "source school: its feed works again");
}

TEST_P(FeedTest, TheLagGrowsUntilAllHaveHeard) {
  install();
  listener.hold();
  const auto feed = *SqlFeed::start(options(listener));
  write("a");
  EXPECT_TRUE(listener.hears("scores/a"));
  const Duration before = feed->stats().lag;
  EXPECT_TRUE(comes_to(*feed, [&](const auto& stats) { return stats.lag > before; }));
  listener.let_go();
  EXPECT_TRUE(comes_to(*feed, [](const auto& stats) { return stats.lag == Duration{0}; }));
  EXPECT_GT(feed->stats().last_lag, Duration{0});
}

TEST_P(FeedTest, AnEndLeavesTheRowsForWhoeverComesNext) {
  install();
  listener.hold();
  {
    const auto feed = *SqlFeed::start(options(listener));
    write("a");
    EXPECT_TRUE(listener.hears("scores/a"));
  }
  listener.let_go();  // the answer comes too late, and to nobody
  EXPECT_EQ(changes(), Words{"scores/a"});
}

TEST_P(FeedTest, OnlyTheElectedLooks) {
  install();
  std::atomic<bool> elected = false;
  SqlFeedOptions standing_by = options(listener);
  std::atomic<int> asked = 0;
  standing_by.elected = [&] { return ++asked, elected.load(); };
  const auto feed = *SqlFeed::start(standing_by);
  write("a");
  EXPECT_TRUE(comes_to(*feed, [&](const auto&) { return asked > 3; }));
  EXPECT_EQ(listener.words(), Words());
  elected = true;
  EXPECT_TRUE(listener.hears("scores/a"));
  EXPECT_TRUE(comes_to(*feed, [](const auto& stats) { return stats.elected; }));
}

TEST_P(FeedTest, TwoThatLookAtOnceLoseNothing) {
  install();
  Listener other;
  const auto one = *SqlFeed::start(options(listener));
  const auto two = *SqlFeed::start(options(other));
  for (int i = 0; i < 50; ++i) write(std::to_string(i));
  const auto told = [&](const auto&) {
    Words words = listener.words();
    std::ranges::copy(other.words(), std::back_inserter(words));
    std::ranges::sort(words);
    return std::ranges::unique(words).begin() - words.begin() == 50;
  };
  EXPECT_TRUE(comes_to(*one, told));
}

TEST_P(FeedTest, AnOutboxThatIsNotThereIsSaidOnceWithTheCommandThatMakesIt) {
  SqlFeedOptions loud = options(listener);
  loud.log = log();
  const auto feed = *SqlFeed::start(loud);
  EXPECT_TRUE(comes_to(*feed, [](const auto& stats) { return stats.failures > 3; }));
  ASSERT_EQ(logged().size(), 1u);
  EXPECT_NE(logged()[0].find("ringcache_outbox"), std::string::npos) << logged()[0];
  EXPECT_NE(logged()[0].find("`ringcache source install-feed`"), std::string::npos);
  install();
  write("a");
  EXPECT_TRUE(listener.hears("scores/a"));
  EXPECT_TRUE(comes_to(*feed, [](const auto& stats) { return stats.trouble.empty(); }));
  EXPECT_EQ(logged().back(), "source school: its feed works again");
}

TEST(FeedStartTest, ADsnThatCannotBeRightIsRefused) {
  EXPECT_EQ(SqlFeed::start({.name = "school", .dsn = "kv:x"}).error().code, Errc::invalid_argument);
}

/// Those that are processes of their own.
class ServerFeedTest : public FeedTest {
 protected:
  DatabaseServer& server() const {
    if (std::string(GetParam()) == "mariadb") return *mariadb();
    return *postgres();
  }
};

INSTANTIATE_TEST_SUITE_P(All, ServerFeedTest, ::testing::Values("mariadb", "postgres"), name_of);

TEST_P(ServerFeedTest, ADatabaseThatGoesAndComesBackIsSaidOnceAndReadAgain) {
  install();
  SqlFeedOptions loud = options(listener);
  loud.log = log();
  const auto feed = *SqlFeed::start(loud);
  EXPECT_TRUE(comes_to(*feed, [](const auto& stats) { return stats.elected; }));
  server().kill();
  EXPECT_TRUE(comes_to(*feed, [](const auto& stats) { return stats.failures > 3; }));
  server().start();
  write("a");
  EXPECT_TRUE(listener.hears("scores/a"));
  EXPECT_TRUE(comes_to(*feed, [](const auto& stats) { return stats.trouble.empty(); }));
  EXPECT_EQ(logged().size(), 2u);
}

class PostgresFeedTest : public FeedTest {};

INSTANTIATE_TEST_SUITE_P(All, PostgresFeedTest, ::testing::Values("postgres"), name_of);

TEST_P(PostgresFeedTest, ItHearsOfAChangeBetweenTwoLooks) {
  install();
  SqlFeedOptions rare = options(listener);
  rare.poll = 1h;
  const auto feed = *SqlFeed::start(rare);
  EXPECT_TRUE(comes_to(*feed, [](const auto& stats) { return stats.elected; }));
  write("a");
  EXPECT_TRUE(listener.hears("scores/a"));
  write("b");
  EXPECT_TRUE(listener.hears("scores/b"));
}

}  // namespace
}  // namespace ringcache
