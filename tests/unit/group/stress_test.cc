// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <ringcache/group.h>
#include <ringcache/testing/fake_source.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

/// Hands calls to a group of the same process, as a peer's wire would, on the scheduler's threads.
/// Calls may outlive it: a ring without the member drops it.
class InProcessPeer final : public Store {
 public:
  InProcessPeer(Scheduler& scheduler, std::weak_ptr<Group>& group)
      : scheduler_(scheduler), group_(group) {}

  void get(const KeyView& key, const Call& call, Done<Value> done) override {
    post(std::move(done), [key = OwnedKey(key), call](Group& group, Done<Value> answer) {
      group.get(key.view(), call, std::move(answer));
    });
  }
  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
    post(std::move(done), [key = OwnedKey(key), value, call](Group& group, Done<Value> answer) {
      group.put(key.view(), value, call, std::move(answer));
    });
  }
  void erase(const KeyView& key, const Call& call, Done<void> done) override {
    post(std::move(done), [key = OwnedKey(key), call](Group& group, Done<void> answer) {
      group.erase(key.view(), call, std::move(answer));
    });
  }

 private:
  template <class T, class Deliver>
  void post(Done<T> done, Deliver deliver) {
    scheduler_.post([&door = group_, done = std::move(done), deliver = std::move(deliver)] mutable {
      if (const auto group = door.lock())
        deliver(*group, std::move(done));
      else
        done(fail(Errc::unavailable, "gone"));
    });
  }

  Scheduler& scheduler_;
  std::weak_ptr<Group>& group_;
};

/// Two nodes in one process, on real threads.
class GroupStressTest : public ::testing::Test {
 protected:
  static constexpr int kThreads = 4;
  static constexpr int kCalls = 1'500;  // per thread
  static constexpr GroupLimits kShortLives{
      .capacity = 64 << 10, .max_age = 2ms, .stale_while_revalidate = 1ms, .stale_if_error = 3ms};

  GroupStressTest() {
    source = std::make_shared<testing::FakeSource>(*scheduler, [] { return 200us; });
    for (std::size_t i = 0; i < 2; ++i) {
      clusters[i] = std::make_unique<Cluster>(
          std::string(1, static_cast<char>('a' + i)),
          [this](const Member& member) {
            return std::make_shared<InProcessPeer>(*scheduler, doors[member.name == "a" ? 0 : 1]);
          },
          RingOptions{.type = RingType::classic, .replicas = 8});
      groups[i] =
          std::make_shared<Group>(GroupOptions{.name = "g"}, source, *clusters[i], *scheduler);
      doors[i] = groups[i];
    }
  }

  ~GroupStressTest() override {
    for (auto& group : groups) group.reset();
    for (const auto& door : doors)
      while (!door.expired()) std::this_thread::yield();  // a peer's call is still inside
    scheduler.reset();  // a call that found nobody at home has still to leave its door
  }

  void show(std::uint64_t epoch, bool both) {
    View view{.epoch = epoch, .members = {{.id = "1", .name = "a", .address = "a"}}};
    if (both) view.members.push_back({.id = "2", .name = "b", .address = "b"});
    for (auto& cluster : clusters) cluster->update(view);
  }

  void call_at_random(unsigned seed, std::latch& all) {
    std::mt19937 random(seed);
    for (int i = 0; i < kCalls; ++i) {
      const std::string name = "key-" + std::to_string(random() % 16);
      Group& group = *groups[random() % 2];
      const Call call{.deadline = scheduler->now() + std::chrono::microseconds(random() % 20'000),
                      .max_stale = std::chrono::microseconds(random() % 2 * 1'000)};
      const auto count = [&](const auto&) { answers++, all.count_down(); };
      switch (random() % 8) {
        case 0:
          group.put({"g", name}, Value{.bytes = Bytes::copy("v")}, call, count);
          break;
        case 1:
          group.erase({"g", name}, call, count);
          break;
        default:
          group.get({"g", name}, call, count);
      }
    }
  }

  std::shared_ptr<testing::FakeSource> source;  // outlives the scheduler, which runs its tasks
  std::unique_ptr<Scheduler> scheduler = thread_scheduler(3);
  std::unique_ptr<Cluster> clusters[2];
  std::shared_ptr<Group> groups[2];
  std::weak_ptr<Group> doors[2];
  std::atomic<int> answers{0};
};

TEST_F(GroupStressTest, UnderThreadsAndRingChangesEachCallIsAnsweredOnce) {
  for (auto& group : groups) group->set_limits(kShortLives);
  std::latch all(kThreads * kCalls);
  std::atomic<bool> stop{false};
  std::thread rings([&] {
    for (std::uint64_t epoch = 1; !stop; ++epoch) {
      show(epoch, epoch % 3 != 0);
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> callers;
  for (unsigned i = 0; i < kThreads; ++i)
    callers.emplace_back([this, i, &all] { call_at_random(i + 1, all); });
  for (auto& caller : callers) caller.join();
  all.wait();
  stop = true;
  rings.join();
  EXPECT_EQ(answers, kThreads * kCalls);
}

TEST_F(GroupStressTest, AGroupMayEndWhileItsLoadsAreInFlight) {
  show(1, true);
  for (int round = 0; round < 50; ++round) {
    auto doomed =
        std::make_unique<Group>(GroupOptions{.name = "g"}, source, *clusters[0], *scheduler);
    std::latch all(8);
    for (int i = 0; i < 8; ++i)
      doomed->get({"g", "key-" + std::to_string(i % 4)}, {},
                  [&](const Result<Value>&) { answers++, all.count_down(); });
    for (int i = 0; i < round; ++i) std::this_thread::yield();
    doomed.reset();
    all.wait();
  }
  EXPECT_EQ(answers, 400);
}

TEST_F(GroupStressTest, ThousandsOfGetsOfAColdKeyLoadItOnce) {
  show(1, true);
  source->set("cold", "v");
  std::latch all(kThreads * 750);
  std::vector<std::thread> callers;
  for (std::size_t i = 0; i < kThreads; ++i)
    callers.emplace_back([&, i] {
      for (int n = 0; n < 750; ++n)
        groups[i % 2]->get({"g", "cold"}, {}, [&](const Result<Value>&) { all.count_down(); });
    });
  for (auto& caller : callers) caller.join();
  all.wait();
  EXPECT_EQ(source->count("cold").gets, 1u);
}

}  // namespace
}  // namespace ringcache
