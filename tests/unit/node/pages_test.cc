// SPDX-License-Identifier: Apache-2.0
#include "node/pages.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <ringcache/testing/sim_scheduler.h>

#include "node/plain_store.h"

namespace ringcache {
namespace {

using nlohmann::json;

class PagesTest : public ::testing::Test {
 protected:
  PagesTest() {
    groups_.add(
        std::make_unique<Group>(GroupOptions{.name = "g"}, plain_store(), cluster_, clock_));
    cluster_.update({1, {{.id = "1", .name = "a", .http = "h:1"}}});
  }

  json why(const std::string& key) {
    return json::parse(*why_page(groups_, cluster_, clock_, KeyView("g", key)));
  }

  testing::SimScheduler clock_;
  Cluster cluster_{"a", [](const Member&) { return plain_store(); }};
  Groups groups_;
  const Config config_;
  const Feeds feeds_{config_, groups_};
};

TEST_F(PagesTest, TheClusterPageListsMembersAndTheirShares) {
  const json page = json::parse(cluster_page(cluster_));
  EXPECT_EQ(page["self"], "a");
  EXPECT_EQ(page["ring"], "slots");
  EXPECT_EQ(page["members"][0]["name"], "a");
  EXPECT_EQ(page["members"][0]["share"], 1.0);
  EXPECT_EQ(page["members"][0]["self"], true);
}

TEST_F(PagesTest, AGroupPageHasLimitsAndStatistics) {
  const json page = json::parse(*group_page(groups_, feeds_, "g"));
  EXPECT_EQ(page["policy"], "auto");
  EXPECT_TRUE(page["max_age_ms"].is_null());
  EXPECT_EQ(page["stale_if_error_ms"], 0.0);
  EXPECT_TRUE(page["feed"].is_null());
  EXPECT_EQ(page["stats"]["gets"], 0);
  EXPECT_EQ(page["stats"]["stales"], 0);
  EXPECT_EQ(page["stats"]["refreshes"], 0);
  EXPECT_EQ(json::parse(groups_page(groups_, feeds_))["groups"].size(), 1u);
}

TEST_F(PagesTest, AGroupPageTellsWhatClientsMayAskAndHowManyWereRefused) {
  EXPECT_TRUE(json::parse(*group_page(groups_, feeds_, "g"))["rate_limit"].is_null());
  groups_.find("g")->set_limits({.rate_limit = {.per_client = 2, .burst = 1}});
  for (int i = 0; i < 3; ++i)
    groups_.get(KeyView("g", "k"), {.client = "a"}, [](const Result<Value>&) {});
  const json page = json::parse(*group_page(groups_, feeds_, "g"));
  EXPECT_EQ(page["rate_limit"], (json{{"per_client", 2.0}, {"burst", 1.0}, {"total", 0.0}}));
  EXPECT_EQ(page["stats"]["refused"], 2);
  EXPECT_EQ(page["stats"]["gets"], 1);
}

TEST_F(PagesTest, AGroupNobodyKnowsIsAnError) {
  EXPECT_EQ(group_page(groups_, feeds_, "x").error().code, Errc::no_such_group);
  EXPECT_EQ(why_page(groups_, cluster_, clock_, KeyView("x", "k")).error().code,
            Errc::no_such_group);
}

TEST_F(PagesTest, WhyTellsOfACopyAndItsAge) {
  Store& store = groups_;
  store.put(KeyView("g", "k"), {.bytes = Bytes::copy("value")}, {}, [](Result<Value>) {});
  clock_.advance(std::chrono::milliseconds(250));
  const json page = why("k");
  EXPECT_EQ(page["owner"]["name"], "a");
  EXPECT_EQ(page["copy"]["size"], 5);
  EXPECT_EQ(page["copy"]["age_ms"], 250.0);
  EXPECT_EQ(page["copy"]["etag"], etag_of("value"));
}

TEST_F(PagesTest, WhyTellsHowLongACopyIsFreshAndHere) {
  using namespace std::chrono_literals;
  groups_.find("g")->set_limits({.max_age = 1s, .stale_if_error = 10s});
  Store& store = groups_;
  store.put(KeyView("g", "k"), {.bytes = Bytes::copy("value")}, {}, [](Result<Value>) {});
  clock_.advance(250ms);
  EXPECT_EQ(why("k")["copy"]["fresh_ms"], 750.0);
  EXPECT_EQ(why("k")["copy"]["left_ms"], 10'750.0);
  clock_.advance(5s);
  EXPECT_EQ(why("k")["copy"]["fresh_ms"], 0.0);
}

TEST_F(PagesTest, WhyTellsWhyThereIsNone) {
  EXPECT_TRUE(why("k")["copy"].is_null());
  EXPECT_EQ(why("k")["last_departure"], "never_seen");
}

TEST_F(PagesTest, KeysThatAreNoUtf8AreShownAllTheSame) { EXPECT_FALSE(why("\xff").empty()); }

}  // namespace
}  // namespace ringcache
