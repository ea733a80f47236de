// SPDX-License-Identifier: Apache-2.0
#include "sql/patience.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

class PatienceTest : public ::testing::Test {
 protected:
  PatienceTest() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0); }
  ~PatienceTest() override {
    for (const int end : ends_) ::close(end);
  }
  void speak() { EXPECT_EQ(::send(ends_[1], "x", 1, MSG_NOSIGNAL), 1); }

  int ends_[2];
};

TEST_F(PatienceTest, WhatIsThereIsSeenEvenWhenTheTimeIsOver) {
  speak();
  EXPECT_TRUE(wait_for_socket(ends_[0], POLLIN, Time{}) & POLLIN);
  EXPECT_TRUE(wait_for_socket(ends_[0], POLLIN, Time::max()) & POLLIN);
}

TEST_F(PatienceTest, NobodyWaitsPastTheDeadline) {
  const Time deadline = BootClock::now() + 5ms;
  EXPECT_EQ(wait_for_socket(ends_[0], POLLIN, deadline), 0);
  EXPECT_GE(BootClock::now(), deadline);
}

TEST_F(PatienceTest, NewsAreWhatWasSaidAndThatTheOtherHasGone) {
  EXPECT_FALSE(has_news(ends_[0]));
  speak();
  EXPECT_TRUE(has_news(ends_[0]));
  char read = 0;
  EXPECT_EQ(::recv(ends_[0], &read, 1, 0), 1);
  EXPECT_FALSE(has_news(ends_[0]));
  ::shutdown(ends_[1], SHUT_RDWR);
  EXPECT_TRUE(has_news(ends_[0]));
}

}  // namespace
}  // namespace ringcache
