// SPDX-License-Identifier: Apache-2.0
#include <ringcache/http.h>

#include <gtest/gtest.h>

#include <future>
#include <random>

#include "support/map_store.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::MapStore;

/// A node's HTTP door over a MapStore, and another node's Store for it.
class HttpPeerTest : public ::testing::Test {
 protected:
  HttpPeerTest() { peer_ = peers_.connect(member(serve().port())); }

  HttpServer& serve(HttpOptions options = {}) {
    options.listen = "127.0.0.1:0";
    auto opened = HttpServer::listen(std::move(options), store_);
    EXPECT_TRUE(opened) << opened.error().message;
    server_ = std::move(*opened);
    return *server_;
  }

  static Member member(std::uint16_t port) {
    return {.id = "1", .name = "b", .http = "127.0.0.1:" + std::to_string(port)};
  }
  static Call within(Duration span) { return {.deadline = BootClock::now() + span}; }

  static Result<Values> get_many(Store& peer, const std::vector<std::string>& names) {
    std::vector<KeyView> keys;
    for (const std::string& name : names) keys.emplace_back("g", name);
    return get_many_blocking(peer, keys, within(10s));
  }

  MapStore store_;
  std::unique_ptr<HttpServer> server_;
  HttpPeers peers_;
  std::shared_ptr<Store> peer_;
};

TEST_F(HttpPeerTest, AValueArrivesWithItsFacts) {
  const Time now = BootClock::now();
  store_.set("k", {.bytes = Bytes::copy("100"),
                   .version = 42,
                   .loaded_at = now - 90s,
                   .expires_at = now + 10min,
                   .hit = true});
  const auto value = get_blocking(*peer_, KeyView("g", "k"), within(10s));
  ASSERT_TRUE(value) << value.error().message;
  EXPECT_EQ(value->bytes.view(), "100");
  EXPECT_EQ(value->version, 42u);
  EXPECT_TRUE(value->hit);
  EXPECT_LE(value->loaded_at, now - 90s + 10ms);
  EXPECT_GE(value->loaded_at, now - 100s);
  EXPECT_LE(value->expires_at, now + 10min + 10ms);
  EXPECT_TRUE(store_.last_call().forwarded);
}

TEST_F(HttpPeerTest, StalenessTravelsBothWays) {
  store_.set("k", {.bytes = Bytes::copy("100"), .hit = true, .stale = true});
  for (const Duration max_stale : {Duration(0s), Duration(1500us)}) {
    Call call = within(10s);
    call.max_stale = max_stale;
    EXPECT_TRUE(get_blocking(*peer_, KeyView("g", "k"), call)->stale);
    EXPECT_EQ(store_.last_call().max_stale, max_stale);
  }
  Call any = within(10s);
  any.max_stale = Duration::max();
  ASSERT_TRUE(get_blocking(*peer_, KeyView("g", "k"), any));
  EXPECT_GT(store_.last_call().max_stale, 24h * 365);
}

TEST_F(HttpPeerTest, AnyBytesMakeAKeyAndAValue) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  const auto stored =
      put_blocking(*peer_, KeyView("g", all), {.bytes = Bytes::copy(all)}, within(10s));
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->bytes.view(), all);
  EXPECT_GT(stored->version, 0u);
  EXPECT_EQ(get_blocking(*peer_, KeyView("g", all), within(10s))->bytes.view(), all);
}

TEST_F(HttpPeerTest, ATtlTravels) {
  const Time end = BootClock::now() + 10min;
  const Value value{.bytes = Bytes::copy("v"), .expires_at = end};
  ASSERT_TRUE(put_blocking(*peer_, KeyView("g", "k"), value, within(10s)));
  EXPECT_GE(store_.find("k")->expires_at, end - 1ms);
  EXPECT_LE(store_.find("k")->expires_at, end + 1s);
}

TEST_F(HttpPeerTest, TagsTravel) {
  const Value value{.bytes = Bytes::copy("v"), .tags = Bytes::copy("a,红 +&")};
  ASSERT_TRUE(put_blocking(*peer_, KeyView("g", "k"), value, within(10s)));
  EXPECT_EQ(store_.find("k")->tags.view(), "a,红 +&");
}

TEST_F(HttpPeerTest, AValueIsReplacedIfItIsTheOneExpected) {
  store_.set("k", "old");
  const auto swap = [&](std::string etag) {
    return compare_and_set_blocking(*peer_, KeyView("g", "k"), {.etag = std::move(etag)},
                                    {.bytes = Bytes::copy("new")}, within(10s));
  };
  for (const std::string& other :
       {std::string(), etag_of("other"), "W/" + etag_of("old"), etag_of("old") + "\"\r\nX-Y: z"})
    EXPECT_EQ(swap(other).error().code, Errc::precondition_failed) << other;
  EXPECT_EQ(store_.find("k")->bytes.view(), "old");
  const auto swapped = swap(etag_of("old"));
  ASSERT_TRUE(swapped) << swapped.error().message;
  EXPECT_EQ(swapped->bytes.view(), "new");
  EXPECT_EQ(store_.find("k")->bytes.view(), "new");
  EXPECT_TRUE(store_.last_call().forwarded);
}

TEST_F(HttpPeerTest, ATouchComesBackWithTheValueAndItsNewEnd) {
  const std::string name("\0\xff", 2);
  store_.set(name, "v\xff");
  const Time end = BootClock::now() + 10min;
  const auto touched = touch_blocking(*peer_, KeyView("g", name), end, within(10s));
  ASSERT_TRUE(touched) << touched.error().message;
  EXPECT_EQ(touched->bytes.view(), "v\xff");
  EXPECT_GT(touched->version, 0u);
  EXPECT_GE(touched->expires_at, end - 1s);
  EXPECT_LE(touched->expires_at, end + 1s);
  EXPECT_TRUE(store_.last_call().forwarded);
  const auto endless = touch_blocking(*peer_, KeyView("g", name), Time::max(), within(10s));
  EXPECT_EQ(endless->expires_at, Time::max());
  EXPECT_EQ(store_.find(name)->expires_at, Time::max());
}

TEST_F(HttpPeerTest, AnInvalidationTellsHowManyCopiesWent) {
  const auto invalidate = [&](const Invalidation& what) {
    return invalidate_blocking(*peer_, what, within(10s));
  };
  const std::string binary("\0\xff", 2);
  EXPECT_EQ(invalidate({.group = "g", .keys = {"a", binary}}), 2u);
  EXPECT_EQ(invalidate({.group = "g", .prefix = binary}), 3u);
  EXPECT_EQ(invalidate({.group = "g", .tag = "红"}), 3u);
  EXPECT_EQ(invalidate({.group = "g", .all = true}), 3u);
  const auto seen = store_.invalidations();
  EXPECT_EQ(seen.at(0).keys, (std::vector<std::string>{"a", binary}));
  EXPECT_EQ(seen.at(1).prefix, binary);
  EXPECT_EQ(seen.at(2).tag, "红");
  EXPECT_TRUE(seen.at(3).all);
  EXPECT_TRUE(store_.last_call().forwarded);
  EXPECT_EQ(invalidate({.group = "g", .tag = "\xff"}).error().code, Errc::invalid_argument);
  EXPECT_EQ(invalidate({.group = "none", .all = true}).error().code, Errc::no_such_group);
}

TEST_F(HttpPeerTest, AnInvalidationOfMoreThanARequestHoldsGoesInSeveral) {
  HttpPeers few({.batch_keys_max = 10});
  const auto peer = few.connect(member(server_->port()));
  const std::vector<std::string> keys(25, "k");
  EXPECT_EQ(invalidate_blocking(*peer, {.group = "g", .keys = keys}, within(10s)), 25u);
  EXPECT_EQ(store_.invalidations().size(), 3u);
  const std::vector<std::string> long_keys(40, std::string(60'000, 'k'));
  EXPECT_EQ(invalidate_blocking(*peer_, {.group = "g", .keys = long_keys}, within(10s)), 40u);
  for (const auto& what : store_.invalidations()) EXPECT_LE(what.keys.size(), 17u);
}

TEST_F(HttpPeerTest, EveryErrorKeepsItsCodeAndWords) {
  for (const Errc code :
       {Errc::not_found, Errc::invalid_argument, Errc::too_large, Errc::unsupported,
        Errc::precondition_failed, Errc::overloaded, Errc::deadline_exceeded, Errc::unavailable,
        Errc::unknown, Errc::internal}) {
    const KeyView key("g", errc_name(code));
    EXPECT_EQ(get_blocking(*peer_, key, within(10s)).error(), (Error{code, "as asked"}));
    EXPECT_EQ(put_blocking(*peer_, key, {}, within(10s)).error().code, code);
    EXPECT_EQ(erase_blocking(*peer_, key, within(10s)).error().code, code);
    EXPECT_EQ(touch_blocking(*peer_, key, {}, within(10s)).error(), (Error{code, "as asked"}));
    EXPECT_EQ(compare_and_set_blocking(*peer_, key, {}, {}, within(10s)).error().code, code);
    const Invalidation what{.group = "g", .prefix = std::string(errc_name(code))};
    EXPECT_EQ(invalidate_blocking(*peer_, what, within(10s)).error(), (Error{code, "as asked"}));
  }
  EXPECT_EQ(get_blocking(*peer_, KeyView("none", "k"), within(10s)).error().code,
            Errc::no_such_group);
}

TEST_F(HttpPeerTest, WhenToComeAgainSurvivesTheWire) {
  const KeyView key("g", "later");
  EXPECT_EQ(get_blocking(*peer_, key, within(10s)).error(),
            (Error{Errc::overloaded, "not now", 1'235ms}));
  EXPECT_EQ(put_blocking(*peer_, key, {}, within(10s)).error().retry_after, 1'235ms);
  EXPECT_EQ(erase_blocking(*peer_, key, within(10s)).error().retry_after, 1'235ms);
  EXPECT_EQ(get_many(*peer_, {"later"})->at(0).error(),
            (Error{Errc::overloaded, "not now", 1'235ms}));
}

TEST_F(HttpPeerTest, AnEraseIsDoneOnce) {
  store_.set("k", "100");
  EXPECT_TRUE(erase_blocking(*peer_, KeyView("g", "k"), within(10s)));
  EXPECT_EQ(erase_blocking(*peer_, KeyView("g", "k"), within(10s)).error().code, Errc::not_found);
}

TEST_F(HttpPeerTest, TheLargestValueTravelsBothWays) {
  const Bytes large = Bytes::copy(std::string(std::size_t{16} << 20, 'x'));
  ASSERT_TRUE(put_blocking(*peer_, KeyView("g", "k"), {.bytes = large}, within(10s)));
  EXPECT_TRUE(get_blocking(*peer_, KeyView("g", "k"), within(10s))->bytes.view() == large.view());
}

TEST_F(HttpPeerTest, AValueTooLargeForUsIsSaidSo) {
  HttpPeers small({.value_bytes_max = 10});
  const auto peer = small.connect(member(server_->port()));
  store_.set("k", "12345678901");
  EXPECT_EQ(get_blocking(*peer, KeyView("g", "k"), within(10s)).error().code, Errc::too_large);
}

TEST_F(HttpPeerTest, ManyKeysAreOneRequestAndAnsweredInTheirOrder) {
  std::vector<std::string> names;
  for (int i = 0; i < 1'000; ++i) {
    names.push_back("k" + std::to_string(i * 7 % 500));
    store_.set(names.back(), "v" + names.back());
  }
  const auto values = get_many(*peer_, names);
  ASSERT_TRUE(values) << values.error().message;
  for (std::size_t i = 0; i < names.size(); ++i)
    EXPECT_EQ(values->at(i)->bytes.view(), "v" + names[i]);
  EXPECT_EQ(store_.batches(), 1u);
  EXPECT_TRUE(store_.last_call().forwarded);
}

TEST_F(HttpPeerTest, AValueOfManyArrivesWithItsFacts) {
  const Time now = BootClock::now();
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  store_.set(all, {.bytes = Bytes::copy(all),
                   .version = 42,
                   .loaded_at = now - 90s,
                   .expires_at = now + 10min,
                   .hit = true});
  const auto values = get_many(*peer_, {all});
  ASSERT_TRUE(values) << values.error().message;
  const Value& value = *values->at(0);
  EXPECT_EQ(value.bytes.view(), all);
  EXPECT_EQ(value.version, 42u);
  EXPECT_TRUE(value.hit);
  EXPECT_LE(value.loaded_at, now - 90s + 10ms);
  EXPECT_GE(value.loaded_at, now - 100s);
  EXPECT_LE(value.expires_at, now + 10min + 10ms);
}

TEST_F(HttpPeerTest, EveryErrorOfOneKeyKeepsItsCodeAndWords) {
  store_.set("k", "100");
  for (const Errc code : {Errc::not_found, Errc::invalid_argument, Errc::too_large,
                          Errc::overloaded, Errc::unavailable, Errc::internal}) {
    const auto values = get_many(*peer_, {std::string(errc_name(code)), "k"});
    EXPECT_EQ(values->at(0).error(), (Error{code, "as asked"}));
    EXPECT_EQ(values->at(1)->bytes.view(), "100");
  }
  const KeyView keys[] = {{"none", "a"}, {"none", "b"}};
  EXPECT_EQ(get_many_blocking(*peer_, keys, within(10s)).error(),
            (Error{Errc::no_such_group, "no group of that name"}));
  EXPECT_TRUE(get_many(*peer_, {})->empty());
}

TEST_F(HttpPeerTest, MoreThanAnAnswerHoldsComesInSeveral) {
  HttpServer& narrow = serve({.batch_bytes_max = 100'000});
  const auto peer = peers_.connect(member(narrow.port()));
  const std::string large(60'000, 'x');
  store_.set("large", large);
  const auto values = get_many(*peer, std::vector<std::string>(5, "large"));
  ASSERT_TRUE(values) << values.error().message;
  for (const auto& value : *values) EXPECT_TRUE(value->bytes.view() == large);
  EXPECT_EQ(store_.batches(), 5u);
}

TEST_F(HttpPeerTest, TheLargestValueIsOneOfMany) {
  constexpr std::size_t kLargest = std::size_t{1} << 20;
  serve({.value_bytes_max = kLargest, .batch_bytes_max = 100'000});
  HttpPeers peers({.value_bytes_max = kLargest, .batch_bytes_max = 100'000});
  const auto peer = peers.connect(member(server_->port()));
  const std::string largest(kLargest, 'x');
  store_.set("largest", largest);
  store_.set("k", "100");
  const auto values = get_many(*peer, {"k", "largest", "k"});
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_TRUE(values->at(1)->bytes.view() == largest);
  EXPECT_EQ(values->at(2)->bytes.view(), "100");
}

TEST_F(HttpPeerTest, MoreKeysThanARequestMayNameGoInSeveral) {
  HttpPeers few({.batch_keys_max = 10});
  store_.set("k", "100");
  const auto peer = few.connect(member(server_->port()));
  const auto values = get_many(*peer, std::vector<std::string>(25, "k"));
  ASSERT_EQ(values->size(), 25u);
  EXPECT_EQ(values->back()->bytes.view(), "100");
  EXPECT_EQ(store_.batches(), 3u);
}

TEST_F(HttpPeerTest, ASingleValueKeepsItsLimitAfterManyKeys) {
  HttpPeers small({.connections_max = 1, .value_bytes_max = 10});
  const auto peer = small.connect(member(server_->port()));
  store_.set("k", "12345678901");
  EXPECT_TRUE(get_many(*peer, std::vector<std::string>(100, "k")));
  EXPECT_EQ(get_blocking(*peer, KeyView("g", "k"), within(10s)).error().code, Errc::too_large);
}

TEST_F(HttpPeerTest, ManyKeysLeaveAtTheirDeadline) {
  const KeyView keys[] = {{"g", "k"}, {"g", "never"}};
  std::promise<Errc> late;
  peer_->get_many(keys, within(20ms),
                  [&](Result<Values> values) { late.set_value(values.error().code); });
  EXPECT_EQ(late.get_future().get(), Errc::deadline_exceeded);
  server_.reset();
  EXPECT_EQ(get_many(*peer_, {"k"}).error().code, Errc::unavailable);
}

TEST_F(HttpPeerTest, MoreCallsThanConnectionsAreAllAnswered) {
  constexpr int kCalls = 500;
  for (int i = 0; i < kCalls; ++i) store_.set(std::to_string(i), "v" + std::to_string(i));
  std::vector<std::promise<Result<Value>>> answers(kCalls);
  for (int i = 0; i < kCalls; ++i)
    peer_->get(KeyView("g", std::to_string(i)), within(10s), [&, i](Result<Value> value) {
      answers[static_cast<std::size_t>(i)].set_value(std::move(value));
    });
  for (int i = 0; i < kCalls; ++i)
    ASSERT_EQ(answers[static_cast<std::size_t>(i)].get_future().get()->bytes.view(),
              "v" + std::to_string(i));
}

TEST_F(HttpPeerTest, ACallLeavesAtItsDeadline) {
  const KeyView key("g", "never");
  EXPECT_EQ(get_blocking(*peer_, key, within(20ms)).error().code, Errc::deadline_exceeded);
  std::promise<Errc> write;
  peer_->put(key, {}, within(20ms),
             [&](Result<Value> value) { write.set_value(value.error().code); });
  EXPECT_EQ(write.get_future().get(), Errc::unknown);
  std::promise<Errc> touch;
  peer_->touch(key, {}, within(20ms),
               [&](Result<Value> value) { touch.set_value(value.error().code); });
  EXPECT_EQ(touch.get_future().get(), Errc::unknown);
  std::promise<Errc> invalidation;
  peer_->invalidate({.group = "g", .prefix = "never"}, within(20ms),
                    [&](Result<std::uint64_t> c) { invalidation.set_value(c.error().code); });
  EXPECT_EQ(invalidation.get_future().get(), Errc::unavailable);
  EXPECT_EQ(get_blocking(*peer_, KeyView("g", "absent"), within(10s)).error().code,
            Errc::not_found);
}

TEST_F(HttpPeerTest, ANodeThatIsDownIsUnavailableAtOnce) {
  server_.reset();
  const Time before = BootClock::now();
  const KeyView key("g", "k");
  const auto read = get_blocking(*peer_, key, within(10s));
  EXPECT_EQ(read.error().code, Errc::unavailable);
  EXPECT_NE(read.error().message.find("b at 127.0.0.1:"), std::string::npos);
  EXPECT_EQ(put_blocking(*peer_, key, {}, within(10s)).error().code, Errc::unavailable);
  EXPECT_EQ(erase_blocking(*peer_, key, within(10s)).error().code, Errc::unavailable);
  EXPECT_EQ(touch_blocking(*peer_, key, {}, within(10s)).error().code, Errc::unavailable);
  EXPECT_EQ(invalidate_blocking(*peer_, {.group = "g", .all = true}, within(10s)).error().code,
            Errc::unavailable);
  EXPECT_LT(BootClock::now() - before, 5s);
}

TEST_F(HttpPeerTest, ANodeThatCameBackIsFoundAgain) {
  store_.set("k", "100");
  const KeyView key("g", "k");
  ASSERT_TRUE(get_blocking(*peer_, key, within(10s)));
  const std::string address = "127.0.0.1:" + std::to_string(server_->port());
  server_.reset();
  server_ = std::move(*HttpServer::listen({.listen = address}, store_));
  EXPECT_TRUE(get_blocking(*peer_, key, within(10s)));
}

TEST_F(HttpPeerTest, AnAddressThatIsNoneIsUnavailable) {
  for (const char* http : {"", "nowhere", "127.0.0.1:x"}) {
    const auto peer = peers_.connect({.id = "1", .name = "b", .http = http});
    EXPECT_EQ(get_blocking(*peer, KeyView("g", "k"), within(10s)).error().code, Errc::unavailable);
  }
}

TEST_F(HttpPeerTest, APeerThatIsLetGoAnswersWhatItHas) {
  std::promise<Errc> answer;
  peer_->get(KeyView("g", "never"), {},
             [&](Result<Value> value) { answer.set_value(value.error().code); });
  store_.wait_for_held(1);
  peer_.reset();
  EXPECT_EQ(answer.get_future().get(), Errc::unavailable);
}

}  // namespace
}  // namespace ringcache
