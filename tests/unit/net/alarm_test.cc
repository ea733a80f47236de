// SPDX-License-Identifier: Apache-2.0
#include "net/alarm.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

/// An alarm on a loop that the test runs by hand until nothing is left to wait for.
struct Bell : std::enable_shared_from_this<Bell> {
  explicit Bell(NetLoop& loop) : alarm(loop) {}
  NetAlarm alarm;
  std::vector<Time> rings;
};

class NetAlarmTest : public ::testing::Test {
 protected:
  NetAlarmTest() {
    bell_->alarm.bind(bell_, [bell = bell_.get()] { bell->rings.push_back(BootClock::now()); });
  }
  void run() { loop_.io().run_for(50ms); }

  NetLoop loop_;
  std::shared_ptr<Bell> bell_ = std::make_shared<Bell>(loop_);
  const Time start_ = BootClock::now();
};

TEST_F(NetAlarmTest, RingsOnceWhenDue) {
  bell_->alarm.set(start_ + 5ms);
  run();
  ASSERT_EQ(bell_->rings.size(), 1u);
  EXPECT_GE(bell_->rings[0], start_ + 5ms);
}

TEST_F(NetAlarmTest, ALaterTimeReplacesTheEarlier) {
  bell_->alarm.set(start_ + 1ms);
  bell_->alarm.set(start_ + 10ms);
  run();
  ASSERT_EQ(bell_->rings.size(), 1u);
  EXPECT_GE(bell_->rings[0], start_ + 10ms);
}

TEST_F(NetAlarmTest, AnEarlierTimeReplacesTheLater) {
  bell_->alarm.set(start_ + 1h);
  bell_->alarm.set(start_ + 1ms);
  run();
  EXPECT_EQ(bell_->rings.size(), 1u);
}

TEST_F(NetAlarmTest, NeverIsNever) {
  bell_->alarm.set(start_ + 1ms);
  bell_->alarm.set(Time::max());
  run();
  EXPECT_TRUE(bell_->rings.empty());
}

TEST_F(NetAlarmTest, OnceStoppedItCannotBeSet) {
  bell_->alarm.set(start_ + 1h);
  bell_->alarm.stop();
  bell_->alarm.set(start_ + 1ms);
  run();
  EXPECT_TRUE(bell_->rings.empty());
}

TEST_F(NetAlarmTest, ADeadOwnerIsNotRung) {
  bell_->alarm.set(start_ + 1ms);
  bell_.reset();
  run();  // what rang would be a use after free
}

}  // namespace
}  // namespace ringcache
