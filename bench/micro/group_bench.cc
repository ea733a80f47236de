// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include <ringcache/group.h>
#include <ringcache/testing/fake_source.h>
#include <ringcache/testing/sim_scheduler.h>

#include "group/client_limits.h"

namespace ringcache {
namespace {

constexpr std::size_t kNames = 4096;

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < kNames; ++i) names.push_back("user:" + std::to_string(1'000'000 + i));
  return names;
}

/// Answers each get with 64 bytes, at once.
class InstantSource final : public Store {
 public:
  void get(const KeyView&, const Call&, Done<Value> done) override { done(Value{.bytes = row_}); }
  void put(const KeyView&, Value value, const Call&, Done<Value> done) override {
    done(std::move(value));
  }
  void erase(const KeyView&, const Call&, Done<void> done) override { done({}); }

 private:
  Bytes row_ = Bytes::copy(std::string(64, 'v'));
};

struct Alone {
  explicit Alone(GroupLimits limits = {})
      : group({.name = "g", .limits = limits}, std::make_shared<InstantSource>(), cluster,
              *scheduler) {}

  std::unique_ptr<Scheduler> scheduler = thread_scheduler(1);
  Cluster cluster{"a", nullptr};
  Group group;
};

/// What a hit costs below the group: the same keys and values in a bare cache.
void BM_CacheFind(benchmark::State& state) {
  const auto scheduler = thread_scheduler(1);
  Cache cache({}, *scheduler);
  const auto keys = names();
  for (const auto& name : keys) cache.insert({"g", name}, {.bytes = Bytes::copy(name)});
  std::size_t i = 0;
  for (auto _ : state) {
    const KeyView key("g", keys[i++ % kNames]);
    benchmark::DoNotOptimize(cache.find(key));
  }
}
BENCHMARK(BM_CacheFind);

void BM_GroupHit(benchmark::State& state) {
  Alone node;
  const auto keys = names();
  for (const auto& name : keys) node.group.get({"g", name}, {}, [](const Result<Value>&) {});
  std::size_t i = 0, bytes = 0;
  for (auto _ : state) {
    const KeyView key("g", keys[i++ % kNames]);
    node.group.get(key, {}, [&](const Result<Value>& got) { bytes += got->bytes.size(); });
  }
  benchmark::DoNotOptimize(bytes);
}
BENCHMARK(BM_GroupHit);

/// The same under a rate limit that nobody reaches, asked by the argument's number of clients in
/// turn.
void BM_GroupHitOfAClient(benchmark::State& state) {
  Alone node({.rate_limit = {.per_client = 1e9, .total = 1e9}});
  const auto keys = names();
  for (const auto& name : keys) node.group.get({"g", name}, {}, [](const Result<Value>&) {});
  std::vector<std::string> clients;
  for (int c = 0; c < state.range(0); ++c) clients.push_back("10.0.0." + std::to_string(c));
  std::size_t i = 0, bytes = 0;
  for (auto _ : state) {
    const KeyView key("g", keys[++i % kNames]);
    node.group.get(key, {.client = clients[i % clients.size()]},
                   [&](const Result<Value>& got) { bytes += got->bytes.size(); });
  }
  benchmark::DoNotOptimize(bytes);
}
BENCHMARK(BM_GroupHitOfAClient)->Arg(1)->Arg(1'000);

/// What each of so many threads pays, all of them the same client.
void BM_ClientLimits(benchmark::State& state) {
  static testing::SimScheduler clock;
  static ClientLimits limits("g", 100'000);
  if (state.thread_index() == 0) limits.set({.per_client = 1e9});
  for (auto _ : state) benchmark::DoNotOptimize(limits.refuse({.client = "10.0.0.1"}, 1, clock));
}
BENCHMARK(BM_ClientLimits)->ThreadRange(1, 8)->UseRealTime();

/// A miss and all its bookkeeping, over a source that costs nothing: each copy is dropped before it
/// is asked for again.
void BM_GroupMiss(benchmark::State& state) {
  Alone node({.max_age = Duration{0}});
  const auto keys = names();
  std::size_t i = 0, bytes = 0;
  for (auto _ : state) {
    const KeyView key("g", keys[i++ % kNames]);
    node.group.get(key, {}, [&](const Result<Value>& got) { bytes += got->bytes.size(); });
  }
  benchmark::DoNotOptimize(bytes);
}
BENCHMARK(BM_GroupMiss);

void BM_GroupPut(benchmark::State& state) {
  Alone node;
  const auto keys = names();
  const Bytes row = Bytes::copy(std::string(64, 'v'));
  std::size_t i = 0;
  for (auto _ : state) {
    const KeyView key("g", keys[i++ % kNames]);
    node.group.put(key, Value{.bytes = row}, {}, [](const Result<Value>&) {});
  }
}
BENCHMARK(BM_GroupPut);

/// The argument's number of gets wait for one load, each with a deadline of its own.
void BM_GroupShared(benchmark::State& state) {
  auto source = std::make_shared<testing::FakeSource>();
  const auto scheduler = thread_scheduler(1);
  Cluster cluster("a", nullptr);
  Group group({.name = "g", .limits = {.max_age = Duration{0}}}, source, cluster, *scheduler);
  source->set("k", "v");
  for (auto _ : state) {
    source->hold();
    for (int i = 0; i < state.range(0); ++i)
      group.get({"g", "k"}, {.deadline = scheduler->now() + std::chrono::seconds(1)},
                [](const Result<Value>&) {});
    source->open();
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_GroupShared)->Arg(1'000);

}  // namespace
}  // namespace ringcache
