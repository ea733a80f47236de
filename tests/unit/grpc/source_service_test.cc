// SPDX-License-Identifier: Apache-2.0
#include "grpc/services.h"
#include "source.grpc.pb.h"
#include "unit/grpc/fixture.h"

namespace ringcache {
namespace {

class SourceServiceTest : public GrpcFixture {
 protected:
  void SetUp() override { start(); }
};

TEST_F(SourceServiceTest, ASourceTellsARowFromNoneAndFromAFailure) {
  store.set("k", {.bytes = Bytes::copy("100"), .expires_at = BootClock::now() + 60s});
  v1::LoadManyRequest request;
  request.set_group("scores");
  for (const char* key : {"none", "error:overloaded", "k"}) request.add_keys(key);
  v1::LoadManyResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(v1::Source::NewStub(channel())->LoadMany(&context, request, &response).ok());
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_EQ(response.results(0).outcome_case(), v1::LoadResult::OUTCOME_NOT_SET);
  EXPECT_EQ(response.results(1).failure().code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(response.results(1).failure().reason(), "overloaded");
  EXPECT_EQ(response.results(2).row().value(), "100");
  EXPECT_LE(response.results(2).row().ttl_ms(), 60'000u);
}

TEST_F(SourceServiceTest, OneKeyOutsideTheLimitsMakesABatchInvalid) {
  v1::LoadManyRequest request;
  request.set_group("scores");
  request.add_keys("k");
  request.add_keys("");
  v1::LoadManyResponse response;
  grpc::ClientContext context;
  EXPECT_EQ(v1::Source::NewStub(channel())->LoadMany(&context, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(store.calls(), 0u);
}

TEST_F(SourceServiceTest, ASourceSendsARowBackOnlyIfItIsNotAsGiven) {
  const auto source = v1::Source::NewStub(channel());
  v1::StoreRequest request;
  request.set_group("scores");
  request.set_key("k");
  request.set_value("v");
  request.set_ttl_ms(60'000);
  v1::StoreResponse response;
  grpc::ClientContext first, second;
  ASSERT_TRUE(source->Store(&first, request, &response).ok());
  EXPECT_FALSE(response.has_row());
  request.set_key("normalised");
  ASSERT_TRUE(source->Store(&second, request, &response).ok());
  EXPECT_EQ(response.row().value(), "as the database has it");
}

TEST_F(SourceServiceTest, ThatTheValueIsAnotherIsAnAnswer) {
  store.set("k", {.bytes = Bytes::copy("old")});
  const auto source = v1::Source::NewStub(channel());
  v1::CompareAndSetRequest request;
  request.set_group("scores");
  request.set_key("k");
  request.set_value("new");
  const auto swap = [&](const char* expected) {
    request.set_expected(expected);
    v1::CompareAndSetResponse response;
    grpc::ClientContext context;
    EXPECT_TRUE(source->CompareAndSet(&context, request, &response).ok());
    return response;
  };
  EXPECT_FALSE(swap("another").stored());
  EXPECT_TRUE(swap("old").stored());
  EXPECT_EQ(store.find({"scores", "k"})->bytes.view(), "new");
}

TEST_F(SourceServiceTest, ATouchAnswersTheRow) {
  store.set("k", {.bytes = Bytes::copy("v"), .tags = Bytes::copy("red,big")});
  v1::TouchRowRequest request;
  request.set_group("scores");
  request.set_key("k");
  request.set_ttl_ms(60'000);
  v1::Row row;
  grpc::ClientContext context;
  ASSERT_TRUE(v1::Source::NewStub(channel())->Touch(&context, request, &row).ok());
  EXPECT_EQ(row.value(), "v");
  EXPECT_LE(row.ttl_ms(), 60'000u);
  ASSERT_EQ(row.tags_size(), 2);
  EXPECT_EQ(row.tags(1), "big");
}

TEST_F(SourceServiceTest, WhoAsksASourceIsAClient) {
  v1::LoadRequest request;
  request.set_group("scores");
  request.set_key("k");
  v1::Row row;
  grpc::ClientContext context;
  EXPECT_FALSE(v1::Source::NewStub(channel())->Load(&context, request, &row).ok());
  EXPECT_EQ(store.last_call().client, "127.0.0.1");
}

}  // namespace
}  // namespace ringcache
