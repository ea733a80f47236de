// SPDX-License-Identifier: Apache-2.0
#include <ringcache/scheduler.h>

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <memory>
#include <thread>
#include <vector>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

TEST(SchedulerTest, ForEverPlusAnythingIsForEver) {
  EXPECT_EQ(saturating_add(Time{}, Duration::max()), Time::max());
  EXPECT_EQ(saturating_add(Time::max(), 1s), Time::max());
  EXPECT_EQ(saturating_add(Time{} + 1s, 2s), Time{} + 3s);
}

TEST(SchedulerTest, RunsPostedTasksOnItsOwnThreads) {
  std::promise<std::thread::id> where;
  auto scheduler = thread_scheduler(1);
  scheduler->post([&] { where.set_value(std::this_thread::get_id()); });
  EXPECT_NE(where.get_future().get(), std::this_thread::get_id());
}

TEST(SchedulerTest, RunsTimersInOrderOfTheirTime) {
  std::vector<int> order;
  std::promise<void> last;
  auto scheduler = thread_scheduler(1);
  scheduler->after(20ms, [&] { order.push_back(2), last.set_value(); });
  scheduler->after(5ms, [&] { order.push_back(1); });
  last.get_future().wait();
  EXPECT_EQ(order, (std::vector{1, 2}));
}

TEST(SchedulerTest, AWorkerThatSleepsOnATimerStillTakesPostedWork) {
  std::promise<void> ran;
  auto scheduler = thread_scheduler(1);
  scheduler->after(1h, [] {});
  scheduler->post([&] { ran.set_value(); });
  EXPECT_EQ(ran.get_future().wait_for(30s), std::future_status::ready);
}

TEST(SchedulerTest, DestroysTasksThatNeverRan) {
  auto held = std::make_shared<int>(1);
  {
    auto scheduler = thread_scheduler(1);
    scheduler->after(1h, [held] {});
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(SchedulerTest, ManyThreadsLoseNoTask) {
  constexpr int kTasks = 2'000;
  std::latch all(kTasks);
  auto scheduler = thread_scheduler(4);
  for (int i = 0; i < kTasks; ++i) scheduler->post([&] { all.count_down(); });
  all.wait();
}

}  // namespace
}  // namespace ringcache
