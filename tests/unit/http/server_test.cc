// SPDX-License-Identifier: Apache-2.0
#include <ringcache/http.h>

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

#include "support/map_store.h"
#include "support/raw_client.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::MapStore;
using testing::RawClient;

std::string get(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n";
}

const std::string kGet = get("/v1/groups/g/keys/k");

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    store_.set("k", "100");
    store_.set("+ /\xff", "odd");
  }

  HttpServer& server(HttpOptions options = {}) {
    options.listen = "127.0.0.1:0";
    auto opened = HttpServer::listen(std::move(options), store_);
    EXPECT_TRUE(opened) << opened.error().message;
    server_ = std::move(*opened);
    return *server_;
  }

  testing::RawReply ask(const std::string& target) {
    auto reply = RawClient(server_->port()).ask(get(target));
    EXPECT_TRUE(reply) << target;
    return reply.value_or(testing::RawReply());
  }

  MapStore store_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, ATakenPortIsSaidWithWhatToDo) {
  const std::string address = "127.0.0.1:" + std::to_string(server().port());
  const auto second = HttpServer::listen({.listen = address}, store_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Errc::unavailable);
  EXPECT_EQ(second.error().message,
            address + ": address already in use; choose another with --listen-http");
}

TEST_F(HttpServerTest, ThePortIsFreeAgainAtOnce) {
  const std::string address = "127.0.0.1:" + std::to_string(server().port());
  EXPECT_EQ(RawClient(server_->port()).ask(kGet)->status, 200u);
  server_.reset();
  EXPECT_TRUE(HttpServer::listen({.listen = address}, store_));
}

TEST_F(HttpServerTest, AnAddressThatIsNoneIsSaid) {
  for (const char* address : {"", "8080", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000"}) {
    const auto opened = HttpServer::listen({.listen = address}, store_);
    ASSERT_FALSE(opened) << address;
    EXPECT_EQ(opened.error().code, Errc::invalid_argument) << address;
  }
}

TEST_F(HttpServerTest, ThePlainRoutesOfTheGoProject) {
  server({.api_group = "g"});
  EXPECT_EQ(ask("/api?key=k").body, "100");
  EXPECT_EQ(ask("/api?key=%2B+/%FF&group=g").body, "odd");
  EXPECT_EQ(ask("/api?key=k&group=none").status, 404u);
  EXPECT_EQ(ask("/api").status, 400u);
}

TEST_F(HttpServerTest, ThePeerRoutesOfTheGoFamily) {
  server();
  const auto reply = ask("/_groupcache/g/%2B+/%FF");
  EXPECT_EQ(reply.header("Content-Type"), "application/x-protobuf");
  EXPECT_EQ(reply.body, "\x0a\x03odd");
  EXPECT_FALSE(store_.last_call().forwarded);
  EXPECT_EQ(ask("/_ggcache/g/absent").status, 404u);
  EXPECT_EQ(ask("/_geecache/g/").status, 400u);
}

TEST_F(HttpServerTest, AClientIsItsAddress) {
  server();
  for (const char* target : {"/v1/groups/g/keys/k", "/api?group=g&key=k", "/_groupcache/g/k"}) {
    get_blocking(store_, KeyView("g", "k"));
    ASSERT_EQ(store_.last_call().client, "");
    ask(target);
    EXPECT_EQ(store_.last_call().client, "127.0.0.1") << target;
  }
}

TEST_F(HttpServerTest, HealthAndReadinessAreTwoThings) {
  std::string reason = "not in the ring yet";
  server({.unready_reason = [&] { return reason; }});
  EXPECT_EQ(ask("/healthz").status, 200u);
  EXPECT_EQ(ask("/readyz").status, 503u);
  EXPECT_EQ(ask("/readyz").body, "not in the ring yet\n");
  reason.clear();
  EXPECT_EQ(ask("/readyz").status, 200u);
}

TEST_F(HttpServerTest, PagesAreJsonAndTheirErrorsToo) {
  server(
      {.pages = {{"/v1/groups/{group}", [](const HttpPage::Parameters& p) -> Result<std::string> {
                    if (p.at("group") == "g") return "{\"name\":\"g\"}";
                    return fail(Errc::no_such_group, "no group of that name");
                  }}}});
  EXPECT_EQ(ask("/v1/groups/g").body, "{\"name\":\"g\"}");
  EXPECT_EQ(ask("/v1/groups/g").header("Content-Type"), "application/json");
  EXPECT_EQ(ask("/v1/groups/x").status, 404u);
  EXPECT_EQ(ask("/nowhere").status, 404u);
}

TEST_F(HttpServerTest, TheOwnerIsNamed) {
  server({.owner_name = [](const KeyView& key) { return "owner-of-" + std::string(key.name); }});
  EXPECT_EQ(ask("/v1/groups/g/keys/k").header("X-Ringcache"), "hit; owner=owner-of-k");
}

TEST_F(HttpServerTest, OneConnectionTooManyIsToldSo) {
  server({.connections_max = 2});
  RawClient first(server_->port());
  RawClient second(server_->port());
  EXPECT_EQ(first.ask(kGet)->status, 200u);
  EXPECT_EQ(second.ask(kGet)->status, 200u);
  const auto refused = RawClient(server_->port()).ask(kGet);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 503u);
  EXPECT_EQ(refused->header("Retry-After"), "1");
  EXPECT_EQ(first.ask(kGet)->status, 200u);
}

TEST_F(HttpServerTest, ADrainingServerAnswersKeptConnectionsAndEndsThem) {
  RawClient client(server().port());
  EXPECT_EQ(client.ask(kGet)->header("Connection"), "");
  std::thread drain([&] { server_->drain(10s); });
  std::optional<testing::RawReply> reply;
  do reply = client.ask(kGet);
  while (reply && reply->header("Connection").empty());
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 200u);
  EXPECT_TRUE(client.ended());
  client.end();
  drain.join();
  EXPECT_FALSE(RawClient(server_->port()).connected());
}

TEST_F(HttpServerTest, ADrainWaitsForAnswersUnderWay) {
  RawClient client(server().port());
  ASSERT_TRUE(client.send(get("/v1/groups/g/keys/never")));
  store_.wait_for_held(1);
  auto drain = std::async(std::launch::async, [&] { server_->drain(10s); });
  EXPECT_EQ(drain.wait_for(100ms), std::future_status::timeout);
  store_.release();
  EXPECT_EQ(client.receive()->body, "late");
  client.end();
}

TEST_F(HttpServerTest, ADrainEndsAtItsGrace) {
  RawClient client(server().port());
  ASSERT_TRUE(client.send(get("/v1/groups/g/keys/never")));
  store_.wait_for_held(1);
  const Time before = BootClock::now();
  server_->drain(20ms);
  EXPECT_LT(BootClock::now() - before, 5s);
  EXPECT_FALSE(client.receive());
}

/// Clients that keep their connection, and connect anew when a reply says that it was the last;
/// one that is refused has lost nothing.
TEST_F(HttpServerTest, ADrainUnderLoadLosesNoRequest) {
  const std::uint16_t port = server().port();
  std::atomic<int> answered = 0;
  std::atomic<int> lost = 0;
  const auto run = [&] {
    for (;;) {
      RawClient client(port);
      if (!client.connected()) return;
      for (bool kept = true; kept;) {
        const auto reply = client.ask(kGet);
        ++(reply && reply->status == 200 ? answered : lost);
        kept = reply && reply->header("Connection").empty();
      }
    }
  };
  std::vector<std::thread> clients;
  for (int i = 0; i < 8; ++i) clients.emplace_back(run);
  while (answered < 500) std::this_thread::yield();
  server_->drain(10s);
  for (auto& client : clients) client.join();
  EXPECT_EQ(lost, 0);
}

}  // namespace
}  // namespace ringcache
