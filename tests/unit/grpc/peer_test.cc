// SPDX-License-Identifier: Apache-2.0
#include <ringcache/grpc.h>

#include <future>
#include <thread>

#include "support/deaf_port.h"
#include "unit/grpc/fixture.h"

namespace ringcache {
namespace {

using testing::DeafPort;

const KeyView kKey("scores", "k");
const KeyView kHeld("scores", "held");

Call within(Duration span) { return {.deadline = BootClock::now() + span}; }

class PeerTest : public GrpcFixture {
 protected:
  void SetUp() override {
    start();
    peer = grpc_peer(member_at(address()));
  }

  Result<Values> get_many(const std::vector<std::string>& names, const Call& call = {}) {
    return get_many(*peer, names, call);
  }

  static Result<Values> get_many(Store& from, const std::vector<std::string>& names,
                                 const Call& call = {}) {
    std::vector<KeyView> keys;
    for (const std::string& name : names) keys.emplace_back("scores", name);
    return get_many_blocking(from, keys, call);
  }

  std::shared_ptr<Store> peer;
};

TEST_F(PeerTest, AValueArrivesWithItsHistory) {
  const Time now = BootClock::now();
  store.set("k", {.bytes = Bytes::copy("100"),
                  .version = 7,
                  .loaded_at = now - 90s,
                  .expires_at = now + 600s,
                  .hit = true,
                  .load_time = 1500us});
  const auto value = get_blocking(*peer, kKey);
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->bytes.view(), "100");
  EXPECT_EQ(value->version, 7u);
  EXPECT_TRUE(value->hit);
  EXPECT_EQ(value->load_time, 1500us);
  EXPECT_NEAR(static_cast<double>((value->loaded_at - now) / 1ms), -90'000, 1'000);
  EXPECT_NEAR(static_cast<double>((value->expires_at - now) / 1ms), 600'000, 1'000);
}

TEST_F(PeerTest, StalenessTravelsBothWays) {
  store.set("k", {.bytes = Bytes::copy("100"), .hit = true, .stale = true});
  EXPECT_TRUE(get_blocking(*peer, kKey, {.max_stale = 1500us})->stale);
  EXPECT_EQ(store.last_call().max_stale, 1500us);
  store.set("k", {.bytes = Bytes::copy("100"), .hit = true});
  EXPECT_FALSE(get_blocking(*peer, kKey)->stale);
  EXPECT_EQ(store.last_call().max_stale, 0s);
}

TEST_F(PeerTest, ACopyIsNeverTakenForYoungerThanItIs) {
  const Time loaded = BootClock::now() - 5s;
  store.set("k", {.bytes = Bytes::copy("100"), .loaded_at = loaded});
  EXPECT_LE(get_blocking(*peer, kKey)->loaded_at, loaded + 1us);  // what a message rounds off
}

TEST_F(PeerTest, AValueWithoutEndOrAgeStaysSo) {
  store.set("k", {.bytes = Bytes::copy("100")});
  const auto value = get_blocking(*peer, kKey);
  EXPECT_EQ(value->expires_at, Time::max());
  EXPECT_EQ(value->loaded_at, Time{});
}

TEST_F(PeerTest, KeysAndValuesHoldAnyBytes) {
  std::string bytes;
  for (int b = 0; b < 256; ++b) bytes.push_back(static_cast<char>(b));
  const KeyView key("scores", bytes);
  ASSERT_TRUE(put_blocking(*peer, key, {.bytes = Bytes::copy(bytes)}));
  EXPECT_EQ(get_blocking(*peer, key)->bytes.view(), bytes);
  EXPECT_TRUE(erase_blocking(*peer, key));
  EXPECT_EQ(get_blocking(*peer, key).error().code, Errc::not_found);
}

TEST_F(PeerTest, TheLargestValueGoesThereAndBackAndALargerOneStaysHere) {
  const std::string value(16 << 20, 'v');
  ASSERT_TRUE(put_blocking(*peer, kKey, {.bytes = Bytes::copy(value)}));
  EXPECT_EQ(get_blocking(*peer, kKey)->bytes.view(), value);
  EXPECT_EQ(put_blocking(*peer, kKey, {.bytes = Bytes::copy(value + "v")}).error().code,
            Errc::too_large);
}

TEST_F(PeerTest, APutAnswersWhatTheStoreNowHolds) {
  EXPECT_EQ(put_blocking(*peer, kKey, {.bytes = Bytes::copy("v")})->bytes.view(), "v");
  const KeyView key("scores", "normalised");
  EXPECT_EQ(put_blocking(*peer, key, {.bytes = Bytes::copy("v")})->bytes.view(),
            "as the database has it");
}

TEST_F(PeerTest, ATtlTravels) {
  const Time end = BootClock::now() + 60s;
  ASSERT_TRUE(put_blocking(*peer, kKey, {.bytes = Bytes::copy("v"), .expires_at = end}));
  const auto value = get_blocking(*peer, kKey);
  EXPECT_NEAR(static_cast<double>((value->expires_at - end) / 1ms), 0, 1'000);
}

TEST_F(PeerTest, EveryErrorSurvivesTheWire) {
  for (const auto code :
       {Errc::not_found, Errc::no_such_group, Errc::invalid_argument, Errc::too_large,
        Errc::unsupported, Errc::overloaded, Errc::deadline_exceeded, Errc::unavailable,
        Errc::unknown, Errc::internal}) {
    const std::string name = "error:" + std::string(errc_name(code));
    const KeyView key("scores", name);
    EXPECT_EQ(get_blocking(*peer, key).error(), (Error{code, "as you wished"}));
    EXPECT_EQ(put_blocking(*peer, key, {}).error(), (Error{code, "as you wished"}));
    EXPECT_EQ(erase_blocking(*peer, key).error(), (Error{code, "as you wished"}));
  }
}

TEST_F(PeerTest, WhenToComeAgainSurvivesTheWire) {
  const KeyView key("scores", "later");
  EXPECT_EQ(get_blocking(*peer, key).error(), kLater);
  EXPECT_EQ(put_blocking(*peer, key, {}).error(), kLater);
  EXPECT_EQ(erase_blocking(*peer, key).error(), kLater);
  EXPECT_EQ(get_many({"later"})->at(0).error(), (Error{kLater.code, kLater.message, 1'235ms}));
}

TEST_F(PeerTest, ManyKeysAreOneMessageAndAnsweredInTheirOrder) {
  std::vector<std::string> names;
  for (int i = 0; i < 1'000; ++i) {
    names.push_back("k" + std::to_string(i * 7 % 500));
    store.set(names.back(), {.bytes = Bytes::copy("v" + names.back())});
  }
  const auto values = get_many(names);
  ASSERT_TRUE(values) << values.error().message;
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(values->at(i)->bytes.view(), "v" + names[i]);
  EXPECT_EQ(store.batches(), 1u);
  EXPECT_TRUE(store.last_call().forwarded);
}

TEST_F(PeerTest, AValueOfManyArrivesWithItsHistory) {
  const Time now = BootClock::now();
  std::string bytes;
  for (int b = 0; b < 256; ++b) bytes.push_back(static_cast<char>(b));
  store.set(bytes, {.bytes = Bytes::copy(bytes),
                    .version = 7,
                    .loaded_at = now - 90s,
                    .expires_at = now + 600s,
                    .hit = true,
                    .load_time = 1500us});
  const auto values = get_many({bytes});
  const Value& value = *values->at(0);
  EXPECT_EQ(value.bytes.view(), bytes);
  EXPECT_EQ(value.version, 7u);
  EXPECT_TRUE(value.hit);
  EXPECT_EQ(value.load_time, 1500us);
  EXPECT_LE(value.loaded_at, now - 90s + 1us);
  EXPECT_NEAR(static_cast<double>((value.expires_at - now) / 1ms), 600'000, 1'000);
}

TEST_F(PeerTest, EveryErrorOfOneKeySurvivesTheWire) {
  for (const auto code :
       {Errc::not_found, Errc::invalid_argument, Errc::too_large, Errc::unsupported,
        Errc::overloaded, Errc::deadline_exceeded, Errc::unavailable, Errc::internal}) {
    const auto values = get_many({"error:" + std::string(errc_name(code)), "none"});
    EXPECT_EQ(values->at(0).error(), (Error{code, "as you wished"}));
    EXPECT_EQ(values->at(1).error().code, Errc::not_found);
  }
}

TEST_F(PeerTest, ManyKeysOfNoGroupFailAsOne) {
  const KeyView keys[] = {{"none", "a"}, {"none", "b"}};
  EXPECT_EQ(get_many_blocking(*peer, keys).error(), (Error{Errc::no_such_group, "no such group"}));
  EXPECT_TRUE(get_many({})->empty());
}

TEST_F(PeerTest, MoreThanAMessageHoldsComesInSeveral) {
  const std::string large(1'500'000, 'v');
  store.set("large", {.bytes = Bytes::copy(large)});
  const auto values = get_many(std::vector<std::string>(7, "large"));
  ASSERT_TRUE(values) << values.error().message;
  for (const auto& value : *values) EXPECT_EQ(value->bytes.view(), large);
  EXPECT_EQ(store.batches(), 4u);
}

TEST_F(PeerTest, MoreKeysThanAMessageMayNameGoInSeveral) {
  const auto few = grpc_peer(member_at(address()), {.batch_keys_max = 10});
  store.set("k", {.bytes = Bytes::copy("100")});
  const auto values = get_many(*few, std::vector<std::string>(25, "k"));
  ASSERT_EQ(values->size(), 25u);
  EXPECT_EQ(values->back()->bytes.view(), "100");
  EXPECT_EQ(store.batches(), 3u);
}

TEST_F(PeerTest, ANodeOfSmallValuesTakesAnAnswerOfMany) {
  const auto small = grpc_peer(member_at(address()), {.value_bytes_max = 1'000});
  store.set("k", {.bytes = Bytes::copy(std::string(1'000, 'v'))});
  const auto values = get_many(*small, std::vector<std::string>(3'000, "k"));
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(values->back()->bytes.size(), 1'000u);
  EXPECT_EQ(store.batches(), 1u);
}

TEST_F(PeerTest, ManyKeysLeaveAtTheirDeadline) {
  const KeyView keys[] = {kKey, kHeld};
  std::promise<Errc> late;
  peer->get_many(keys, within(50ms), [&](Result<Values> r) { late.set_value(r.error().code); });
  EXPECT_EQ(late.get_future().get(), Errc::deadline_exceeded);
  store.release();
  server.reset();
  EXPECT_EQ(get_many({"k"}).error().code, Errc::unavailable);
}

TEST_F(PeerTest, TheDeadlineTravels) {
  EXPECT_FALSE(get_blocking(*peer, kKey, within(10s)));
  EXPECT_LE(store.last_call().deadline, BootClock::now() + 11s);  // gRPC rounds up
  EXPECT_GT(store.last_call().deadline, BootClock::now() + 5s);
  EXPECT_TRUE(store.last_call().forwarded);
}

TEST_F(PeerTest, AtTheDeadlineAReadFailsAndAWriteThatWasSentIsUnknown) {
  // The completions are the peer's own: the blocking forms would have left at the deadline too.
  std::promise<Errc> read, write;
  peer->get(kHeld, within(50ms), [&](Result<Value> r) { read.set_value(r.error().code); });
  peer->put(kHeld, {}, within(500ms), [&](Result<Value> r) { write.set_value(r.error().code); });
  store.await_held(2);
  EXPECT_EQ(read.get_future().get(), Errc::deadline_exceeded);
  EXPECT_EQ(write.get_future().get(), Errc::unknown);
  store.release();
}

TEST_F(PeerTest, ACallWhoseDeadlineHasPassedIsNotSent) {
  EXPECT_EQ(get_blocking(*peer, kHeld, within(-1s)).error().code, Errc::deadline_exceeded);
  std::promise<Errc> write;
  peer->put(kHeld, {}, within(-1s), [&](Result<Value> r) { write.set_value(r.error().code); });
  EXPECT_EQ(write.get_future().get(), Errc::unavailable);
}

TEST_F(PeerTest, ARefusedConnectionIsUnavailableAtOnce) {
  const DeafPort closed(false);
  const auto nobody = grpc_peer(member_at(closed.address()));
  const Time began = BootClock::now();
  EXPECT_EQ(get_blocking(*nobody, kKey).error().code, Errc::unavailable);
  EXPECT_EQ(put_blocking(*nobody, kKey, {}).error().code, Errc::unavailable);
  EXPECT_EQ(erase_blocking(*nobody, kKey).error().code, Errc::unavailable);
  EXPECT_LT(BootClock::now() - began, 2s);
}

TEST_F(PeerTest, AnAddressThatIsNoneIsUnavailable) {
  for (const char* wrong : {"", "nonsense", "127.0.0.1:99999999", "[:::1", "no host:1"})
    EXPECT_EQ(put_blocking(*grpc_peer(member_at(wrong)), kKey, {}).error().code, Errc::unavailable)
        << wrong;
}

TEST_F(PeerTest, AWriteToAPeerThatNeverSpeaksWasNotApplied) {
  const DeafPort deaf(true);
  std::promise<Errc> write;
  grpc_peer(member_at(deaf.address()))->put(kKey, {}, within(100ms), [&](Result<Value> r) {
    write.set_value(r.error().code);
  });
  EXPECT_EQ(write.get_future().get(), Errc::unavailable);
}

TEST_F(PeerTest, WhenThePeerDiesInMidCallAReadIsUnavailableAndAWriteUnknown) {
  std::promise<Errc> read, write;
  peer->get(kHeld, {}, [&](Result<Value> r) { read.set_value(r.error().code); });
  peer->put(kHeld, {}, {}, [&](Result<Value> r) { write.set_value(r.error().code); });
  store.await_held(2);
  server->drain(0s);
  EXPECT_EQ(read.get_future().get(), Errc::unavailable);
  EXPECT_EQ(write.get_future().get(), Errc::unknown);
  store.release();
}

TEST_F(PeerTest, APeerThatCameBackIsFoundAgain) {
  const std::string same = address();
  server.reset();
  EXPECT_EQ(get_blocking(*peer, kKey).error().code, Errc::unavailable);
  start({.listen = same});
  const Time began = BootClock::now();
  auto result = get_blocking(*peer, kKey);
  while (result.error().code != Errc::not_found && BootClock::now() - began < 5s) {
    std::this_thread::yield();
    result = get_blocking(*peer, kKey);
  }
  EXPECT_EQ(result.error().code, Errc::not_found);
}

TEST_F(PeerTest, ACallOutlivesTheStoreItWasMadeOn) {
  std::promise<Result<Value>> answer;
  peer->get(kHeld, {}, [&](Result<Value> r) { answer.set_value(std::move(r)); });
  store.await_held(1);
  peer.reset();
  store.release();
  EXPECT_EQ(answer.get_future().get()->bytes.view(), "held");
}

TEST_F(PeerTest, AboveTheMostCallsInFlightOneIsRefused) {
  const auto narrow = grpc_peer(member_at(address()), {.calls_max = 1});
  std::promise<void> over;
  narrow->get(kHeld, {}, [&](Result<Value>) { over.set_value(); });
  store.await_held(1);
  EXPECT_EQ(get_blocking(*narrow, kKey).error().code, Errc::overloaded);
  store.release();
  over.get_future().wait();
}

TEST_F(PeerTest, ManyCallsShareOneConnection) {
  store.set("k", {.bytes = Bytes::copy("100")});
  std::atomic<std::size_t> right = 0, landed = 0;
  constexpr std::size_t kCalls = 2'000;
  for (std::size_t i = 0; i < kCalls; ++i)
    peer->get(kKey, {}, [&](Result<Value> value) {
      right += value && value->bytes.view() == "100";
      ++landed;
      landed.notify_one();
    });
  for (auto seen = landed.load(); seen < kCalls; seen = landed) landed.wait(seen);
  EXPECT_EQ(right, kCalls);
}

TEST_F(PeerTest, ASwapTravelsWithItsEtag) {
  store.set("k", {.bytes = Bytes::copy("old")});
  const Value value{.bytes = Bytes::copy("new"), .tags = Bytes::copy("red,big")};
  EXPECT_EQ(compare_and_set_blocking(*peer, kKey, {etag_of("other")}, value).error().code,
            Errc::precondition_failed);
  const auto swapped = compare_and_set_blocking(*peer, kKey, {etag_of("old")}, value);
  ASSERT_TRUE(swapped) << swapped.error().message;
  EXPECT_EQ(swapped->bytes.view(), "new");
  EXPECT_EQ(store.find(kKey)->tags.view(), "red,big");
}

TEST_F(PeerTest, ATouchBringsTheValueBack) {
  store.set("k", {.bytes = Bytes::copy("v")});
  const Time end = BootClock::now() + 60s;
  const auto touched = touch_blocking(*peer, kKey, end);
  ASSERT_TRUE(touched) << touched.error().message;
  EXPECT_EQ(touched->bytes.view(), "v");
  EXPECT_NEAR(static_cast<double>((touched->expires_at - end) / 1ms), 0, 1'000);
  EXPECT_EQ(touch_blocking(*peer, kKey, Time::max())->expires_at, Time::max());
}

TEST_F(PeerTest, AnInvalidationTravelsWhole) {
  for (const Invalidation& what :
       {Invalidation{.group = "scores", .keys = {"a", std::string("b\0", 2)}},
        Invalidation{.group = "scores", .prefix = "\xff"},
        Invalidation{.group = "scores", .tag = "red"},
        Invalidation{.group = "scores", .all = true}}) {
    const auto copies = invalidate_blocking(*peer, what);
    ASSERT_TRUE(copies) << copies.error().message;
    EXPECT_EQ(*copies, what.keys.size());
    const Invalidation got = store.last_invalidation();
    EXPECT_EQ(got.keys, what.keys);
    EXPECT_EQ(got.prefix, what.prefix);
    EXPECT_EQ(got.tag, what.tag);
    EXPECT_EQ(got.all, what.all);
    EXPECT_TRUE(store.last_call().forwarded);
  }
}

TEST_F(PeerTest, AnInvalidationThatFindsNobodyIsToBeRepeated) {
  const auto nobody = grpc_peer(member_at("127.0.0.1:1"));
  EXPECT_EQ(invalidate_blocking(*nobody, {.group = "scores", .all = true}, within(5s)).error().code,
            Errc::unavailable);
}

}  // namespace
}  // namespace ringcache
