// SPDX-License-Identifier: Apache-2.0
#include "grpc/gate.h"

#include <gtest/gtest.h>

#include <thread>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

TEST(GateTest, AHeldAnswerGoesOutOnRelease) {
  GrpcGate gate;
  bool answered = false;
  gate.hold(0s, 1s);
  ASSERT_TRUE(gate.holding());
  gate.keep([&] { answered = true; });
  EXPECT_FALSE(answered);
  gate.release();
  EXPECT_TRUE(answered);
  EXPECT_FALSE(gate.holding());
}

TEST(GateTest, AnAnswerThatComesAfterTheReleaseIsNotHeld) {
  GrpcGate gate;
  bool answered = false;
  gate.keep([&] { answered = true; });
  EXPECT_TRUE(answered);
}

TEST(GateTest, WhoNeverPausesIsWaitedForOnlySoLong) {
  GrpcGate gate;
  std::atomic<bool> stop = false;
  std::jthread caller([&] {
    while (!stop) gate.enter(), gate.leave();
  });
  gate.hold(1ms, 10ms);
  stop = true;
  SUCCEED();
}

TEST(GateTest, EmptyMeansThatTheLastHasLeft) {
  GrpcGate gate;
  gate.enter();
  gate.enter();
  gate.await_empty(BootClock::now());
  EXPECT_EQ(gate.inside(), 2u);
  std::jthread leaver([&] { gate.leave(), gate.leave(); });
  gate.await_empty(Time::max());
  EXPECT_EQ(gate.inside(), 0u);
}

}  // namespace
}  // namespace ringcache
