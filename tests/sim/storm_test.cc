// SPDX-License-Identifier: Apache-2.0
#include "sim/storm.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::for_each_seed;
using testing::Storm;

/// Crashes, restarts, pauses, and views that reach each node in order but in its own time.
class Weather {
 public:
  explicit Weather(Storm& storm) : storm_(storm) {}

  void start() {
    for (int i = 0; i < 4; ++i)
      storm_.at(std::chrono::milliseconds(storm_.pick(900)), [this] { something_happens(); });
  }

  /// All nodes are up, and see one ring as newcomers do.
  void clear_up() {
    for (const char* name : {"a", "b", "c"}) {
      storm_.sim.wire.freeze(name, false);
      if (!storm_.sim.up(name)) storm_.sim.start(name);
    }
    const View view = storm_.sim.view_of({"a", "b", "c"}, true);
    for (const char* name : {"a", "b", "c"}) storm_.sim.node(name).cluster.update(view);
  }

 private:
  void something_happens() {
    const std::string name(1, static_cast<char>('a' + storm_.pick(3)));
    switch (storm_.pick(4)) {
      case 0:
        if (storm_.sim.up(name)) storm_.sim.crash(name);
        return storm_.at(std::chrono::milliseconds(storm_.pick(300)), [this] { tell(); });
      case 1:
        if (!storm_.sim.up(name)) storm_.sim.start(name);
        return tell();
      case 2:
        return without(name);
      default:
        storm_.sim.wire.freeze(name);
        return storm_.at(300ms, [this, name] { storm_.sim.wire.freeze(name, false); });
    }
  }

  void tell() { send(storm_.sim.view_of({"a", "b", "c"})); }

  /// The node leaves the ring for a moment, and lives.
  void without(const std::string& name) {
    std::vector<std::string> others;
    for (const char* other : {"a", "b", "c"})
      if (other != name) others.emplace_back(other);
    send(storm_.sim.view_of(others));
    storm_.at(std::chrono::milliseconds(storm_.pick(200)), [this] { tell(); });
  }

  void send(const View& view) {
    const Time now = storm_.sim.scheduler.now();
    for (const char* name : {"a", "b", "c"}) {
      Time& arrives = arrives_[name];
      arrives = std::max(arrives, now) + std::chrono::microseconds(1 + storm_.pick(100'000));
      storm_.at(arrives - now, [this, name, view] {
        if (storm_.sim.up(name)) storm_.sim.node(name).cluster.update(view);
        storm_.only_owners_keep_copies();
      });
    }
  }

  Storm& storm_;
  std::map<std::string, Time> arrives_;
};

GroupOptions quick() {
  return {.load_timeout = 500ms, .peer_timeout = 100ms, .bypass_max_age = 100ms};
}

/// Calls at nodes a and b alone: c is asked by its peers only.
void some_calls(Storm& storm) {
  for (int i = 0; i < 80; ++i) {
    const std::string node = storm.pick(2) ? "a" : "b";
    const std::string key = storm.any_key();
    const bool write = storm.pick(4) == 0;
    storm.at(std::chrono::microseconds(storm.pick(1'000'000)), [&storm, node, key, write] {
      write ? storm.write(node, key, 2s) : storm.read(node, key, 2s);
    });
  }
}

TEST(StormSimTest, ThroughLossCrashesAndStaleViewsEachPromiseHolds) {
  for_each_seed(2'000, [](std::uint64_t seed) {
    Storm storm(seed, quick());
    storm.sim.wire.set_weather({.delay_max = 5ms, .loss = 0.05});
    Weather weather(storm);
    weather.start();
    some_calls(storm);
    for (int i = 1; i < 20; ++i) storm.at(i * 50ms, [&] { storm.only_owners_keep_copies(); });
    storm.end();
    storm.each_call_was_answered_once();
    if (storm.sim.up("c")) {
      EXPECT_EQ(storm.sim.group("c").stats().forwards, 0u) << "a forwarded call went on";
    }
    storm.sim.wire.set_weather({});
    weather.clear_up();
    storm.all_nodes_tell_the_truth();
  });
}

TEST(StormSimTest, NoGetFailsWhileItsNodeAndTheSourceLive) {
  for_each_seed(2'000, [](std::uint64_t seed) {
    Storm storm(seed, quick());
    storm.sim.wire.set_weather({.delay_max = 5ms, .loss = 0.1});
    for (int i = 0; i < 60; ++i) {
      const std::string key = storm.any_key();
      storm.at(std::chrono::microseconds(storm.pick(600'000)),
               [&storm, key] { storm.read("a", key, 2s); });
    }
    storm.at(std::chrono::milliseconds(storm.pick(600)), [&] { storm.sim.crash("b"); });
    storm.at(std::chrono::milliseconds(storm.pick(600)), [&] { storm.sim.wire.freeze("c"); });
    storm.end();
    storm.each_call_was_answered_once();
    for (const auto& read : storm.reads) EXPECT_TRUE(read->succeeded()) << read->asked.word();
  });
}

}  // namespace
}  // namespace ringcache
