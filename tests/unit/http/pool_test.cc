// SPDX-License-Identifier: Apache-2.0
#include "http/pool.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <thread>

#include "http/call.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;

/// The other node as a script: what it does with each connection in turn.
class Scripted {
 public:
  using Scene = std::function<void(int connection)>;

  explicit Scripted(std::vector<Scene> scenes) : listener_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), size);
    ::listen(listener_, 8);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    player_ = std::thread([this, scenes = std::move(scenes)] {
      for (const Scene& scene : scenes) {
        const int connection = ::accept(listener_, nullptr, nullptr);
        if (connection < 0) return;
        scene(connection);
        ::close(connection);
      }
      ::shutdown(listener_, SHUT_RDWR);
    });
  }
  ~Scripted() {
    ::shutdown(listener_, SHUT_RDWR);
    player_.join();
    ::close(listener_);
  }

  Member member() const {
    return {.id = "1", .name = "b", .http = "127.0.0.1:" + std::to_string(port_)};
  }

  /// Reads until a request's head is whole.
  static void read_request(int connection) {
    std::string got;
    char piece[4096];
    while (got.find("\r\n\r\n") == std::string::npos) {
      const ssize_t bytes = ::recv(connection, piece, sizeof piece, 0);
      if (bytes <= 0) return;
      got.append(piece, static_cast<std::size_t>(bytes));
    }
  }
  static void say(int connection, std::string_view text) {
    ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
  }

  static void answer(int connection) {
    read_request(connection);
    say(connection,
        "HTTP/1.1 200 OK\r\nX-Ringcache-Value: version=1\r\nContent-Length: 2\r\n\r\nok");
  }
  static void hang_up(int connection) { read_request(connection); }
  static void answer_and_hang_up_on_the_next(int connection) {
    answer(connection);
    hang_up(connection);
  }

 private:
  int listener_;
  std::uint16_t port_ = 0;
  std::thread player_;
};

class PoolTest : public ::testing::Test {
 protected:
  const KeyView key_{"g", "k"};
  Call call_{.deadline = BootClock::now() + 10s};
  HttpPeers peers_;
};

TEST_F(PoolTest, AConnectionIsKept) {
  Scripted node({[](int connection) {
    for (int i = 0; i < 3; ++i) Scripted::answer(connection);
  }});
  const auto peer = peers_.connect(node.member());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get_blocking(*peer, key_, call_)->bytes.view(), "ok");
}

TEST_F(PoolTest, AReadOnAConnectionThatWasJustClosedIsAskedAgain) {
  Scripted node({Scripted::answer_and_hang_up_on_the_next, Scripted::answer});
  const auto peer = peers_.connect(node.member());
  EXPECT_TRUE(get_blocking(*peer, key_, call_));
  EXPECT_TRUE(get_blocking(*peer, key_, call_));
}

TEST_F(PoolTest, AReadIsAskedAgainOnlyOnce) {
  Scripted node({Scripted::answer_and_hang_up_on_the_next, Scripted::hang_up, Scripted::answer});
  const auto peer = peers_.connect(node.member());
  EXPECT_TRUE(get_blocking(*peer, key_, call_));
  EXPECT_EQ(get_blocking(*peer, key_, call_).error().code, Errc::unavailable);
}

TEST_F(PoolTest, AReadOnAFreshConnectionIsNotAskedAgain) {
  Scripted node({Scripted::hang_up, Scripted::answer});
  const auto peer = peers_.connect(node.member());
  EXPECT_EQ(get_blocking(*peer, key_, call_).error().code, Errc::unavailable);
}

TEST_F(PoolTest, AWriteThatMayHaveArrivedIsNeverRepeated) {
  Scripted node({Scripted::answer_and_hang_up_on_the_next, Scripted::answer});
  const auto peer = peers_.connect(node.member());
  EXPECT_TRUE(get_blocking(*peer, key_, call_));
  EXPECT_EQ(put_blocking(*peer, key_, {}, call_).error().code, Errc::unknown);
}

TEST_F(PoolTest, AnAnswerThatBreaksOffIsNotAskedAgain) {
  Scripted node({[](int connection) {
                   Scripted::answer(connection);
                   Scripted::read_request(connection);
                   Scripted::say(connection, "HTTP/1.1 200 OK\r\nContent-Le");
                 },
                 Scripted::answer});
  const auto peer = peers_.connect(node.member());
  EXPECT_TRUE(get_blocking(*peer, key_, call_));
  EXPECT_EQ(get_blocking(*peer, key_, call_).error().code, Errc::unavailable);
}

TEST_F(PoolTest, AConnectionClosedWhileIdleIsReplaced) {
  Scripted node({Scripted::answer, Scripted::answer});
  const auto peer = peers_.connect(node.member());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(get_blocking(*peer, key_, call_));
}

TEST_F(PoolTest, WhatIsNoNodeOfOursIsSaidSo) {
  const auto other = [](int connection) {
    Scripted::read_request(connection);
    Scripted::say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
  };
  Scripted node({other, other});
  const auto peer = peers_.connect(node.member());
  EXPECT_EQ(get_blocking(*peer, key_, call_).error().code, Errc::unavailable);
  EXPECT_EQ(put_blocking(*peer, key_, {}, call_).error().code, Errc::unknown);
}

TEST_F(PoolTest, NoiseIsNoAnswer) {
  Scripted node({[](int connection) {
    Scripted::read_request(connection);
    Scripted::say(connection, "SSH-2.0-OpenSSH_9.2\r\n");
  }});
  const auto peer = peers_.connect(node.member());
  EXPECT_EQ(get_blocking(*peer, key_, call_).error().code, Errc::unavailable);
}

TEST_F(PoolTest, TooManyWaitingCallsAreShed) {
  Scripted node({[](int connection) {
    Scripted::answer(connection);
    Scripted::answer(connection);
  }});
  HttpPeers peers({.connections_max = 1, .waiting_max = 1});
  const auto peer = peers.connect(node.member());
  std::atomic<int> shed = 0;
  std::atomic<int> done = 0;
  for (int i = 0; i < 10; ++i)
    peer->get(key_, call_, [&](Result<Value> value) {
      if (!value && value.error().code == Errc::overloaded) ++shed;
      ++done;
    });
  while (done < 10) std::this_thread::yield();
  EXPECT_GE(shed, 1);
}

TEST_F(PoolTest, ACallWithoutTimeLeftIsNotSent) {
  const auto peer = peers_.connect({.id = "1", .name = "b", .http = "127.0.0.1:1"});
  const Call late{.deadline = BootClock::now() - 1s};
  std::promise<Errc> answer;
  peer->put(key_, {}, late, [&](Result<Value> value) { answer.set_value(value.error().code); });
  EXPECT_EQ(answer.get_future().get(), Errc::unavailable);
}

}  // namespace
}  // namespace ringcache
