// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "sim/history.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::Asked;
using testing::FakeSource;
using testing::for_each_seed;
using testing::nothing_goes_back_in_time;
using testing::SimCluster;
using testing::Storm;

/// A key that clients ask for through all of three nodes.
class HotKey {
 public:
  struct Get {
    Time begun;
    Asked<Value> asked;
  };

  HotKey(std::uint64_t seed, GroupLimits limits, Duration load_time)
      : sim(seed, {.limits = limits}) {
    sim.source = std::make_shared<FakeSource>(sim.scheduler, [this, load_time] {
      loads.push_back(sim.scheduler.now());
      return load_time;
    });
    sim.source->set("hot", "v");
    sim.start_all({"a", "b", "c"});
  }

  void ask_for(Duration span, Duration between) {
    const std::vector<std::string> nodes{"a", "b", "c"};
    for (const Time end = sim.scheduler.now() + span; sim.scheduler.now() < end;) {
      const Time begun = sim.scheduler.now();
      const Call call{.deadline = begun + 5s};
      gets.push_back({begun, sim.get(nodes[sim.scheduler.random()() % 3], "hot", call)});
      sim.scheduler.advance(between);
    }
  }

  /// At most, in any second.
  std::size_t loads_a_second() const {
    std::size_t most = 0;
    for (auto first = loads.begin(); first != loads.end(); ++first) {
      const auto last = std::lower_bound(first, loads.end(), *first + 1s);
      most = std::max(most, static_cast<std::size_t>(last - first));
    }
    return most;
  }

  std::vector<Time> loads;
  SimCluster sim;
  std::vector<Get> gets;
};

TEST(HotKeySimTest, AHotKeyNeverEndsUnderLoadAndIsReadTwiceASecondAtMost) {
  for_each_seed(10, [](std::uint64_t seed) {
    HotKey hot(seed, {.max_age = 1s}, 20ms);
    hot.ask_for(1ms, 1ms);
    hot.sim.scheduler.advance(50ms);
    hot.ask_for(30s, 1ms);
    hot.sim.scheduler.run();
    for (std::size_t i = 1; i < hot.gets.size(); ++i) {
      const auto& [begun, asked] = hot.gets[i];
      ASSERT_TRUE(asked.answered() && asked.result()) << asked.word();
      ASSERT_TRUE(asked.result()->hit && !asked.result()->stale) << "get " << i << " waited";
      ASSERT_LT(begun - asked.result()->loaded_at, 1s + 10ms);
    }
    EXPECT_LE(hot.loads_a_second(), 2u);
    EXPECT_LE(hot.loads.size(), 45u) << "and hardly more than it must be";
  });
}

TEST(HotKeySimTest, JitterAndRefreshAheadKeepThePromiseToo) {
  for_each_seed(10, [](std::uint64_t seed) {
    HotKey hot(seed, {.max_age = 1s, .max_age_jitter = 0.2, .refresh_ahead = 0.7}, 20ms);
    hot.ask_for(1ms, 1ms);
    hot.sim.scheduler.advance(50ms);
    hot.ask_for(10s, 1ms);
    hot.sim.scheduler.run();
    for (std::size_t i = 1; i < hot.gets.size(); ++i)
      ASSERT_TRUE(hot.gets[i].asked.result()->hit) << "get " << i << " waited";
    EXPECT_LE(hot.loads_a_second(), 2u);
  });
}

TEST(HotKeySimTest, WhileTheSourceHangsAnswersGoOn) {
  for_each_seed(10, [](std::uint64_t seed) {
    HotKey hot(seed, {.max_age = 1s, .stale_while_revalidate = 2s, .stale_if_error = 60s}, 20ms);
    hot.ask_for(2s, 1ms);
    hot.sim.source->hold();
    hot.ask_for(20s, 1ms);
    hot.sim.source->open();
    hot.sim.scheduler.advance(2s);
    hot.ask_for(2s, 1ms);
    hot.sim.scheduler.run();
    for (const auto& [begun, asked] : hot.gets) EXPECT_EQ(asked.word(), "v");
    EXPECT_FALSE(hot.gets.back().asked.result()->stale) << "it has recovered";
    EXPECT_GT(hot.sim.group("a").stats().stales + hot.sim.group("b").stats().stales +
                  hot.sim.group("c").stats().stales,
              10'000u);
  });
}

TEST(HotKeySimTest, RefreshesThatRaceWithWritesBringNothingBack) {
  for_each_seed(2'000, [](std::uint64_t seed) {
    Storm storm(seed, {.limits = {.max_age = 30ms,
                                  .negative_max_age = 20ms,
                                  .stale_while_revalidate = 30ms,
                                  .stale_if_error = 100ms}});
    for (int i = 0; i < 120; ++i) {
      const std::string node(1, static_cast<char>('a' + storm.pick(3)));
      const std::string key = storm.any_key();
      const bool is_write = storm.pick(6) == 0;
      storm.at(std::chrono::microseconds(storm.pick(300'000)), [&storm, node, key, is_write] {
        is_write ? storm.write(node, key, 10s) : storm.read(node, key, 10s);
      });
    }
    const auto trouble = std::chrono::milliseconds(storm.pick(300));
    storm.at(trouble, [&] { storm.sim.source->fail_with(Error{Errc::unavailable, "down"}); });
    storm.at(trouble + 40ms, [&] { storm.sim.source->fail_with(std::nullopt); });
    storm.end();
    storm.each_call_was_answered_once();
    for (const std::string& key : storm.keys) nothing_goes_back_in_time(storm, key);
  });
}

}  // namespace
}  // namespace ringcache
