// SPDX-License-Identifier: Apache-2.0
#include "base/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <set>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

/// A job that holds its thread until the gate is opened.
struct Gate {
  std::latch entered{1}, opened{1};
  Workers::Job job() {
    return {.work = [this](Turn, unsigned) {
      entered.count_down();
      opened.wait();
    }};
  }
};

Workers::Job tell(std::promise<Turn>& told, Time start_by = Time::max()) {
  return {.work = [&told](Turn turn, unsigned) { told.set_value(turn); }, .start_by = start_by};
}

TEST(WorkersTest, EveryThreadTakesWorkUnderItsOwnNumber) {
  std::latch all_here(3);
  std::atomic<unsigned> seen = 0;
  {
    Workers workers({.threads = 3});
    for (int i = 0; i < 3; ++i)
      workers.submit({.work = [&](Turn, unsigned worker) {
        seen |= 1u << worker;
        all_here.arrive_and_wait();
      }});
    all_here.wait();
  }
  EXPECT_EQ(seen, 0b111u);
}

TEST(WorkersTest, AFullQueueRefusesAtOnce) {
  Gate gate;
  std::promise<Turn> second, third;
  Workers workers({.threads = 1, .queued_max = 1});
  workers.submit(gate.job());
  gate.entered.wait();
  workers.submit(tell(second));
  workers.submit(tell(third));
  EXPECT_EQ(third.get_future().get(), Turn::full);
  gate.opened.count_down();
  EXPECT_EQ(second.get_future().get(), Turn::run);
}

TEST(WorkersTest, ALateJobIsToldSoWhileEveryThreadIsHeldUp) {
  Gate gate;
  std::promise<Turn> late, patient;
  Workers workers({.threads = 1});
  workers.submit(gate.job());
  gate.entered.wait();
  workers.submit(tell(patient));
  workers.submit(tell(late, BootClock::now() + 5ms));
  EXPECT_EQ(late.get_future().get(), Turn::late);
  gate.opened.count_down();
  EXPECT_EQ(patient.get_future().get(), Turn::run);
}

TEST(WorkersTest, AJobThatIsLateFromTheStartNeverRuns) {
  std::promise<Turn> told;
  Workers workers({.threads = 1});
  workers.submit(tell(told, BootClock::now() - 1ms));
  EXPECT_EQ(told.get_future().get(), Turn::late);
}

TEST(WorkersTest, DestructionRefusesWhatWaits) {
  Gate gate;
  std::promise<Turn> waiting;
  auto workers = std::make_unique<Workers>(Workers::Options{.threads = 1});
  workers->submit(gate.job());
  gate.entered.wait();
  workers->submit({.work = [&](Turn turn, unsigned) {
    waiting.set_value(turn);
    gate.opened.count_down();  // only now can the running job, and so the destructor, end
  }});
  workers.reset();
  EXPECT_EQ(waiting.get_future().get(), Turn::closing);
}

TEST(WorkersTest, AJobMayDestroyItsOwner) {
  auto workers = std::make_unique<Workers>(Workers::Options{.threads = 2});
  std::promise<void> submitted, destroyed;
  workers->submit({.work = [&](Turn, unsigned) {
    submitted.get_future().wait();
    workers.reset();
    destroyed.set_value();
  }});
  submitted.set_value();
  destroyed.get_future().wait();
}

TEST(WorkersTest, JobsThatMustBeAloneNeverOverlapAndKeepTheirOrder) {
  std::atomic<int> running = 0;
  std::vector<int> order;
  std::latch done(100);
  Workers workers({.threads = 4});
  for (int i = 0; i < 100; ++i)
    workers.submit({.work =
                        [&, i](Turn, unsigned) {
                          EXPECT_EQ(++running, 1);
                          order.push_back(i);  // safe only if they are alone
                          --running;
                          done.count_down();
                        },
                    .alone = true});
  done.wait();
  EXPECT_TRUE(std::ranges::is_sorted(order));
}

TEST(WorkersTest, JobsThatWaitToBeAloneDoNotHoldUpTheOthers) {
  Gate gate;
  std::promise<Turn> lonely, sociable;
  Workers workers({.threads = 2});
  Workers::Job holder = gate.job(), waiter = tell(lonely);
  holder.alone = waiter.alone = true;
  workers.submit(std::move(holder));
  gate.entered.wait();
  workers.submit(std::move(waiter));
  workers.submit(tell(sociable));
  EXPECT_EQ(sociable.get_future().get(), Turn::run);
  gate.opened.count_down();
  EXPECT_EQ(lonely.get_future().get(), Turn::run);
}

}  // namespace
}  // namespace ringcache
