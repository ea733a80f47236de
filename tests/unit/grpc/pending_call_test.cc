// SPDX-License-Identifier: Apache-2.0
#include "grpc/pending_call.h"

#include <thread>

#include "unit/grpc/fixture.h"

namespace ringcache {
namespace {

using PendingCallTest = GrpcFixture;

TEST_F(PendingCallTest, AReadThatIsNeverAnsweredEndsAtTheServersTimeout) {
  start({.request_timeout = 20ms});
  grpc::ClientContext context;
  v1::GetResponse response;
  EXPECT_EQ(client()->Get(&context, get_request("held"), &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(PendingCallTest, AWriteThatIsNeverAnsweredIsUnknown) {
  start({.request_timeout = 20ms});
  grpc::ClientContext put, erase;
  v1::PutResponse stored;
  v1::DeleteResponse deleted;
  EXPECT_EQ(client()->Put(&put, put_request("held", "v"), &stored).error_code(),
            grpc::StatusCode::UNKNOWN);
  EXPECT_EQ(client()->Delete(&erase, delete_request("held"), &deleted).error_code(),
            grpc::StatusCode::UNKNOWN);
}

TEST_F(PendingCallTest, TheClientsOwnDeadlineCounts) {
  start();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + 500ms);
  v1::GetResponse response;
  EXPECT_EQ(client()->Get(&context, get_request("held"), &response).error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_LE(store.last_call().deadline, BootClock::now() + 500ms);
}

TEST_F(PendingCallTest, WithoutOneTheStoreIsToldTheServersTimeout) {
  start({.request_timeout = 2s});
  grpc::ClientContext context;
  v1::GetResponse response;
  EXPECT_FALSE(client()->Get(&context, get_request("k"), &response).ok());
  EXPECT_LE(store.last_call().deadline, BootClock::now() + 2s);
  EXPECT_GT(store.last_call().deadline, BootClock::now());
}

TEST_F(PendingCallTest, AnAnswerAfterTheDeadlineTouchesNothing) {
  start({.request_timeout = 10ms});
  grpc::ClientContext context;
  v1::GetResponse response;
  EXPECT_FALSE(client()->Get(&context, get_request("held"), &response).ok());
  store.release();
  EXPECT_TRUE(response.value().empty());
}

TEST_F(PendingCallTest, AnAnswerAfterTheServerIsGoneTouchesNothing) {
  start({.request_timeout = 10ms});
  grpc::ClientContext context;
  v1::GetResponse response;
  EXPECT_FALSE(client()->Get(&context, get_request("held"), &response).ok());
  server.reset();
  store.release();
}

TEST_F(PendingCallTest, ACancelledCallIsForgotten) {
  start();
  const auto stub = client();
  grpc::ClientContext context;
  v1::GetResponse response;
  grpc::Status status;
  std::jthread caller([&] { status = stub->Get(&context, get_request("held"), &response); });
  store.await_held(1);
  context.TryCancel();
  caller.join();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::CANCELLED);
  server->drain(1s);  // returns at once: nothing is in flight any more
  store.release();
}

TEST_F(PendingCallTest, AnAnswerFromAnotherThreadArrives) {
  start();
  std::jthread source([&] {
    store.await_held(1);
    store.release();
  });
  grpc::ClientContext context;
  v1::GetResponse response;
  EXPECT_TRUE(client()->Get(&context, get_request("held"), &response).ok());
  EXPECT_EQ(response.value(), "held");
}

}  // namespace
}  // namespace ringcache
