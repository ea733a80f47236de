// SPDX-License-Identifier: Apache-2.0
#include <ringcache/store.h>

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

/// Answers on another thread, or keeps the completion for ever.
class SlowStore final : public Store {
 public:
  void get(const KeyView& key, const Call&, Done<Value> done) override {
    if (key.name == "never") return kept.push_back(std::move(done));
    threads.emplace_back([done = std::move(done), name = std::string(key.name)]() mutable {
      done(Value{.bytes = Bytes::copy(name)});
    });
  }
  void put(const KeyView&, Value, const Call&, Done<Value> done) override {
    kept.push_back(std::move(done));
  }
  void erase(const KeyView&, const Call&, Done<void> done) override {
    done(fail(Errc::unsupported, "read-only"));
  }

  std::vector<Done<Value>> kept;
  std::vector<std::jthread> threads;
};

TEST(StoreTest, ABlockingGetWaitsForTheOtherThread) {
  SlowStore store;
  EXPECT_EQ(get_blocking(store, KeyView("g", "k"))->bytes.view(), "k");
}

TEST(StoreTest, ABlockingGetLeavesAtItsDeadline) {
  SlowStore store;
  const auto result =
      get_blocking(store, KeyView("g", "never"), {.deadline = BootClock::now() + 5ms});
  EXPECT_EQ(result.error().code, Errc::deadline_exceeded);
  store.kept.front()(Value{});  // the late answer harms nobody
}

TEST(StoreTest, ManyKeysAreAnsweredInTheirOrder) {
  SlowStore store;
  const KeyView keys[] = {{"g", "one"}, {"g", "two"}, {"g", "three"}};
  const auto values = get_many_blocking(store, keys);
  ASSERT_EQ(values->size(), 3u);
  for (int i = 0; i < 3; ++i) EXPECT_EQ((*values)[i]->bytes.view(), keys[i].name);
}

TEST(StoreTest, OfNoKeysThereIsAnAnswerToo) {
  SlowStore store;
  EXPECT_TRUE(get_many_blocking(store, {})->empty());
}

TEST(StoreTest, OneKeyThatNeverComesHoldsTheOthersOnlyUntilTheDeadline) {
  SlowStore store;
  const KeyView keys[] = {{"g", "one"}, {"g", "never"}};
  const auto values = get_many_blocking(store, keys, {.deadline = BootClock::now() + 5ms});
  EXPECT_EQ(values.error().code, Errc::deadline_exceeded);
  store.kept.front()(Value{});  // the late answer harms nobody
}

TEST(StoreTest, ABlockingPutThatIsLateIsUnknown) {
  SlowStore store;
  const auto result =
      put_blocking(store, KeyView("g", "k"), {}, {.deadline = BootClock::now() + 5ms});
  EXPECT_EQ(result.error().code, Errc::unknown);
}

TEST(StoreTest, ABlockingEraseHandsTheErrorOn) {
  SlowStore store;
  EXPECT_EQ(erase_blocking(store, KeyView("g", "k")).error().code, Errc::unsupported);
}

TEST(StoreTest, AnEtagIsSixteenHexDigitsOfTheBytesAlone) {
  EXPECT_EQ(etag_of("100").size(), 16u);
  EXPECT_EQ(etag_of("100"), etag_of("100"));
  EXPECT_NE(etag_of("100"), etag_of("101"));
}

TEST(StoreTest, AnOwnedKeyOutlivesItsSource) {
  std::string name = "temporary";
  const OwnedKey key(KeyView("g", name));
  name = "overwritten";
  EXPECT_EQ(key.view().name, "temporary");
  EXPECT_EQ(key.view().hash, hash64("temporary"));
}

}  // namespace
}  // namespace ringcache
