// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "sim/storm.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::for_each_seed;
using testing::Storm;

/// 200 gets through all nodes around the moment of `change`, which makes the row "new" and says
/// when it is acknowledged. None that begins later answers "old".
void race(std::uint64_t seed, const std::function<void(Storm&, std::function<void()>)>& change) {
  Storm storm(seed, {});
  const std::string& key = storm.keys[0];
  storm.sim.source->set(key, "old");
  Time acknowledged = Time::max();
  storm.at(10ms, [&] { change(storm, [&] { acknowledged = storm.sim.scheduler.now(); }); });
  for (int i = 0; i < 200; ++i) {
    const std::string node(1, static_cast<char>('a' + storm.pick(3)));
    storm.at(std::chrono::microseconds(storm.pick(60'000)),
             [&storm, node, &key] { storm.read(node, key, 10s); });
  }
  storm.end();
  storm.each_call_was_answered_once();
  ASSERT_NE(acknowledged, Time::max());
  for (const auto& read : storm.reads)
    if (read->begun > acknowledged) {
      ASSERT_EQ(read->asked.word(), "new");
    }
}

template <class T>
Done<T> then(std::function<void()> act) {
  return [act = std::move(act)](const Result<T>& result) {
    EXPECT_TRUE(result) << result.error().message;
    act();
  };
}

TEST(RaceSimTest, AfterAPutNobodyGetsTheOldValue) {
  for_each_seed(2'000, [](std::uint64_t seed) {
    race(seed, [](Storm& storm, std::function<void()> acknowledged) {
      const std::string node(1, static_cast<char>('a' + storm.pick(3)));
      storm.sim.group(node).put({"g", storm.keys[0]}, {.bytes = Bytes::copy("new")}, {},
                                then<Value>(std::move(acknowledged)));
    });
  });
}

TEST(RaceSimTest, AfterAnInvalidationNobodyGetsWhatWasThereBefore) {
  for_each_seed(2'000, [](std::uint64_t seed) {
    race(seed, [seed](Storm& storm, std::function<void()> acknowledged) {
      storm.sim.source->set(storm.keys[0], "new");  // behind our back
      const std::string node(1, static_cast<char>('a' + storm.pick(3)));
      Invalidation what{.group = "g"};
      if (seed % 3 == 0) what.keys = {storm.keys[0]};
      if (seed % 3 == 1) what.prefix = storm.keys[0].substr(0, 1);
      if (seed % 3 == 2) what.all = true;
      storm.sim.group(node).invalidate(what, {}, then<std::uint64_t>(std::move(acknowledged)));
    });
  });
}

}  // namespace
}  // namespace ringcache
