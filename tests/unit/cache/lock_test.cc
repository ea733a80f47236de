// SPDX-License-Identifier: Apache-2.0
#include "cache/lock.h"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>
#include <vector>

namespace ringcache {
namespace {

TEST(LockTest, OneAtATime) {
  Lock lock;
  int count = 0;  // a lost update would show
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int n = 0; n < 50'000; ++n) {
        const std::lock_guard guard(lock);
        ++count;
      }
    });
  threads.clear();
  EXPECT_EQ(count, 200'000);
}

TEST(LockTest, WhoWaitsLongIsWokenUp) {
  Lock lock;
  lock.lock();
  bool is_held = true;
  std::jthread waiter([&] {
    const std::lock_guard guard(lock);
    EXPECT_FALSE(is_held);
  });
  for (int i = 0; i < 10'000; ++i) std::this_thread::yield();  // long enough to fall asleep
  is_held = false;
  lock.unlock();
}

}  // namespace
}  // namespace ringcache
