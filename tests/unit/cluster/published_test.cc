// SPDX-License-Identifier: Apache-2.0
#include "cluster/published.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

namespace ringcache {
namespace {

constexpr auto kValue = [](const int* value) { return value ? *value : -1; };

TEST(PublishedTest, HoldsNothingAtFirst) {
  const Published<int> cell;
  EXPECT_EQ(cell.read(kValue), -1);
  EXPECT_EQ(cell.current(), nullptr);
}

TEST(PublishedTest, PublishGivesBackTheOneBefore) {
  Published<int> cell;
  EXPECT_EQ(cell.publish(std::make_unique<int>(1)), nullptr);
  const auto before = cell.publish(std::make_unique<int>(2));
  EXPECT_EQ(*before, 1);
  EXPECT_EQ(cell.read(kValue), 2);
}

TEST(PublishedTest, FreesTheLast) {
  auto last = std::make_shared<int>(1);
  {
    Published<std::shared_ptr<int>> cell;
    cell.publish(std::make_unique<std::shared_ptr<int>>(last));
    EXPECT_EQ(last.use_count(), 2);
  }
  EXPECT_EQ(last.use_count(), 1);
}

TEST(PublishedTest, PublishWaitsForAReaderOfTheOldAndNewReadersDoNot) {
  Published<int> cell;
  cell.publish(std::make_unique<int>(1));
  std::atomic<bool> inside = false, leave = false, left = false;
  std::thread reader([&] {
    cell.read([&](const int* value) {
      inside = true;
      while (!leave) std::this_thread::yield();
      EXPECT_EQ(*value, 1);
      left = true;
    });
  });
  while (!inside) std::this_thread::yield();
  std::thread writer([&] {
    const auto before = cell.publish(std::make_unique<int>(2));
    EXPECT_TRUE(left);
  });
  while (cell.read(kValue) != 2) std::this_thread::yield();
  for (int i = 0; i < 1000; ++i) std::this_thread::yield();  // time for a hasty writer to go wrong
  leave = true;
  reader.join();
  writer.join();
}

TEST(PublishedTest, NobodyReadsWhatPublishGaveBack) {
  struct Checked {
    mutable std::atomic<bool> retired = false;
  };
  Published<Checked> cell;
  cell.publish(std::make_unique<Checked>());
  std::atomic<bool> stop = false;
  const auto read = [&] {
    while (!stop) cell.read([](const Checked* value) { EXPECT_FALSE(value->retired); });
  };
  std::thread first(read), second(read), third(read);
  std::vector<std::unique_ptr<const Checked>> retired;
  for (int i = 0; i < 2000; ++i) {
    retired.push_back(cell.publish(std::make_unique<Checked>()));
    retired.back()->retired = true;
  }
  stop = true;
  first.join();
  second.join();
  third.join();
}

}  // namespace
}  // namespace ringcache
