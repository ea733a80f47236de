// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

#include "unit/grpc/fixture.h"

namespace ringcache {
namespace {

using ServerTest = GrpcFixture;

TEST_F(ServerTest, ATakenPortIsRefusedInClearWords) {
  start();
  const auto second = GrpcServer::listen({.listen = address()}, store);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
  EXPECT_EQ(second.error().message,
            address() + ": address already in use; choose another with --listen-grpc");
}

TEST_F(ServerTest, ANameIsTakenWhenOneOfItsAddressesIs) {
  start();
  const auto second =
      GrpcServer::listen({.listen = "localhost:" + std::to_string(server->port())}, store);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
}

TEST_F(ServerTest, AnAddressThatIsNoneIsTheCallersMistake) {
  for (const char* wrong : {"", "9999", "localhost:port", "127.0.0.1:70000"})
    EXPECT_EQ(GrpcServer::listen({.listen = wrong}, store).error().code, Errc::invalid_argument)
        << wrong;
}

TEST_F(ServerTest, AnAddressOfAnotherMachineIsRefused) {
  const auto listening = GrpcServer::listen({.listen = "192.0.2.1:9999"}, store);
  ASSERT_FALSE(listening);
  EXPECT_EQ(listening.error().message, "192.0.2.1:9999: cannot assign requested address");
}

TEST_F(ServerTest, APortIsFreeAgainOnceItsServerIsGone) {
  start();
  const std::string same = address();
  server.reset();
  start({.listen = same});
  EXPECT_EQ(address(), same);
}

TEST_F(ServerTest, DrainLosesNoneOfTheCallsInFlight) {
  start();
  constexpr std::size_t kCalls = 50;
  const auto stub = client();
  std::vector<std::future<bool>> answers;
  for (std::size_t i = 0; i < kCalls; ++i)
    answers.push_back(std::async(std::launch::async, [&stub] {
      grpc::ClientContext context;
      v1::GetResponse response;
      return stub->Get(&context, get_request("held"), &response).ok();
    }));
  store.await_held(kCalls);
  std::jthread draining([this] { server->drain(10s); });
  store.release();
  for (auto& answer : answers) EXPECT_TRUE(answer.get());
}

TEST_F(ServerTest, DrainGivesUpOnTheUnansweredAfterItsGrace) {
  start();
  const auto stub = client();
  grpc::Status status;
  std::jthread caller([&] {
    grpc::ClientContext context;
    v1::GetResponse response;
    status = stub->Get(&context, get_request("held"), &response);
  });
  store.await_held(1);
  server->drain(10ms);
  caller.join();
  EXPECT_FALSE(status.ok());
  store.release();
}

TEST_F(ServerTest, AfterDrainNobodyIsServedAndASecondDrainIsHarmless) {
  start();
  const auto stub = client();
  server->drain(1s);
  server->drain(1s);
  grpc::ClientContext context;
  v1::GetResponse response;
  EXPECT_EQ(stub->Get(&context, get_request("k"), &response).error_code(),
            grpc::StatusCode::UNAVAILABLE);
}

/// The independent client of the shared suites, where they lie beside the checkout.
TEST_F(ServerTest, AnIndependentClientAgrees) {
  const char* named = std::getenv("RINGCACHE_SHARED");
  const std::filesystem::path shared =
      named ? named : std::filesystem::path(RINGCACHE_SOURCE_DIR) / ".." / "shared";
  const auto script = shared / "suites/grpc/grpc_check.py";
  if (!std::filesystem::exists(script)) GTEST_SKIP() << "no " << script << "; set RINGCACHE_SHARED";
  if (std::system("/usr/bin/python3 -c 'import grpc' 2>/dev/null") != 0)
    GTEST_SKIP() << "/usr/bin/python3 has no grpc; install python3-grpcio";
  start();
  store.set("张三", {.bytes = Bytes::copy("100")});
  store.set("empty", {.bytes = Bytes::copy("")});
  for (const std::string service : {"", "ringcache.v1.Cache", "groupcachepb.GroupCache"})
    EXPECT_EQ(std::system(("/usr/bin/python3 " + script.string() + " " + address() +
                           " --hit 张三=100 --hit empty= --health '" + service + "'")
                              .c_str()),
              0);
}

}  // namespace
}  // namespace ringcache
