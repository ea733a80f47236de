// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>
#include <vector>

#include "support/raw_client.h"

namespace ringcache {
namespace {

using testing::RawClient;

class NetListenerTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<NetListener>> open(const std::string& address = "127.0.0.1:0") {
    return NetListener::open(address, loops_, {});
  }
  NetLoops loops_{2};
};

TEST_F(NetListenerTest, DealsConnectionsOutOverTheLoops) {
  const auto listener = std::move(*open());
  std::set<const NetLoop*> used;
  std::promise<void> fourth;
  int taken = 0;
  listener->start([&](const auto& loop, NetSocket) {
    used.insert(loop.get());
    if (++taken == 4) fourth.set_value();
  });
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(RawClient(listener->port()).connected());
  fourth.get_future().wait();
  listener->close(Duration{0});
  EXPECT_EQ(used.size(), 2u);
}

TEST_F(NetListenerTest, WhatWaitsAtTheEndIsStillTaken) {
  const auto listener = std::move(*open());
  std::atomic<int> taken = 0;
  std::vector<std::unique_ptr<RawClient>> clients;
  for (int i = 0; i < 50; ++i) clients.push_back(std::make_unique<RawClient>(listener->port()));
  listener->start([&](const auto&, NetSocket) { ++taken; });
  listener->close(Duration{0});
  EXPECT_EQ(taken, 50);
  EXPECT_FALSE(RawClient(listener->port()).connected());
}

TEST_F(NetListenerTest, NobodyIsLetInAndThenCutOff) {
  const auto listener = std::move(*open());
  std::atomic<int> taken = 0;
  std::atomic<int> let_in = 0;
  listener->start([&](const auto&, NetSocket) { ++taken; });
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i)
    clients.emplace_back([&] {
      while (RawClient(listener->port()).connected()) ++let_in;
    });
  while (let_in < 100) std::this_thread::yield();
  listener->close(std::chrono::milliseconds(50));
  for (auto& client : clients) client.join();
  EXPECT_EQ(taken, let_in);
}

TEST_F(NetListenerTest, ClosingTwiceIsClosing) {
  const auto listener = std::move(*open());
  listener->start([](const auto&, NetSocket) {});
  listener->close(Duration{0});
  listener->close(Duration{0});
}

TEST_F(NetListenerTest, AnAddressIsNotShared) {
  const auto listener = std::move(*open());
  const std::string address = "127.0.0.1:" + std::to_string(listener->port());
  const auto second = open(address);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), (Error{Errc::unavailable, address + ": address already in use"}));
}

TEST_F(NetListenerTest, NamesAndFamilies) {
  EXPECT_TRUE(open("localhost:0"));
  EXPECT_TRUE(open("[::1]:0") || open("[::1]:0").error().code == Errc::unavailable);
  EXPECT_EQ(open("no such host:0").error().code, Errc::invalid_argument);
  EXPECT_EQ(open("192.0.2.1:0").error().code, Errc::unavailable);  // nobody's own address
}

}  // namespace
}  // namespace ringcache
