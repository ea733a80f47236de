// SPDX-License-Identifier: Apache-2.0
#include "node/feeds.h"

#include <gtest/gtest.h>

#include <fstream>
#include <mutex>
#include <set>
#include <thread>

#include <ringcache/testing/fake_source.h>

#include "base/utf8.h"
#include "support/temp_dir.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;

/// Another node, as its door has it: notes what it is to forget and answers as it is told to.
class Other final : public Store {
 public:
  void get(const KeyView&, const Call&, Done<Value> done) override {
    done(fail(Errc::not_found, "no such key"));
  }
  void put(const KeyView&, Value value, const Call&, Done<Value> done) override {
    done(std::move(value));
  }
  void erase(const KeyView&, const Call&, Done<void> done) override { done({}); }
  void invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done) override {
    EXPECT_TRUE(call.forwarded);
    const std::lock_guard lock(mutex_);
    std::size_t bytes = 0;
    for (const std::string& key : what.keys) {
      if ((bytes += key.size()) > (std::size_t{1} << 20))
        return done(fail(Errc::too_large, "received message larger than max"));
      if (key.empty() || key.size() > (std::size_t{64} << 10))
        return done(fail(Errc::invalid_argument, "this is no key"));
      heard_.push_back(what.group + " " + key);
    }
    if (!valid_utf8(what.group)) return done(fail(Errc::invalid_argument, "this is no request"));
    if (what.group.size() > (std::size_t{8} << 10) / 3)
      return done(fail(Errc::unavailable, "received initial metadata size exceeds limit"));
    done(answer_);
  }

  void answer(Result<std::uint64_t> answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }
  std::set<std::string> heard() const {
    const std::lock_guard lock(mutex_);
    return {heard_.begin(), heard_.end()};
  }

 private:
  mutable std::mutex mutex_;  // guards all below
  Result<std::uint64_t> answer_ = 1;
  std::vector<std::string> heard_;
};

/// A group over rows that nobody asks a database for, and an outbox to be written by hand.
class FeedsTest : public ::testing::Test {
 protected:
  FeedsTest() {
    const std::string file = folder_.file("school.db");
    std::ofstream(file).close();
    config_.sources = {{.name = "school", .dsn = "sqlite:" + file, .feed = 10ms},
                       {.name = "other", .dsn = "sqlite:" + file}};
    config_.groups.push_back({.options = {.name = "scores"}, .source = "school"});
    config_.groups.push_back({.options = {.name = "plain"}, .source = "other"});
    groups_.add(
        std::make_unique<Group>(GroupOptions{.name = "scores"}, source_, cluster_, *scheduler_));
    setup_ = *SqlFeedSetup::open({.name = "school", .dsn = "sqlite:" + file, .timeout = 10s});
    run("CREATE TABLE t (k TEXT)");
    const auto steps = *setup_->installation({"scores", "t", "k"});
    for (const SqlFeedStep& step : steps) run(step.statement);
  }

  void run(const std::string& sql) { EXPECT_TRUE(setup_->run({.what = "test", .statement = sql})); }
  void change(const std::string& group, const std::string& key) {
    run("INSERT INTO ringcache_outbox (group_name, key_bytes) VALUES ('" + group + "', " + key +
        ")");
  }

  std::string get(const std::string& name) {
    const auto got = get_blocking(groups_, KeyView("scores", name));
    return got ? std::string(got->bytes.view()) : got.error().message;
  }
  void start() { EXPECT_TRUE(feeds_.start(cluster_, {})); }
  void join() { cluster_.update({1, {{.id = "1", .name = "a"}}}); }
  /// With another node, of which there is one that leaves the feed to us.
  void join_another() {
    for (std::uint64_t epoch = 1; feeds_.of("scores")->node != "a"; ++epoch)
      cluster_.update(
          {epoch, {{.id = "1", .name = "a"}, {.id = "2", .name = "b" + std::to_string(epoch)}}});
  }

  /// Waits for it.
  template <class Condition>
  static bool comes_to(Condition condition) {
    for (const Time end = BootClock::now() + 30s; BootClock::now() < end;) {
      if (condition()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }
  bool has_told(std::uint64_t changes) {
    return comes_to([&] { return feeds_.of("scores")->stats.changes == changes; });
  }

  testing::TempDir folder_;
  std::unique_ptr<Scheduler> scheduler_ = thread_scheduler(1);
  const std::shared_ptr<testing::FakeSource> source_ = std::make_shared<testing::FakeSource>();
  Config config_;
  const std::shared_ptr<Other> other_ = std::make_shared<Other>();
  Cluster cluster_{"a", [this](const Member&) { return other_; }};
  Groups groups_;
  std::unique_ptr<SqlFeedSetup> setup_;
  Feeds feeds_{config_, groups_};
};

TEST_F(FeedsTest, WhatOthersChangeIsReadAgain) {
  join();
  start();
  source_->set("k", "1");
  EXPECT_EQ(get("k"), "1");
  source_->set("k", "2");
  EXPECT_EQ(get("k"), "1") << "nobody has said so";
  change("scores", "'k'");
  EXPECT_TRUE(has_told(1));
  EXPECT_EQ(get("k"), "2");
}

TEST_F(FeedsTest, AChangeWithoutAKeyIsAllOfTheGroup) {
  join();
  start();
  source_->set("k", "1");
  EXPECT_EQ(get("k"), "1");
  source_->set("k", "2");
  change("scores", "NULL");
  change("scores", "'another'");
  EXPECT_TRUE(has_told(2));
  EXPECT_EQ(get("k"), "2");
}

TEST_F(FeedsTest, ChangesOfGroupsThatAreNotHereHoldNothingUp) {
  join();
  start();
  change("nobody", "'k'");
  change("scores", "'k'");
  EXPECT_TRUE(has_told(2));
}

TEST_F(FeedsTest, ChangesOfGroupsThatAreNowhereHoldNothingUp) {
  other_->answer(fail(Errc::no_such_group, "no group of that name"));
  start();
  join_another();
  change("nobody", "'k'");
  change("scores", "'k'");
  EXPECT_TRUE(has_told(2));
}

TEST_F(FeedsTest, AGroupThatOnlyOthersHaveIsForgottenThere) {
  other_->answer(fail(Errc::unavailable, "not yet"));
  start();
  join_another();
  change("newer", "'k'");
  EXPECT_TRUE(comes_to([&] { return feeds_.of("scores")->stats.failures > 0; }));
  EXPECT_EQ(feeds_.of("scores")->stats.changes, 0u) << "it may have copies yet";
  other_->answer(1);
  EXPECT_TRUE(has_told(1));
  EXPECT_EQ(other_->heard(), std::set<std::string>{"newer k"});
}

TEST_F(FeedsTest, WhatIsNoKeyOrNoNameHoldsNothingUp) {
  start();
  join_another();
  change("scores", "''");
  change("scores", "hex(zeroblob(32769))");
  run("INSERT INTO ringcache_outbox (group_name, key_bytes) VALUES (CAST(x'ff' AS TEXT), 'k')");
  change("", "'k'");
  change(std::string(64 << 10, 'g'), "'k'");
  change("scores", "'k'");
  EXPECT_TRUE(has_told(6));
  EXPECT_EQ(other_->heard(), std::set<std::string>{"scores k"});
}

TEST_F(FeedsTest, LongKeysTakeMoreThanOneMessage) {
  for (int i = 0; i < 40; ++i) change("scores", "hex(zeroblob(30000)) || " + std::to_string(i));
  start();
  join_another();
  EXPECT_TRUE(has_told(40));
  EXPECT_EQ(other_->heard().size(), 40u);
}

TEST_F(FeedsTest, NobodyIsElectedWithoutARing) {
  start();
  change("scores", "'k'");
  EXPECT_EQ(feeds_.of("scores")->node, "");
  EXPECT_FALSE(feeds_.of("scores")->stats.elected);
  join();
  EXPECT_TRUE(has_told(1));
  EXPECT_EQ(feeds_.of("scores")->node, "a");
}

TEST_F(FeedsTest, AGroupWhoseSourceHasNoneHasNone) {
  start();
  EXPECT_EQ(feeds_.of("scores")->source, "school");
  EXPECT_FALSE(feeds_.of("plain"));
  EXPECT_FALSE(feeds_.of("nobody"));
}

}  // namespace
}  // namespace ringcache
