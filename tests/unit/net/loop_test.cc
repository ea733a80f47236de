// SPDX-License-Identifier: Apache-2.0
#include "net/loop.h"

#include <gtest/gtest.h>

#include <future>
#include <new>
#include <optional>

namespace ringcache {
namespace {

TEST(NetLoopTest, TasksRunOnTheLoopsOwnThreadInOrder) {
  NetLoops loops(2);
  const auto loop = loops.at(3);
  EXPECT_EQ(loop, loops.at(1));
  std::vector<int> order;
  std::promise<bool> here;
  loop->post([&] { order.push_back(1); });
  loop->post([&] { order.push_back(2), here.set_value(loop->here()); });
  EXPECT_TRUE(here.get_future().get());
  EXPECT_FALSE(loop->here());
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(NetLoopTest, WhatWasPostedInTimeStillRuns) {
  std::atomic<int> ran = 0;
  {
    NetLoops loops(1);
    for (int i = 0; i < 1'000; ++i) loops.at(0)->post([&] { ++ran; });
  }
  EXPECT_EQ(ran, 1'000);
}

TEST(NetLoopTest, WhatComesAfterTheEndIsDestroyedUnrun) {
  std::optional<NetLoops> loops(std::in_place, 1u);
  const auto loop = loops->at(0);
  loops.reset();
  const auto held = std::make_shared<bool>(false);
  loop->post([held] { *held = true; });
  EXPECT_FALSE(*held);
  EXPECT_EQ(held.use_count(), 1);
}

TEST(NetLoopTest, AHandlerWithoutMemoryDoesNotEndTheLoop) {
  NetLoops loops(1);
  std::promise<void> later;
  loops.at(0)->post([] { throw std::bad_alloc(); });
  loops.at(0)->post([&] { later.set_value(); });
  later.get_future().wait();
}

}  // namespace
}  // namespace ringcache
