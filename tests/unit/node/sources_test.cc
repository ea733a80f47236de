// SPDX-License-Identifier: Apache-2.0
#include "node/sources.h"

#include <gtest/gtest.h>

#include <ringcache/testing/sim_scheduler.h>

#include "support/temp_dir.h"

namespace ringcache {
namespace {

class SourcesTest : public ::testing::Test {
 protected:
  Config::GroupSection& group(const std::string& name, const std::string& source) {
    Config::GroupSection section{.options = {.name = name}, .source = source};
    config.groups.push_back(section);
    return config.groups.back();
  }
  static std::string word(const Result<std::shared_ptr<Store>>& opened) {
    return opened ? "opened" : opened.error().message;
  }

  testing::TempDir folder;
  testing::SimScheduler scheduler;
  Log log;
  Config config;
};

TEST_F(SourcesTest, WithoutASourceAGroupIsAPlainCache) {
  Sources sources(config, scheduler, log);
  const auto opened = sources.open(group("g", ""));
  ASSERT_TRUE(opened);
  EXPECT_EQ(get_blocking(**opened, KeyView("g", "k")).error().code, Errc::not_found);
}

TEST_F(SourcesTest, ASourceThatIsNotThereIsNamed) {
  Sources sources(config, scheduler, log);
  EXPECT_EQ(word(sources.open(group("g", "school"))), "there is no source 'school'");
}

TEST_F(SourcesTest, TheDsnChoosesTheKind) {
  config.sources = {{.name = "kv", .dsn = "kv:" + folder.file("kv.db")},
                    {.name = "rows", .dsn = "grpc://127.0.0.1:1"},
                    {.name = "school", .dsn = "sqlite:" + folder.file("none.db")},
                    {.name = "odd", .dsn = "oracle:x"}};
  Sources sources(config, scheduler, log);
  EXPECT_EQ(word(sources.open(group("a", "kv"))), "opened");
  EXPECT_EQ(word(sources.open(group("b", "rows"))), "opened");
  Config::GroupSection& scores = group("c", "school");
  scores.get = "SELECT 1 WHERE :key";
  EXPECT_EQ(word(sources.open(scores)), "opened") << "the file may come later";
  EXPECT_TRUE(word(sources.open(group("d", "odd"))).starts_with("source odd: the dsn must be"));
}

TEST_F(SourcesTest, GroupsOfOneSourceShareItsLimits) {
  config.sources = {{.name = "kv", .dsn = "kv:" + folder.file("kv.db"), .loads_per_second = 2}};
  Sources sources(config, scheduler, log);
  const auto one = sources.open(group("a", "kv"));
  const auto other = sources.open(group("b", "kv"));
  const auto get = [&](Store& store, const Call& call = {}) {
    return errc_name(get_blocking(store, KeyView("g", "k"), call).error().code);
  };
  EXPECT_EQ(get(**one), "not_found");
  EXPECT_EQ(get(**other), "not_found");
  EXPECT_EQ(get(**one, {.deadline = scheduler.now()}), "overloaded");
}

}  // namespace
}  // namespace ringcache
