// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "support/one_node.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::ask_erase;
using testing::ask_invalidate;
using testing::ask_put;

/// The way to a member that is frozen: what it is asked for is answered when the way ends, as an
/// HTTP peer does.
class Frozen final : public Store {
 public:
  ~Frozen() override {
    answer(fail(Errc::unknown, "no longer a peer"), fail(Errc::unavailable, "no longer a peer"));
  }

  void answer(const Result<Value>& write, const Result<std::uint64_t>& copies) {
    for (auto& done : std::exchange(writes_, {})) done(write);
    for (auto& done : std::exchange(invalidations_, {})) done(copies);
  }

  void get(const KeyView&, const Call&, Done<Value> done) override {
    writes_.push_back(std::move(done));
  }
  void put(const KeyView&, Value, const Call&, Done<Value> done) override {
    writes_.push_back(std::move(done));
  }
  void erase(const KeyView&, const Call&, Done<void> done) override {
    writes_.push_back([done = std::move(done)](Result<Value> result) mutable {
      done(std::unexpected(result.error()));
    });
  }
  void invalidate(const Invalidation&, const Call&, Done<std::uint64_t> done) override {
    invalidations_.push_back(std::move(done));
  }

 private:
  std::vector<Done<Value>> writes_;
  std::vector<Done<std::uint64_t>> invalidations_;
};

class DepartedPeerTest : public ::testing::Test {
 protected:
  DepartedPeerTest() { cluster.update({1, {{.id = "1", .name = "a"}, {.id = "2", .name = "b"}}}); }

  void leave() { cluster.update({2, {{.id = "1", .name = "a"}}}); }
  std::string key_of_the_other() const {
    for (int i = 0;; ++i) {
      std::string name = "key-" + std::to_string(i);
      if (!cluster.owns({"g", name})) return name;
    }
  }

  testing::SimScheduler scheduler;
  std::shared_ptr<testing::FakeSource> source = std::make_shared<testing::FakeSource>();
  std::weak_ptr<Frozen> other;
  Cluster cluster{"a", [this](const Member&) {
                    auto made = std::make_shared<Frozen>();
                    other = made;
                    return made;
                  }};
  Group group{{.name = "g"}, source, cluster, scheduler};
};

TEST_F(DepartedPeerTest, AWriteWithoutADeadlineIsAnsweredWhenItsOwnerLeaves) {
  const std::string name = key_of_the_other();
  const auto put = ask_put(group, {"g", name}, "v");
  const auto erase = ask_erase(group, {"g", name});
  scheduler.settle();
  EXPECT_EQ(put.word(), "waiting");
  leave();
  scheduler.settle();
  EXPECT_EQ(put.word(), "unknown");
  EXPECT_EQ(erase.word(), "unknown");
}

TEST_F(DepartedPeerTest, AnInvalidationWithoutADeadlineIsAnsweredWhenAMemberLeaves) {
  const auto asked = ask_invalidate(group, {.group = "g", .all = true});
  scheduler.settle();
  EXPECT_EQ(asked.word(), "waiting");
  leave();
  scheduler.settle();
  EXPECT_EQ(asked.word(), "unavailable");
}

TEST_F(DepartedPeerTest, OneThatHasLeftMayAnswerUntilTheDeadline) {
  const Call call{.deadline = scheduler.now() + 10s};
  const auto put = ask_put(group, {"g", key_of_the_other()}, "v", call);
  const auto asked = ask_invalidate(group, {.group = "g", .all = true}, call);
  leave();
  scheduler.settle();
  EXPECT_EQ(put.word(), "waiting");
  EXPECT_EQ(asked.word(), "waiting");
  other.lock()->answer(Value{.bytes = Bytes::copy("v")}, 7);
  EXPECT_EQ(put.word(), "v");
  EXPECT_EQ(asked.word(), "7");
  EXPECT_TRUE(other.expired());
}

}  // namespace
}  // namespace ringcache
