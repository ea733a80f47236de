// SPDX-License-Identifier: Apache-2.0
#include "net/stream.h"

#include <gtest/gtest.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace ringcache {
namespace {

using boost::asio::ip::tcp;

/// Two streams joined over the loopback, on a loop that the test runs by hand.
class NetStreamTest : public ::testing::Test {
 protected:
  NetStreamTest() {
    tcp::acceptor acceptor(loop_->io(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0));
    NetSocket near(loop_->io().get_executor());
    near.connect(acceptor.local_endpoint());
    NetSocket far(loop_->io().get_executor());
    acceptor.accept(far);
    near_ = std::make_unique<NetStream>(loop_, std::move(near), 1 << 20);
    far_ = std::make_unique<NetStream>(loop_, std::move(far), 1 << 20);
  }

  bool write() {
    bool ok = false;
    near_->write([&](bool written) { ok = written; });
    run();
    return ok;
  }
  std::string read(std::size_t size) {
    bool ok = true;
    while (ok && far_->input().size() < size) {
      far_->read(size, [&](bool got) { ok = got; });
      run();
    }
    return std::string(far_->input().view());
  }
  void run() {
    loop_->io().restart();
    while (loop_->io().run_one_for(std::chrono::milliseconds(20)) > 0) continue;
  }

  std::shared_ptr<NetLoop> loop_ = std::make_shared<NetLoop>();
  std::unique_ptr<NetStream> near_;
  std::unique_ptr<NetStream> far_;
};

TEST_F(NetStreamTest, ThePeersAddressHasNoPort) {
  EXPECT_EQ(far_->peer_address(), "127.0.0.1");
  far_->close();
  EXPECT_EQ(far_->peer_address(), "");
}

TEST_F(NetStreamTest, AClientOfIpv4IsTheSameAtAListenerOfIpv6) {
  tcp::acceptor acceptor(loop_->io(), tcp::endpoint(tcp::v6(), 0));  // both, unless told otherwise
  for (const char* address : {"127.0.0.1", "::1"}) {
    NetSocket near(loop_->io().get_executor());
    near.connect({boost::asio::ip::make_address(address), acceptor.local_endpoint().port()});
    NetSocket far(loop_->io().get_executor());
    acceptor.accept(far);
    EXPECT_EQ(NetStream(loop_, std::move(far), 1).peer_address(), address);
  }
}

TEST_F(NetStreamTest, TextAndPayloadsKeepTheirOrder) {
  near_->text() += "a";
  near_->payload(Bytes::copy("1"));
  near_->payload(Bytes());
  near_->payload(Bytes::copy("2"));
  near_->text() += "b";
  near_->payload(Bytes::copy("3"));
  near_->text() += "c";
  EXPECT_EQ(near_->output_bytes(), 6u);
  EXPECT_TRUE(write());
  EXPECT_EQ(read(6), "a12b3c");
  EXPECT_FALSE(near_->has_output());
}

TEST_F(NetStreamTest, WhatIsQueuedDuringAWriteWaitsForTheNext) {
  near_->text() += "first";
  near_->write([&](bool) {});
  near_->text() += "second";
  run();
  EXPECT_TRUE(near_->has_output());
  EXPECT_TRUE(write());
  EXPECT_EQ(read(11), "firstsecond");
}

TEST_F(NetStreamTest, OneReplyWithOnePayload) {
  near_->text() += "head";
  near_->payload(Bytes::copy("body"));
  EXPECT_TRUE(write());
  EXPECT_EQ(near_->written(), 8u);
  EXPECT_EQ(read(8), "headbody");
}

TEST_F(NetStreamTest, TheOtherSidesEndIsHeardAfterItsLastByte) {
  near_->text() += "last";
  EXPECT_TRUE(write());
  near_->end();
  EXPECT_EQ(read(5), "last");
}

TEST_F(NetStreamTest, CloseEndsWhatIsUnderWay) {
  bool ok = true;
  far_->read(1, [&](bool got) { ok = got; });
  far_->close();
  run();
  EXPECT_FALSE(ok);
}

TEST_F(NetStreamTest, AWriteToNobodyFails) {
  far_->close();
  run();
  bool ok = true;
  for (int i = 0; i < 3 && ok; ++i) {
    near_->text() += "x";
    ok = write();
  }
  EXPECT_FALSE(ok);
  EXPECT_EQ(near_->written(), 0u);
}

}  // namespace
}  // namespace ringcache
