// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "sim/history.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::for_each_seed;
using testing::nothing_goes_back_in_time;
using testing::Storm;

void some_calls(Storm& storm) {
  for (int i = 0; i < 60; ++i) {
    const std::string node(1, static_cast<char>('a' + storm.pick(3)));
    const std::string key = storm.any_key();
    const bool write = storm.pick(3) == 0;
    storm.at(std::chrono::microseconds(storm.pick(100'000)), [&storm, node, key, write] {
      write ? storm.write(node, key, 10s) : storm.read(node, key, 10s);
    });
  }
}

void check(Storm& storm) {
  storm.end();
  storm.each_call_was_answered_once();
  storm.only_owners_keep_copies();
  for (const std::string& key : storm.keys) nothing_goes_back_in_time(storm, key);
}

TEST(CoherenceSimTest, WithAStableViewNothingGoesBackInTime) {
  for_each_seed(2'000, [](std::uint64_t seed) {
    Storm storm(seed, {});
    some_calls(storm);
    check(storm);
    for (const auto& write : storm.writes)
      if (!write->bytes.empty()) {
        EXPECT_EQ(write->asked.word(), write->bytes);
      }
    for (const auto& read : storm.reads) EXPECT_TRUE(read->succeeded()) << read->asked.word();
    storm.all_nodes_tell_the_truth();
  });
}

TEST(CoherenceSimTest, NorDoesItWhereMessagesGetLostAndTheSourceFails) {
  for_each_seed(2'000, [](std::uint64_t seed) {
    Storm storm(seed, {.peer_timeout = 100ms, .bypass_max_age = 0s});
    storm.sim.wire.set_weather({.delay_max = 5ms, .loss = 0.1});
    some_calls(storm);
    storm.at(std::chrono::milliseconds(storm.pick(100)),
             [&] { storm.sim.source->fail_with(Error{Errc::unknown, "down"}); });
    storm.at(std::chrono::milliseconds(storm.pick(100)),
             [&] { storm.sim.source->fail_with(std::nullopt); });
    check(storm);
  });
}

TEST(CoherenceSimTest, GetsOfAColdKeyThroughAllNodesReadTheSourceOnce) {
  for_each_seed(500, [](std::uint64_t seed) {
    Storm storm(seed, {});
    const std::string& key = storm.keys[0];
    storm.sim.source->set(key, "v");
    for (int i = 0; i < 100; ++i) {
      const std::string node(1, static_cast<char>('a' + storm.pick(3)));
      storm.at(std::chrono::microseconds(storm.pick(20'000)),
               [&storm, node, &key] { storm.read(node, key, 10s); });
    }
    storm.end();
    for (const auto& read : storm.reads) ASSERT_EQ(read->asked.word(), "v");
    EXPECT_EQ(storm.sim.source->count(key).gets, 1u);
  });
}

}  // namespace
}  // namespace ringcache
