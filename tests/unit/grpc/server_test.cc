// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <thread>

#include <sys/socket.h>
#include <unistd.h>

#include <grpcpp/generic/generic_stub.h>

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

TEST_F(ServerTest, DrainGivesUpOnTheUnansweredAfterItsGraceAndSaysSo) {
  std::string said;
  start(
      {.log = Log([&said](LogLevel, std::string_view, std::string_view words) { said = words; })});
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
  EXPECT_EQ(said, "calls cut off unanswered: 1");
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

/// Calls `stub` until told to stop, and counts what failed.
std::size_t failures(v1::Cache::Stub& stub, const std::atomic<bool>& stop) {
  std::size_t failed = 0;
  while (!stop) {
    grpc::ClientContext context;
    v1::GetRequest request;
    request.set_group("scores");
    request.set_key("k");
    v1::GetResponse response;
    failed += !stub.Get(&context, request, &response).ok();
  }
  return failed;
}

TEST_F(ServerTest, AClientThatHeedsGoawayLosesNoCallWhenServerAfterServerDrains) {
  store.set("k", {.bytes = Bytes::copy("100")});
  std::vector<std::unique_ptr<GrpcServer>> servers;
  std::string all = "ipv4:";
  for (int i = 0; i < 6; ++i) {
    start();
    all += (i == 0 ? "" : ",") + address();
    servers.push_back(std::move(server));
  }
  const auto stub = v1::Cache::NewStub(channel(all));
  std::atomic<bool> stop = false;
  std::vector<std::future<std::size_t>> callers;
  for (int i = 0; i < 8; ++i)
    callers.push_back(std::async(std::launch::async, [&] { return failures(*stub, stop); }));
  for (auto leaving = servers.begin(); leaving + 1 != servers.end(); ++leaving) {
    const std::size_t before = store.calls();
    while (store.calls() < before + 200) std::this_thread::yield();
    (*leaving)->drain(10s);
  }
  stop = true;
  for (auto& caller : callers) EXPECT_EQ(caller.get(), 0u);
}

/// Watches a server's health until the server ends that.
class Watcher final : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  explicit Watcher(const std::shared_ptr<grpc::Channel>& channel) : stub_(channel) {
    stub_.PrepareBidiStreamingCall(&context_, "/grpc.health.v1.Health/Watch", {}, this);
    StartWriteLast(&nothing_, {});
    StartRead(&read_);
    StartCall();
  }
  ~Watcher() override { over_.get_future().wait(); }
  void await_status() { status_.get_future().wait(); }

 private:
  void OnReadDone(bool ok) override {
    if (!std::exchange(answered_, true)) status_.set_value();
    if (ok) StartRead(&read_);
  }
  void OnDone(const grpc::Status&) override { over_.set_value(); }

  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  grpc::Slice empty_;
  grpc::ByteBuffer nothing_{&empty_, 1};
  grpc::ByteBuffer read_;
  bool answered_ = false;
  std::promise<void> status_, over_;
};

TEST_F(ServerTest, WhoWatchesItsHealthDoesNotHoldUpTheDrain) {
  start();
  Watcher watcher(channel(address()));
  watcher.await_status();
  const Time began = BootClock::now();
  server->drain(10s);
  EXPECT_LT(BootClock::now() - began, 5s);
}

/// What the health service says of `name`; none when it gives no answer.
std::optional<std::string> health(const std::shared_ptr<grpc::Channel>& channel,
                                  std::string_view name) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  const grpc::Slice field("\x0a" + std::string(1, static_cast<char>(name.size())) +
                          std::string(name));
  const grpc::ByteBuffer request(&field, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", {}, &request, &response,
                 [&done](const grpc::Status& status) { done.set_value(status); });
  if (!done.get_future().get().ok()) return {};
  grpc::Slice whole;
  if (!response.DumpToSingleSlice(&whole).ok()) return {};
  return std::string(whole.begin(), whole.end());
}

TEST_F(ServerTest, EveryServiceIsHealthyUnderItsOwnName) {
  start();
  const auto to = channel(address());
  const std::string serving = "\x08\x01";
  for (const char* service : {"", "ringcache.v1.Cache", "ringcache.v1.Peer", "ringcache.v1.Source",
                              "groupcachepb.GroupCache"})
    EXPECT_EQ(health(to, service), serving) << service;
  EXPECT_EQ(health(to, "no.such.Service"), std::nullopt);
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
  // By its last words, not by its end: now and then Python's grpc waits for itself there for ever.
  const std::string words = "(timeout -s KILL 100 /usr/bin/python3 -u " + script.string() + " " +
                            address() + " --hit 张三=100 --hit empty= 2>&1 &)";
  EXPECT_EQ(std::system((words + " | sed '/^GRPC-CHECK/q' | tee /dev/stderr"
                                 " | grep -q '^GRPC-CHECK .* fail=0$'")
                            .c_str()),
            0);
}

}  // namespace
}  // namespace ringcache
