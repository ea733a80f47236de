// SPDX-License-Identifier: Apache-2.0
#include <benchmark/benchmark.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <ringcache/cluster.h>
#include <ringcache/ring.h>
#include <ringcache/testing/fake_membership.h>

namespace ringcache {
namespace {

constexpr std::size_t kNames = 4096;

std::vector<Member> nodes(std::int64_t count) {
  std::vector<Member> members;
  members.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i)
    members.push_back(testing::fake_member("10.0.0." + std::to_string(i) + ":9999"));
  return members;
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  names.reserve(kNames);
  for (std::size_t i = 0; i < kNames; ++i) names.push_back("user:" + std::to_string(1'000'000 + i));
  return names;
}

RingOptions options(const benchmark::State& state) {
  return {.type = static_cast<RingType>(state.range(0))};
}

/// Arguments: 0 slots or 1 classic; members.
void make_ring(benchmark::State& state) {
  const auto members = nodes(state.range(1));
  for (auto _ : state) {
    const Ring ring(View{.epoch = 1, .members = members}, options(state));
    benchmark::DoNotOptimize(ring.members().data());
  }
}
BENCHMARK(make_ring)->ArgsProduct({{0, 1}, {3, 10, 100}})->Unit(benchmark::kMillisecond);

void locate(benchmark::State& state) {
  const Ring ring(View{.epoch = 1, .members = nodes(state.range(1))}, options(state));
  const auto keys = names();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(ring.locate({"scores", keys[i++ % kNames]}).owner);
}
BENCHMARK(locate)->ArgsProduct({{0, 1}, {3, 100}});

struct NoStore final : Store {
  void get(const KeyView&, const Call&, Done<Value>) override {}
  void put(const KeyView&, Value, const Call&, Done<Value>) override {}
  void erase(const KeyView&, const Call&, Done<void>) override {}
};

/// Argument: members. Two keys in three (or more) are a peer's, whose count of users all threads
/// share.
void owner(benchmark::State& state) {
  static std::unique_ptr<Cluster> cluster;
  if (state.thread_index() == 0) {
    cluster = std::make_unique<Cluster>("10.0.0.0:9999",
                                        [](const Member&) { return std::make_shared<NoStore>(); });
    cluster->update(View{.epoch = 1, .members = nodes(state.range(0))});
  }
  const auto keys = names();
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(cluster->owner({"scores", keys[i++ % kNames]}));
}
BENCHMARK(owner)->Arg(1)->Arg(3)->Arg(100)->Threads(1)->Threads(2)->UseRealTime();

/// The same through std::atomic<std::shared_ptr>: what Published is there to beat.
void owner_by_atomic_shared_ptr(benchmark::State& state) {
  struct Map {
    Ring ring;
    std::vector<std::shared_ptr<Store>> peers;
  };
  static std::atomic<std::shared_ptr<const Map>> published;
  if (state.thread_index() == 0) {
    auto map = std::make_shared<Map>();
    map->ring = Ring(View{.epoch = 1, .members = nodes(state.range(0))});
    map->peers.resize(map->ring.members().size());
    for (std::size_t i = 1; i < map->peers.size(); ++i) map->peers[i] = std::make_shared<NoStore>();
    published = std::move(map);
  }
  const auto keys = names();
  std::size_t i = 0;
  for (auto _ : state) {
    const auto map = published.load();
    const KeyView key("scores", keys[i++ % kNames]);
    const std::shared_ptr<Store> peer = map->peers[map->ring.locate(key).owner];
    benchmark::DoNotOptimize(peer.get());
  }
}
BENCHMARK(owner_by_atomic_shared_ptr)
    ->Arg(1)
    ->Arg(3)
    ->Arg(100)
    ->Threads(1)
    ->Threads(2)
    ->UseRealTime();

/// Not a time but a balance: a million random keys over that many members, five sets of names.
void spread_million_keys(benchmark::State& state) {
  constexpr int kKeys = 1'000'000;
  const auto count = state.range(0);
  double slots = 0, keys = 0;
  for (auto _ : state) {
    for (std::uint64_t set = 0; set < 5; ++set) {
      auto members = nodes(count);
      for (Member& member : members) member.name += "/" + std::to_string(set);
      const Ring ring(View{.epoch = 1, .members = std::move(members)});
      std::vector<int> hits(static_cast<std::size_t>(count));
      std::mt19937_64 random(set);
      for (int i = 0; i < kKeys; ++i)
        ++hits[ring.locate({"scores", std::to_string(random())}).owner];
      keys = std::max(keys, *std::ranges::max_element(hits) * double(count) / kKeys);
      const auto shares = ring.shares();
      slots = std::max(slots, *std::ranges::max_element(shares) * double(count));
    }
  }
  state.counters["slots_max_over_mean"] = slots;
  state.counters["keys_max_over_mean"] = keys;
}
BENCHMARK(spread_million_keys)
    ->Arg(3)
    ->Arg(10)
    ->Arg(100)
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

/// What a change moves over the share it must: `before` members, `joined` (or, negative, leaving),
/// over 20 sets of names.
void move_slots(benchmark::State& state) {
  const auto count = state.range(0), change = std::abs(state.range(1));
  double sum = 0, worst = 0;
  constexpr int kSets = 20;
  for (auto _ : state) {
    for (int set = 0; set < kSets; ++set) {
      auto large = nodes(state.range(1) > 0 ? count + change : count);
      for (Member& member : large) member.name += "/" + std::to_string(set);
      const std::vector<Member> small(large.begin() + change, large.end());
      const Ring more(View{.epoch = 1, .members = large});
      const double moved = more.moved_from(Ring(View{.epoch = 2, .members = small}));
      const double ratio = moved * double(large.size()) / double(change);
      sum += ratio;
      worst = std::max(worst, ratio);
    }
  }
  state.counters["mean"] = sum / kSets;
  state.counters["worst"] = worst;
}
BENCHMARK(move_slots)
    ->ArgsProduct({{3, 10, 100}, {1, 2, -1, -2}})
    ->Args({100, 10})
    ->Args({100, -10})
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace ringcache
