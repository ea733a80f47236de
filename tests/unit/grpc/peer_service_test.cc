// SPDX-License-Identifier: Apache-2.0
#include "grpc/services.h"
#include "unit/grpc/fixture.h"

namespace ringcache {
namespace {

class PeerServiceTest : public GrpcFixture {
 protected:
  void SetUp() override { start(); }
};

TEST_F(PeerServiceTest, ACallOfAClientMayBeForwardedAndACallOfAPeerMayNot) {
  v1::GetResponse got;
  grpc::ClientContext clients;
  EXPECT_FALSE(client()->Get(&clients, get_request("k"), &got).ok());
  EXPECT_FALSE(store.last_call().forwarded);
  v1::PeerGetRequest request;
  request.set_group("scores");
  request.set_key("k");
  v1::PeerValue value;
  grpc::ClientContext context;
  EXPECT_FALSE(v1::Peer::NewStub(channel())->Get(&context, request, &value).ok());
  EXPECT_TRUE(store.last_call().forwarded);
}

TEST_F(PeerServiceTest, APeerIsAnsweredAsFarAsThereIsRoom) {
  store.set("large", {.bytes = Bytes::copy(std::string(1'500'000, 'v'))});
  v1::PeerBatchGetRequest request;
  request.set_group("scores");
  for (int i = 0; i < 4; ++i) request.add_keys("large");
  v1::PeerBatchGetResponse response;
  grpc::ClientContext context;
  ASSERT_TRUE(v1::Peer::NewStub(channel())->BatchGet(&context, request, &response).ok());
  EXPECT_EQ(response.results_size(), 2);
  EXPECT_TRUE(store.last_call().forwarded);
}

TEST_F(PeerServiceTest, NoWriteOfAPeerIsForwardedAgain) {
  store.set("k", {.bytes = Bytes::copy("old")});
  const auto peer = v1::Peer::NewStub(channel());
  v1::PeerPutRequest put;
  put.set_group("scores");
  put.set_key("k");
  put.set_value("new");
  put.set_expected_etag(etag_of("old"));
  v1::PeerValue value;
  grpc::ClientContext first, second, third;
  ASSERT_TRUE(peer->CompareAndSet(&first, put, &value).ok());
  EXPECT_TRUE(store.last_call().forwarded);
  EXPECT_FALSE(value.has_value()) << "the asker has it";
  v1::PeerTouchRequest touch;
  touch.set_group("scores");
  touch.set_key("k");
  ASSERT_TRUE(peer->Touch(&second, touch, &value).ok());
  EXPECT_TRUE(store.last_call().forwarded);
  EXPECT_EQ(value.value(), "new");
  v1::InvalidateRequest all;
  all.set_group("scores");
  all.set_all(true);
  v1::InvalidateResponse copies;
  ASSERT_TRUE(peer->Invalidate(&third, all, &copies).ok());
  EXPECT_TRUE(store.last_call().forwarded);
}

}  // namespace
}  // namespace ringcache
