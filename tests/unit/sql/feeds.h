// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

#include <ringcache/sql_feed.h>

#include "databases.h"

namespace ringcache::testing {

/// "scores/Tom", or "scores/*" where all of the group may have changed.
inline std::string word_of(const SqlChange& change) {
  return change.group + '/' + change.key.value_or("*");
}

/// Stands for the nodes: keeps what it is told, and answers as it is told to.
class Listener {
 public:
  using Changes = std::vector<SqlChange>;

  void hear(Changes changes, Done<void> done) {
    std::optional<Error> error;
    {
      std::lock_guard lock(mutex_);
      for (const SqlChange& change : changes) words_.push_back(word_of(change));
      ++calls_;
      if (holding_) held_.push_back(std::move(done));
      if (!errors_.empty()) error = std::move(errors_.front());
      if (error) errors_.pop_front();
    }
    heard_.notify_all();
    if (!done) return;
    error ? done(std::unexpected(*error)) : done({});
  }

  /// The next calls fail so.
  void fail_with(std::deque<Error> errors) { errors_ = std::move(errors); }
  /// From now on nothing is answered, until the answers are let go.
  void hold() { holding_ = true; }
  void let_go() {
    std::vector<Done<void>> held;
    {
      std::lock_guard lock(mutex_);
      holding_ = false;
      held.swap(held_);
    }
    for (Done<void>& done : held) done({});
  }

  /// Waits for it.
  bool hears(const std::string& word) {
    return wait([&] { return std::ranges::count(words_, word) > 0; });
  }
  bool hears_calls(std::size_t calls) {
    return wait([&] { return calls_ >= calls; });
  }
  std::vector<std::string> words() {
    std::lock_guard lock(mutex_);
    return words_;
  }

 private:
  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock lock(mutex_);
    return heard_.wait_for(lock, std::chrono::seconds(30), condition);
  }

  std::mutex mutex_;  // guards all below
  std::condition_variable heard_;
  std::vector<std::string> words_;
  std::size_t calls_ = 0;
  std::deque<Error> errors_;
  bool holding_ = false;
  std::vector<Done<void>> held_;
};

/// For tests of what feeds a group `scores` from the table t (k, v).
class FeedsTest : public DatabasesTest {
 protected:
  using Words = std::vector<std::string>;

  void SetUp() override {
    DatabasesTest::SetUp();
    if (!database) return;
    database->run("DROP TABLE IF EXISTS ringcache_outbox");
    database->make_table("text");
  }

  SqlOptions source() const {
    return {.name = "school", .dsn = database->dsn(), .timeout = std::chrono::seconds(10)};
  }
  std::unique_ptr<SqlFeedSetup> setup() const { return std::move(*SqlFeedSetup::open(source())); }

  /// What it says of the steps that it takes.
  Words take(const Result<SqlFeedSetup::Steps>& steps) const {
    EXPECT_TRUE(steps) << steps.error().message;
    Words said;
    const auto setup = this->setup();
    for (const SqlFeedStep& step : *steps) {
      const auto ran = setup->run(step);
      said.push_back(ran ? step.what : ran.error().message);
    }
    return said;
  }
  Words install(const SqlFeedTable& table = {"scores", "t", "k"}) const {
    return take(setup()->installation(table));
  }
  Words remove(const SqlFeedTable& table = {"scores", "t", "k"}) const {
    return take(setup()->removal(table));
  }

  SqlFeedOptions options(Listener& listener) const {
    return {.name = "school",
            .dsn = database->dsn(),
            .poll = std::chrono::milliseconds(5),
            .timeout = std::chrono::seconds(10),
            .elected = [] { return true; },
            .on_change =
                [&listener](Listener::Changes changes, Done<void> done) {
                  listener.hear(std::move(changes), std::move(done));
                }};
  }

  /// What the outbox has, which is then empty. `last` makes a change that ends it.
  Words changes(const std::string& last = "INSERT INTO t VALUES ('end', '')",
                const std::string& end = "scores/end") const {
    database->run(last);
    Listener listener;
    const auto feed = *SqlFeed::start(options(listener));
    EXPECT_TRUE(listener.hears(end));
    Words words = listener.words();
    std::erase(words, end);
    return words;
  }
};

}  // namespace ringcache::testing
