// SPDX-License-Identifier: Apache-2.0
#include "replay/replay.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringcache {
namespace {

Trace trace_of(std::vector<Request> requests) {
  return [requests = std::move(requests),
          at = std::size_t{0}](std::span<Request> room) mutable -> Result<std::size_t> {
    const std::size_t size = std::min(room.size(), requests.size() - at);
    std::copy_n(requests.begin() + static_cast<std::ptrdiff_t>(at), size, room.begin());
    at += size;
    return size;
  };
}

Trace keys(std::initializer_list<std::uint64_t> keys) {
  std::vector<Request> requests;
  for (const std::uint64_t key : keys) requests.push_back({.key = key});
  return trace_of(std::move(requests));
}

ReplayOptions all_policies(std::vector<std::size_t> capacities) {
  const std::vector<std::string_view> names = replay_policies();
  return {.policies = {names.begin(), names.end()}, .capacities = std::move(capacities)};
}

using Hits = std::map<std::string, std::uint64_t>;

Hits hits(const Result<std::vector<ReplayRow>>& rows) {
  Hits hits;
  for (const ReplayRow& row : rows.value()) hits[row.policy] = row.hits;
  return hits;
}

TEST(ReplayTest, UseKeepsAKeyUnlessThePolicyIsFifo) {
  const Hits found = hits(replay(keys({1, 2, 1, 3, 1}), all_policies({2})));
  EXPECT_EQ(found.at("fifo"), 1u);
  for (const char* policy : {"lru", "lfu", "arc", "sieve", "gdsf", "belady"})
    EXPECT_EQ(found.at(policy), 2u) << policy;
}

// With two entries: 1 is used twice, so that LFU and ARC let 2 go for 3, and hit 1. Then LFU keeps
// 1 for good; ARC meets 2 among its ghosts, raises the share of recent keys, lets 1 go and hits 3.
TEST(ReplayTest, FrequencyAndGhostsTellThePoliciesApart) {
  const Hits found = hits(replay(keys({1, 1, 2, 3, 1, 2, 3}), all_policies({2})));
  EXPECT_EQ(found.at("fifo"), 1u);
  EXPECT_EQ(found.at("lru"), 1u);
  EXPECT_EQ(found.at("lfu"), 2u);
  EXPECT_EQ(found.at("arc"), 3u);
}

TEST(ReplayTest, NobodyHasMoreHitsThanBelady) {
  std::mt19937_64 random(1);
  std::vector<Request> requests;
  for (int i = 0; i < 20'000; ++i)
    requests.push_back({.key = std::min(random() % 300, random() % 300)});
  const Hits found = hits(replay(trace_of(requests), all_policies({50})));
  for (const auto& [policy, count] : found) EXPECT_LE(count, found.at("belady")) << policy;
}

TEST(ReplayTest, RowsComeByPolicyThenCapacity) {
  const auto rows = replay(keys({1, 2, 1, 2}), all_policies({1, 2}));
  ASSERT_EQ(rows.value().size(), 2 * replay_policies().size());
  for (std::size_t i = 0; i < rows->size(); ++i) {
    EXPECT_EQ((*rows)[i].policy, replay_policies()[i / 2]);
    EXPECT_EQ((*rows)[i].capacity, 1 + i % 2);
    EXPECT_EQ((*rows)[i].hits, i % 2 == 0 ? 0u : 2u);
    EXPECT_DOUBLE_EQ((*rows)[i].hit_ratio(), i % 2 == 0 ? 0 : 0.5);
  }
}

TEST(ReplayTest, NothingFitsIntoNoCapacity) {
  for (const auto& [policy, count] : hits(replay(keys({1, 1, 1}), all_policies({0}))))
    EXPECT_EQ(count, 0u) << policy;
}

TEST(ReplayTest, RequestsCostTheirBytes) {
  ReplayOptions options = all_policies({10});
  options.unit = CapacityUnit::bytes;
  const std::vector<Request> requests{{1, 4}, {2, 6}, {1, 4}, {3, 11}, {2, 6}, {4, 1}, {1, 4}};
  // 1 and 2 fit together, 3 never, and 4 takes the place of one of them.
  options.policies = {"lru"};
  EXPECT_EQ(replay(trace_of(requests), options).value()[0].hits, 2u);
  options.policies = {"fifo"};
  EXPECT_EQ(replay(trace_of(requests), options).value()[0].hits, 2u);
}

TEST(ReplayTest, BytesNeedATraceThatHasThem) {
  ReplayOptions options = all_policies({10});
  options.unit = CapacityUnit::bytes;
  EXPECT_EQ(replay(keys({1}), options).error().code, Errc::invalid_argument);
}

TEST(ReplayTest, AnEmptyTraceHasNoRatio) {
  const auto rows = replay(keys({}), all_policies({5}));
  for (const ReplayRow& row : rows.value()) {
    EXPECT_EQ(row.requests, 0u);
    EXPECT_EQ(row.hit_ratio(), 0);
  }
}

TEST(ReplayTest, ALongTraceGoesThroughInBatches) {
  std::vector<Request> requests;
  for (std::uint64_t i = 0; i < 50'000; ++i) requests.push_back({.key = i % 100});
  const auto rows = replay(trace_of(requests), all_policies({100}));
  for (const ReplayRow& row : rows.value()) {
    EXPECT_EQ(row.requests, 50'000u);
    EXPECT_EQ(row.hits, 49'900u);
  }
}

TEST(ReplayTest, ATraceThatFailsFailsTheReplay) {
  int calls = 0;
  Trace broken = [&calls](std::span<Request> room) -> Result<std::size_t> {
    if (++calls == 2) return fail(Errc::invalid_argument, "x:7: bad");
    room[0] = {.key = 1};
    return 1;
  };
  EXPECT_EQ(replay(std::move(broken), all_policies({5})).error().message, "x:7: bad");
}

}  // namespace
}  // namespace ringcache
