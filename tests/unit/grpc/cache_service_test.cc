// SPDX-License-Identifier: Apache-2.0
#include "grpc/services.h"

#include <functional>
#include <thread>

#include "grpc/errors.h"
#include "status.pb.h"
#include "unit/grpc/fixture.h"

namespace ringcache {
namespace {

class CacheServiceTest : public GrpcFixture {
 protected:
  void SetUp() override {
    start({.owner_name = [](const KeyView&) { return "node-b"; }});
  }

  grpc::Status get(const v1::GetRequest& request) {
    grpc::ClientContext context;
    return client()->Get(&context, request, &got);
  }
  grpc::Status put(const v1::PutRequest& request) {
    grpc::ClientContext context;
    return client()->Put(&context, request, &stored);
  }

  grpc::Status get_many(const v1::BatchGetRequest& request) {
    grpc::ClientContext context;
    return client()->BatchGet(&context, request, &many);
  }

  v1::GetResponse got;
  v1::BatchGetResponse many;
  v1::PutResponse stored;
};

TEST_F(CacheServiceTest, EveryRefusalHasItsStatusAndItsName) {
  for (const auto code :
       {Errc::not_found, Errc::no_such_group, Errc::invalid_argument, Errc::too_large,
        Errc::unsupported, Errc::precondition_failed, Errc::overloaded, Errc::deadline_exceeded,
        Errc::unavailable, Errc::unknown, Errc::internal}) {
    const std::string name(errc_name(code));
    grpc::ClientContext context;
    const auto status = client()->Get(&context, get_request("error:" + name), &got);
    EXPECT_EQ(status.error_code(), status_code(code)) << name;
    EXPECT_EQ(status.error_message(), "as you wished");
    const auto& trailers = context.GetServerTrailingMetadata();
    ASSERT_EQ(trailers.count(kErrorTrailer), 1u);
    EXPECT_EQ(trailers.find(kErrorTrailer)->second, name);
  }
}

TEST_F(CacheServiceTest, AGetTellsHowTheAnswerCameAbout) {
  const Time now = BootClock::now();
  store.set("k", {.bytes = Bytes::copy("100"),
                  .loaded_at = now - 90s,
                  .expires_at = now + 600s,
                  .hit = true,
                  .load_time = 1500us});
  ASSERT_TRUE(get(get_request("k")).ok());
  EXPECT_EQ(got.value(), "100");
  EXPECT_EQ(got.etag(), etag_of("100"));
  EXPECT_EQ(got.owner(), "node-b");
  EXPECT_TRUE(got.hit());
  EXPECT_GE(got.age_ms(), 90'000u);
  EXPECT_LE(got.ttl_ms(), 600'000u);
  EXPECT_EQ(got.load_us(), 1500u);
}

TEST_F(CacheServiceTest, AClientSaysHowStaleACopyMayBeAndIsToldThatItIs) {
  store.set("k", {.bytes = Bytes::copy("100"), .hit = true, .stale = true});
  auto request = get_request("k");
  request.set_max_stale_ms(250);
  ASSERT_TRUE(get(request).ok());
  EXPECT_TRUE(got.stale());
  EXPECT_EQ(store.last_call().max_stale, 250ms);
  request.set_max_stale_ms(~std::uint64_t{0});
  ASSERT_TRUE(get(request).ok());
  EXPECT_EQ(store.last_call().max_stale, Duration::max());
  ASSERT_TRUE(get(get_request("k")).ok());
  EXPECT_EQ(store.last_call().max_stale, 0s);
}

TEST_F(CacheServiceTest, AValueWithoutAnEndHasNoTtl) {
  store.set("k", {.bytes = Bytes::copy("100")});
  ASSERT_TRUE(get(get_request("k")).ok());
  EXPECT_FALSE(got.has_ttl_ms());
  EXPECT_EQ(got.age_ms(), 0u);
}

TEST_F(CacheServiceTest, KeysAndValuesHoldAnyBytes) {
  std::string bytes;
  for (int b = 0; b < 256; ++b) bytes.push_back(static_cast<char>(b));
  ASSERT_TRUE(put(put_request(bytes, bytes + bytes)).ok());
  ASSERT_TRUE(get(get_request(bytes)).ok());
  EXPECT_EQ(got.value(), bytes + bytes);
}

TEST_F(CacheServiceTest, APutAnswersTheEtagOfWhatTheStoreNowHolds) {
  ASSERT_TRUE(put(put_request("normalised", "x")).ok());
  EXPECT_EQ(stored.etag(), etag_of("as the database has it"));
  EXPECT_EQ(stored.owner(), "node-b");
}

TEST_F(CacheServiceTest, ADeletedKeyIsGoneAndASecondDeleteSaysSo) {
  store.set("k", {.bytes = Bytes::copy("100")});
  v1::DeleteResponse deleted;
  grpc::ClientContext first;
  EXPECT_TRUE(client()->Delete(&first, delete_request("k"), &deleted).ok());
  grpc::ClientContext second;
  EXPECT_EQ(client()->Delete(&second, delete_request("k"), &deleted).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

TEST_F(CacheServiceTest, ATtlReachesTheStore) {
  auto request = put_request("k", "v");
  request.set_ttl_ms(60'000);
  ASSERT_TRUE(put(request).ok());
  ASSERT_TRUE(get(get_request("k")).ok());
  EXPECT_GT(got.ttl_ms(), 0u);
  EXPECT_LE(got.ttl_ms(), 60'000u);
}

TEST_F(CacheServiceTest, AnEndlessTtlDoesNotOverflow) {
  auto request = put_request("k", "v");
  request.set_ttl_ms(~std::uint64_t{0});
  ASSERT_TRUE(put(request).ok());
  ASSERT_TRUE(get(get_request("k")).ok());
  EXPECT_FALSE(got.has_ttl_ms());
}

TEST_F(CacheServiceTest, ATtlOfNothingIsRefused) {
  auto request = put_request("k", "v");
  request.set_ttl_ms(0);
  EXPECT_EQ(put(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(CacheServiceTest, APutWithAnEtagReplacesTheValueItStandsForAndNoOther) {
  store.set("k", {.bytes = Bytes::copy("old")});
  v1::PutRequest request = put_request("k", "new");
  request.set_if_match(etag_of("another"));
  const auto refused = put(request);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(store.find({"scores", "k"})->bytes.view(), "old");
  request.set_if_match(etag_of("old"));
  EXPECT_TRUE(put(request).ok());
  EXPECT_EQ(stored.etag(), etag_of("new"));
  request.set_if_match("");
  EXPECT_FALSE(put(request).ok()) << "an empty etag is an etag that no value has";
}

TEST_F(CacheServiceTest, TagsReachTheStore) {
  v1::PutRequest request = put_request("k", "v");
  request.add_tags("red");
  request.add_tags("big");
  ASSERT_TRUE(put(request).ok());
  EXPECT_EQ(store.find({"scores", "k"})->tags.view(), "red,big");
  for (const char* wrong : {"", "a,b"}) {
    request.clear_tags();
    request.add_tags(wrong);
    EXPECT_EQ(put(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
}

TEST_F(CacheServiceTest, ATouchMovesTheEnd) {
  store.set("k", {.bytes = Bytes::copy("v")});
  v1::TouchRequest request;
  request.set_group("scores");
  request.set_key("k");
  request.set_ttl_ms(60'000);
  const auto touch = [&] {
    grpc::ClientContext context;
    v1::TouchResponse response;
    const auto status = client()->Touch(&context, request, &response);
    if (status.ok()) {
      EXPECT_EQ(response.etag(), etag_of("v"));
    }
    return status;
  };
  ASSERT_TRUE(touch().ok());
  EXPECT_LE(store.find({"scores", "k"})->expires_at, BootClock::now() + 60s);
  request.clear_ttl_ms();
  ASSERT_TRUE(touch().ok());
  EXPECT_EQ(store.find({"scores", "k"})->expires_at, Time::max());
  request.set_ttl_ms(0);
  EXPECT_EQ(touch().error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(CacheServiceTest, EachOfManyDeletesHasItsOwnOutcome) {
  store.set("a", {.bytes = Bytes::copy("1")});
  v1::BatchDeleteRequest request;
  request.set_group("scores");
  for (const char* key : {"a", "none", "error:unknown"}) request.add_keys(key);
  v1::BatchDeleteResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(client()->BatchDelete(&context, request, &response).ok());
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_FALSE(response.results(0).has_refusal());
  EXPECT_EQ(response.results(1).refusal().reason(), "not_found");
  EXPECT_EQ(response.results(2).refusal().reason(), "unknown");
}

TEST_F(CacheServiceTest, AnInvalidationSaysHowManyCopiesWent) {
  v1::InvalidateRequest request;
  request.set_group("scores");
  request.add_keys("a");
  request.add_keys("b");
  v1::InvalidateResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(client()->Invalidate(&context, request, &response).ok());
  EXPECT_EQ(response.copies(), 2u);
  EXPECT_EQ(store.last_invalidation().keys, (std::vector<std::string>{"a", "b"}));
  EXPECT_FALSE(store.last_call().forwarded);
}

TEST_F(CacheServiceTest, KeysOutsideTheLimitsAreInvalid) {
  for (const std::size_t size :
       {std::size_t{0}, (std::size_t{64} << 10) + 1, std::size_t{8} << 20}) {
    EXPECT_EQ(get(get_request(std::string(size, 'k'))).error_code(),
              grpc::StatusCode::INVALID_ARGUMENT)
        << size;
  }
  EXPECT_EQ(get(get_request(std::string(64 << 10, 'k'))).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(CacheServiceTest, TheLargestValueFitsAndOneByteMoreDoesNot) {
  std::string value(16 << 20, 'v');
  ASSERT_TRUE(put(put_request("k", value)).ok());
  ASSERT_TRUE(get(get_request("k")).ok());
  EXPECT_EQ(got.value(), value);
  value.push_back('v');
  EXPECT_EQ(put(put_request("k", value)).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(CacheServiceTest, AMessageBeyondAllLimitsLeavesTheConnectionAlive) {
  const auto stub = client();
  grpc::ClientContext first;
  const auto huge = put_request("k", std::string(20 << 20, 'v'));
  EXPECT_EQ(stub->Put(&first, huge, &stored).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  grpc::ClientContext second;
  EXPECT_EQ(stub->Get(&second, get_request("k"), &got).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(CacheServiceTest, MuchMetadataDoesNotEndTheConnection) {
  store.set("k", {.bytes = Bytes::copy("100")});
  const auto stub = client();
  for (int i = 0; i < 20; ++i) {
    grpc::ClientContext context;
    context.AddMetadata("x-big", std::string(100'000, 'm'));
    EXPECT_TRUE(stub->Get(&context, get_request("k"), &got).ok());
  }
}

TEST_F(CacheServiceTest, AClientIsItsAddress) {
  const auto go = groupcachepb::GroupCache::NewStub(channel());
  const std::vector<std::function<void(grpc::ClientContext*)>> calls{
      [&](auto* context) { client()->Get(context, get_request("k"), &got); },
      [&](auto* context) { client()->BatchGet(context, batch_request({"k"}), &many); },
      [&](auto* context) { client()->Put(context, put_request("k", "v"), &stored); },
      [&](auto* context) {
        v1::DeleteResponse deleted;
        client()->Delete(context, delete_request("k"), &deleted);
      },
      [&](auto* context) {
        v1::TouchRequest request;
        request.set_group("scores");
        request.set_key("k");
        v1::TouchResponse response;
        client()->Touch(context, request, &response);
      },
      [&](auto* context) {
        v1::InvalidateRequest request;
        request.set_group("scores");
        request.add_keys("k");
        v1::InvalidateResponse response;
        client()->Invalidate(context, request, &response);
      },
      [&](auto* context) {
        groupcachepb::GetRequest request;
        request.set_group("scores");
        request.set_key("k");
        groupcachepb::GetResponse response;
        go->Get(context, request, &response);
      }};
  for (std::size_t i = 0; i < calls.size(); ++i) {
    grpc::ClientContext context;
    get_blocking(store, KeyView("scores", "k"));
    ASSERT_EQ(store.last_call().client, "");
    calls[i](&context);
    EXPECT_EQ(store.last_call().client, "127.0.0.1") << i;
  }
}

TEST_F(CacheServiceTest, ManyKeysAreAnsweredInTheirOrder) {
  store.set("a", {.bytes = Bytes::copy("1")});
  store.set("b", {.bytes = Bytes::copy("2")});
  ASSERT_TRUE(get_many(batch_request({"b", "a", "b"})).ok());
  ASSERT_EQ(many.results_size(), 3);
  EXPECT_EQ(many.results(0).found().value(), "2");
  EXPECT_EQ(many.results(1).found().value(), "1");
  EXPECT_EQ(many.results(2).found().value(), "2");
  EXPECT_EQ(store.batches(), 1u);
  EXPECT_FALSE(store.last_call().forwarded);
}

TEST_F(CacheServiceTest, AValueOfManyTellsWhatAGetWouldTell) {
  const Time now = BootClock::now();
  store.set(
      "k",
      {.bytes = Bytes::copy("100"), .loaded_at = now - 90s, .expires_at = now + 600s, .hit = true});
  ASSERT_TRUE(get_many(batch_request({"k"})).ok());
  const v1::GetResponse& found = many.results(0).found();
  EXPECT_EQ(found.etag(), etag_of("100"));
  EXPECT_EQ(found.owner(), "node-b");
  EXPECT_TRUE(found.hit());
  EXPECT_GE(found.age_ms(), 90'000u);
  EXPECT_LE(found.ttl_ms(), 600'000u);
}

TEST_F(CacheServiceTest, WhatIsWrongWithOneKeyIsSaidOfItAlone) {
  store.set("k", {.bytes = Bytes::copy("100")});
  ASSERT_TRUE(get_many(batch_request({"none", "k", "error:overloaded"})).ok());
  EXPECT_EQ(many.results(0).refusal().code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(many.results(0).refusal().reason(), "not_found");
  EXPECT_EQ(many.results(1).found().value(), "100");
  EXPECT_EQ(many.results(2).refusal().code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(many.results(2).refusal().message(), "as you wished");
  EXPECT_EQ(many.results(2).refusal().retry_after_ms(), 0u);
}

TEST_F(CacheServiceTest, WhenToComeAgainIsSaidAsEveryGrpcClientReadsIt) {
  const auto status = get(get_request("later"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  v1::Status details;
  ASSERT_TRUE(details.ParseFromString(status.error_details()));
  EXPECT_EQ(details.code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(details.message(), "not now");
  ASSERT_EQ(details.details_size(), 1);
  EXPECT_EQ(details.details(0).type_url(), "type.googleapis.com/google.rpc.RetryInfo");
  v1::RetryInfo info;
  ASSERT_TRUE(info.ParseFromString(details.details(0).value()));
  EXPECT_EQ(info.retry_delay().seconds(), 1);
  EXPECT_EQ(info.retry_delay().nanos(), 234'567'890);
  EXPECT_EQ(get(get_request("error:overloaded")).error_details(), "");
}

TEST_F(CacheServiceTest, WhenToComeAgainIsSaidOfAKeyOfMany) {
  ASSERT_TRUE(get_many(batch_request({"later"})).ok());
  EXPECT_EQ(many.results(0).refusal().retry_after_ms(), 1'235u);
}

TEST_F(CacheServiceTest, ManyKeysOfNoGroupFailAsOne) {
  auto request = batch_request({"a", "b"});
  request.set_group("none");
  EXPECT_EQ(get_many(request).error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(CacheServiceTest, NoKeysHaveNoResults) {
  ASSERT_TRUE(get_many(batch_request({})).ok());
  EXPECT_EQ(many.results_size(), 0);
}

TEST_F(CacheServiceTest, ManyKeysHaveTheirLimits) {
  EXPECT_EQ(get_many(batch_request({"k", ""})).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  const std::vector<std::string> most(10'000, "k");
  ASSERT_TRUE(get_many(batch_request(most)).ok());
  EXPECT_EQ(many.results_size(), 10'000);
  auto request = batch_request(most);
  request.add_keys("k");
  EXPECT_EQ(get_many(request).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

/// gRPC's clients take 4 MiB unless told otherwise.
TEST_F(CacheServiceTest, AnAnswerToManyKeysNeverOutgrowsAClient) {
  store.set("large", {.bytes = Bytes::copy(std::string(30'000, 'v'))});
  ASSERT_TRUE(get_many(batch_request(std::vector<std::string>(10'000, "large"))).ok());
  ASSERT_EQ(many.results_size(), 10'000);
  EXPECT_LE(many.ByteSizeLong(), std::size_t{4} << 20);
  EXPECT_GE(many.ByteSizeLong(), std::size_t{3} << 20);
  EXPECT_EQ(many.results(0).found().value().size(), 30'000u);
  EXPECT_EQ(many.results(9'999).refusal().reason(), "too_large");
  EXPECT_EQ(many.results(9'999).refusal().message(), "no room in the answer; ask for fewer keys");
}

TEST_F(CacheServiceTest, TheFirstOfManyValuesAlwaysHasRoom) {
  store.set("large", {.bytes = Bytes::copy(std::string(5'000'000, 'v'))});
  store.set("small", {.bytes = Bytes::copy("1")});
  ASSERT_TRUE(get_many(batch_request({"large", "small"})).ok());
  EXPECT_EQ(many.results(0).found().value().size(), 5'000'000u);
  EXPECT_EQ(many.results(1).refusal().reason(), "too_large");
}

TEST_F(CacheServiceTest, ClientsOfTheGoProjectAreServed) {
  store.set("张三", {.bytes = Bytes::copy("100")});
  groupcachepb::GetRequest request;
  request.set_group("scores");
  request.set_key("张三");
  groupcachepb::GetResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(groupcachepb::GroupCache::NewStub(channel())->Get(&context, request, &response).ok());
  EXPECT_EQ(response.value(), "100");
}

TEST_F(CacheServiceTest, TwoThousandCallsAtOnceAreAnsweredAlike) {
  store.set("k", {.bytes = Bytes::copy("100")});
  struct Flight {
    grpc::ClientContext context;
    v1::GetRequest request = get_request("k");
    v1::GetResponse response;
  };
  std::vector<Flight> flights(2'000);
  std::atomic<std::size_t> right = 0, landed = 0;
  const auto stub = client();
  for (Flight& f : flights)
    stub->async()->Get(&f.context, &f.request, &f.response, [&](const grpc::Status& status) {
      right += status.ok() && f.response.value() == "100";
      ++landed;
      landed.notify_one();
    });
  for (auto seen = landed.load(); seen < flights.size(); seen = landed) landed.wait(seen);
  EXPECT_EQ(right, flights.size());
}

TEST_F(GrpcFixture, AboveTheMostCallsInFlightOneIsRefused) {
  start({.calls_max = 1});
  const auto stub = client();
  grpc::ClientContext held;
  v1::GetResponse response;
  std::jthread first([&] { EXPECT_TRUE(stub->Get(&held, get_request("held"), &response).ok()); });
  store.await_held(1);
  grpc::ClientContext context;
  v1::GetResponse none;
  EXPECT_EQ(stub->Get(&context, get_request("k"), &none).error_code(),
            grpc::StatusCode::RESOURCE_EXHAUSTED);
  store.release();
}

}  // namespace
}  // namespace ringcache
