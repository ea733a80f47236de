// SPDX-License-Identifier: Apache-2.0
#include <ringcache/cluster.h>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include <ringcache/testing/fake_membership.h>

namespace ringcache {
namespace {

using testing::fake_member;
using testing::fake_members;
using testing::FakeMembership;

/// A way to a member that knows whose it is; nobody asks it anything.
struct FakePeer final : Store {
  explicit FakePeer(Member m) : member(std::move(m)) {}
  void get(const KeyView&, const Call&, Done<Value> done) override { done(Value{}); }
  void put(const KeyView&, Value value, const Call&, Done<Value> done) override {
    done(std::move(value));
  }
  void erase(const KeyView&, const Call&, Done<void> done) override { done({}); }

  Member member;
};

class ClusterTest : public ::testing::Test {
 protected:
  using Changes = std::vector<std::pair<std::uint64_t, bool>>;  // epoch, forget_all

  ClusterTest()
      : cluster_("a", [this](const Member& member) { return connect(member); }),
        subscription_(cluster_.subscribe([this](const Ring& ring, bool forget_all) {
          changes_.emplace_back(ring.epoch(), forget_all);
        })) {
    EXPECT_TRUE(membership_.join(fake_member("a"),
                                 [this](View view) { cluster_.update(std::move(view)); }));
  }

  std::shared_ptr<Store> connect(const Member& member) {
    auto peer = std::make_shared<FakePeer>(member);
    connected_.push_back(member.id);
    peers_[member.name] = peer;
    return peer;
  }

  /// The owner's name of each of some keys, as owner() has it.
  std::vector<std::string> owners() const {
    std::vector<std::string> names;
    for (int i = 0; i < 200; ++i) {
      const std::string name = "key" + std::to_string(i);
      const auto peer = std::static_pointer_cast<FakePeer>(cluster_.owner({"g", name}));
      names.push_back(peer ? peer->member.name : "a");
      EXPECT_EQ(cluster_.owns({"g", name}), peer == nullptr);
    }
    return names;
  }

  std::vector<std::string> owners_by_ring() const {
    std::vector<std::string> names;
    const auto ring = cluster_.ring();
    for (int i = 0; i < 200; ++i) {
      const std::string name = "key" + std::to_string(i);
      names.push_back(ring->owner({"g", name}).name);
    }
    return names;
  }

  bool forgets_all() const { return changes_.back().second; }

  std::vector<std::string> connected_;
  std::map<std::string, std::weak_ptr<FakePeer>> peers_;
  Changes changes_;
  Cluster cluster_;
  std::unique_ptr<Cluster::Subscription> subscription_;
  FakeMembership membership_;
};

TEST_F(ClusterTest, OwnsEverythingBeforeAnyView) {
  EXPECT_EQ(owners(), std::vector<std::string>(200, "a"));
  EXPECT_TRUE(cluster_.ring()->empty());
  EXPECT_EQ(cluster_.self(), "a");
}

TEST_F(ClusterTest, OwnsEverythingAloneAndInAnEmptyView) {
  membership_.push(fake_members({"a"}));
  EXPECT_EQ(owners(), std::vector<std::string>(200, "a"));
  membership_.push(std::vector<Member>{});
  EXPECT_EQ(owners(), std::vector<std::string>(200, "a"));
}

TEST_F(ClusterTest, SendsEachKeyWhereTheRingSays) {
  membership_.push(fake_members({"a", "b", "c"}));
  EXPECT_EQ(owners(), owners_by_ring());
}

TEST_F(ClusterTest, OwnsNothingInAViewOfOthers) {
  membership_.push(fake_members({"b", "c"}));
  const auto names = owners();
  EXPECT_EQ(std::count(names.begin(), names.end(), "a"), 0);
  EXPECT_EQ(names, owners_by_ring());
}

TEST_F(ClusterTest, ConnectsToEachIncarnationOnce) {
  membership_.push(fake_members({"a", "b"}));
  membership_.push(fake_members({"a", "b", "c"}));
  membership_.push({fake_member("a"), fake_member("b", 2), fake_member("c")});
  EXPECT_EQ(connected_, (std::vector<std::string>{"b#1", "c#1", "b#2"}));
}

TEST_F(ClusterTest, ConnectsAgainToAMovedAddress) {
  membership_.push(fake_members({"a", "b"}));
  auto moved = fake_members({"a", "b"});
  moved[1].address = "elsewhere:1";
  membership_.push(moved);
  EXPECT_EQ(connected_, (std::vector<std::string>{"b#1", "b#1"}));
}

TEST_F(ClusterTest, AMemberThatLeftGoesWithItsLastUser) {
  membership_.push(fake_members({"a", "b"}));
  const std::weak_ptr<FakePeer> peer = peers_["b"];
  auto in_use = peer.lock();
  membership_.push(fake_members({"a"}));
  EXPECT_FALSE(peer.expired());
  in_use.reset();
  EXPECT_TRUE(peer.expired());
}

TEST_F(ClusterTest, IgnoresOlderAndEqualEpochs) {
  membership_.push(View{.epoch = 5, .members = fake_members({"a", "b"})});
  membership_.push(View{.epoch = 5, .members = fake_members({"a"})});
  membership_.push(View{.epoch = 4, .members = fake_members({"a"})});
  EXPECT_EQ(cluster_.ring()->members().size(), 2u);
  EXPECT_EQ(changes_.size(), 1u);
}

TEST_F(ClusterTest, AcceptsAFirstViewOfEpochZero) {
  membership_.push(View{.epoch = 0, .members = fake_members({"b"})});
  EXPECT_FALSE(cluster_.owns({"g", "k"}));
}

TEST_F(ClusterTest, PublishesBeforeItTells) {
  std::uint64_t seen = 0;
  const auto late = cluster_.subscribe([&](const Ring&, bool) { seen = cluster_.ring()->epoch(); });
  membership_.push(View{.epoch = 9, .members = fake_members({"a", "b"})});
  EXPECT_EQ(seen, 9u);
}

TEST_F(ClusterTest, ForgetsNothingWhileItStays) {
  membership_.push(fake_members({"a", "b"}));
  membership_.push(fake_members({"a", "b", "c"}));
  EXPECT_FALSE(forgets_all());
  membership_.push(fake_members({"a", "c"}));
  EXPECT_FALSE(forgets_all());
}

TEST_F(ClusterTest, ForgetsAllAfterAGap) {
  membership_.push(fake_members({"a", "b"}));
  membership_.push(fake_members({"a", "b"}), true);
  EXPECT_TRUE(forgets_all());
}

TEST_F(ClusterTest, ForgetsAllAsANewIncarnation) {
  membership_.push(fake_members({"a", "b"}));
  membership_.push({fake_member("a", 2), fake_member("b")});
  EXPECT_TRUE(forgets_all());
}

TEST_F(ClusterTest, ForgetsAllWhenItComesBack) {
  membership_.push(fake_members({"a", "b"}));
  membership_.push(fake_members({"b"}));
  EXPECT_FALSE(forgets_all());
  membership_.push(fake_members({"a", "b"}));
  EXPECT_TRUE(forgets_all());
}

TEST_F(ClusterTest, ForgetsAllWhenItFirstJoinsOthers) {
  // Before, it owned everything in its own eyes, and others may have written since.
  membership_.push(fake_members({"a", "b"}));
  EXPECT_TRUE(forgets_all());
}

TEST_F(ClusterTest, TellsNobodyWhoLeft) {
  membership_.push(fake_members({"a"}));
  subscription_.reset();
  membership_.push(fake_members({"a", "b"}));
  EXPECT_EQ(changes_.size(), 1u);
}

TEST_F(ClusterTest, ASubscriptionMayEndInsideItsOwnCall) {
  int calls = 0;
  std::unique_ptr<Cluster::Subscription> own;
  own = cluster_.subscribe([&](const Ring&, bool) {
    ++calls;
    own.reset();
  });
  membership_.push(fake_members({"a"}));
  membership_.push(fake_members({"a", "b"}));
  EXPECT_EQ(calls, 1);
}

TEST_F(ClusterTest, ASubscriptionEndedByAnotherIsNotCalledAnyMore) {
  int calls = 0;
  std::unique_ptr<Cluster::Subscription> victim;
  const auto killer = cluster_.subscribe([&](const Ring&, bool) { victim.reset(); });
  victim = cluster_.subscribe([&](const Ring&, bool) { ++calls; });
  membership_.push(fake_members({"a"}));
  EXPECT_EQ(calls, 0);
}

TEST_F(ClusterTest, ASubscriptionMayOutliveTheCluster) {
  auto cluster = std::make_unique<Cluster>("x", nullptr);
  const auto subscription = cluster->subscribe([](const Ring&, bool) {});
  cluster.reset();
}

TEST_F(ClusterTest, AViewFromInsideAChangeComesAfterIt) {
  std::vector<std::string> log;
  const auto nested = cluster_.subscribe([&](const Ring& ring, bool) {
    log.push_back("begin " + std::to_string(ring.epoch()));
    if (ring.epoch() == 1) cluster_.update(View{.epoch = 2, .members = fake_members({"a", "b"})});
    log.push_back("end " + std::to_string(ring.epoch()));
  });
  membership_.push(fake_members({"a"}));
  EXPECT_EQ(log, (std::vector<std::string>{"begin 1", "end 1", "begin 2", "end 2"}));
  EXPECT_EQ(cluster_.ring()->epoch(), 2u);
}

TEST_F(ClusterTest, AnOvertakenViewIsAGap) {
  const auto nested = cluster_.subscribe([&](const Ring& ring, bool) {
    if (ring.epoch() != 1) return;
    cluster_.update(View{.epoch = 2, .members = fake_members({"a", "b"})});
    cluster_.update(View{.epoch = 3, .members = fake_members({"a"})});
  });
  membership_.push(fake_members({"a"}));
  EXPECT_EQ(changes_, (Changes{{1, true}, {3, true}}));
}

TEST_F(ClusterTest, EndingASubscriptionWaitsForTheCallInProgress) {
  std::atomic<bool> inside = false, ended = false, finished = false;
  auto slow = cluster_.subscribe([&](const Ring&, bool) {
    inside = true;
    while (!ended) std::this_thread::yield();
    finished = true;
  });
  std::thread updater([&] { membership_.push(fake_members({"a", "b"})); });
  while (!inside) std::this_thread::yield();
  std::thread releaser([&] { ended = true; });
  slow.reset();
  EXPECT_TRUE(finished);
  updater.join();
  releaser.join();
}

class ClusterStress : public ::testing::Test {
 protected:
  static constexpr RingOptions kQuick{.type = RingType::classic, .replicas = 1};

  Cluster cluster_{"a", [](const Member& m) { return std::make_shared<FakePeer>(m); }, kQuick};
};

TEST_F(ClusterStress, ReadersAlwaysSeeOneWholeView) {
  // Views of one member each follow one another: the reader must find a member of one of them, and
  // a Store handed out stays good although its member has left.
  std::atomic<bool> stop = false;
  cluster_.update(View{.epoch = 1, .members = fake_members({"b"})});
  const auto read = [&] {
    while (!stop) {
      const auto peer = std::static_pointer_cast<FakePeer>(cluster_.owner({"g", "k"}));
      ASSERT_TRUE(peer);
      EXPECT_EQ(peer->member, fake_member(peer->member.name));
      EXPECT_EQ(cluster_.ring()->members().size(), 1u);
    }
  };
  std::thread first(read), second(read);
  for (std::uint64_t epoch = 2; epoch < 500; ++epoch)
    cluster_.update(View{.epoch = epoch, .members = fake_members({epoch % 2 ? "b" : "c"})});
  stop = true;
  first.join();
  second.join();
}

TEST_F(ClusterStress, UpdatesFromManyThreadsAreToldInOrder) {
  std::atomic<std::uint64_t> epoch = 0;
  std::vector<std::uint64_t> told;
  const auto teller =
      cluster_.subscribe([&](const Ring& ring, bool) { told.push_back(ring.epoch()); });
  const auto push = [&] {
    for (int i = 0; i < 200; ++i)
      cluster_.update(View{.epoch = ++epoch, .members = fake_members({"a", "b"})});
  };
  std::thread first(push), second(push);
  first.join();
  second.join();
  EXPECT_EQ(cluster_.ring()->epoch(), 400u);
  EXPECT_EQ(told.back(), 400u);
  EXPECT_EQ(std::ranges::adjacent_find(told, std::greater_equal<>()), told.end());
}

TEST_F(ClusterStress, AnEndedSubscriptionIsNeverCalled) {
  std::atomic<bool> stop = false;
  std::thread updater([&] {
    for (std::uint64_t epoch = 1; !stop; ++epoch)
      cluster_.update(View{.epoch = epoch, .members = fake_members({"a"})});
  });
  for (int i = 0; i < 300; ++i) {
    auto alive = std::make_unique<std::string>("a call after the end reads freed memory");
    const auto subscription =
        cluster_.subscribe([&alive](const Ring&, bool) { EXPECT_EQ(alive->size(), 39u); });
    std::this_thread::yield();
  }
  stop = true;
  updater.join();
}

}  // namespace
}  // namespace ringcache
