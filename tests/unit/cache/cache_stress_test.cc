// SPDX-License-Identifier: Apache-2.0
// Many threads on one small cache. Under ThreadSanitizer this is the proof that a shard's lock
// guards all that is shared; anywhere it shows that no thread reads another key's value.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <ringcache/cache.h>

namespace ringcache {
namespace {

class SharedClock final : public Scheduler {
 public:
  Time now() const noexcept override { return Time{} + Duration{ticks_.load()}; }
  void post(Task /*task*/) override {}
  void after(Duration /*delay*/, Task /*task*/) override {}
  void tick() { ++ticks_; }

 private:
  std::atomic<std::int64_t> ticks_{1'000'000};
};

constexpr int kThreads = 4;
constexpr int kSteps = 20'000;
constexpr std::uint64_t kKeys = 200;

/// One thread's share of the work; counts what it should never have seen.
int work(Cache& cache, SharedClock& clock, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  int wrong = 0;
  for (int i = 0; i < kSteps; ++i) {
    const std::string name = std::to_string(random() % kKeys);
    const KeyView key("", name);
    const std::uint64_t dice = random() % 1000;
    if (dice < 600) {
      const auto found = cache.find(key);
      if (found && found->bytes.view() != "value of " + name) ++wrong;
    } else if (dice < 950) {
      const Time expiry = dice % 4 == 0 ? clock.now() + Duration{5} : Time::max();
      cache.insert(key, {.bytes = Bytes::copy("value of " + name),
                         .version = random() % 5,
                         .expires_at = expiry});
    } else if (dice < 980) {
      cache.erase(key);
    } else if (dice < 990) {
      clock.tick();
    } else if (dice < 995) {
      cache.resize(10'000 + random() % 20'000);
    } else if (dice < 997) {
      cache.erase_if([](std::string_view any) { return any.ends_with('7'); }, Departure::moved);
    } else {
      wrong += cache.stats().charge > 30'000;
    }
  }
  return wrong;
}

class CacheStressTest : public ::testing::TestWithParam<PolicyKind> {};
INSTANTIATE_TEST_SUITE_P(Policies, CacheStressTest, ::testing::ValuesIn(policy_kinds()),
                         [](const auto& test) { return std::string(policy_name(test.param)); });

TEST_P(CacheStressTest, ThreadsShareACacheWithoutHarm) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  SharedClock clock;
  Cache cache({.capacity = 20'000, .policy = GetParam(), .shards = 2}, clock);
  std::atomic<int> wrong = 0;
  std::vector<std::jthread> threads;
  for (std::uint64_t i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] { wrong += work(cache, clock, seed + i); });
  threads.clear();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(cache.audit(), "");
  cache.clear();
  EXPECT_EQ(cache.stats().entries, 0u);
  EXPECT_LE(cache.stats().charge, cache.capacity() / 10) << "what is left is the policy's own";
}

}  // namespace
}  // namespace ringcache
