// SPDX-License-Identifier: Apache-2.0
#include "sql/batches.h"

#include <gtest/gtest.h>

#include <future>
#include <latch>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

void ignore(const Result<Value>&) {}

std::vector<std::string> names_of(const std::vector<SqlBatches::Get>& gets) {
  std::vector<std::string> names;
  for (const SqlBatches::Get& get : gets) names.push_back(get.name);
  return names;
}

using Names = std::vector<std::string>;

TEST(BatchesTest, WhileNothingIsLoadedAGetGoesAtOnce) {
  SqlBatches batches(1h, 10);
  batches.add("a", Time::max(), ignore);
  EXPECT_EQ(names_of(batches.take()), Names{"a"});
  batches.loaded();
  batches.add("b", Time::max(), ignore);
  EXPECT_EQ(names_of(batches.take()), Names{"b"});
}

TEST(BatchesTest, ThoseThatComeWhileOthersAreLoadedWaitForEachOther) {
  SqlBatches batches(1h, 2);
  batches.add("a", Time::max(), ignore);
  batches.take();
  auto taken = std::async(std::launch::async, [&] {
    batches.add("b", Time::max(), ignore);
    return names_of(batches.take());
  });
  EXPECT_EQ(taken.wait_for(20ms), std::future_status::timeout);
  batches.loaded();
  EXPECT_EQ(taken.wait_for(20ms), std::future_status::timeout);
  batches.add("c", Time::max(), ignore);
  EXPECT_EQ(taken.get(), (Names{"b", "c"}));
}

TEST(BatchesTest, TheyDoNotWaitPastTheWindow) {
  SqlBatches batches(1ms, 10);
  batches.add("a", Time::max(), ignore);
  batches.take();
  batches.add("b", Time::max(), ignore);
  EXPECT_EQ(names_of(batches.take()), Names{"b"});
}

TEST(BatchesTest, NorWhenThereAreEnoughOfThem) {
  SqlBatches batches(1h, 2);
  for (const char* name : {"a", "b", "c", "d", "e"}) batches.add(name, Time::max(), ignore);
  EXPECT_EQ(names_of(batches.take()), (Names{"a", "b"}));
  EXPECT_EQ(names_of(batches.take()), (Names{"c", "d"}));
  EXPECT_TRUE(batches.cancel(5));
}

TEST(BatchesTest, WhoeverComesTooLateFindsNone) {
  SqlBatches batches(1h, 10);
  batches.add("a", Time::max(), ignore);
  batches.add("b", Time::max(), ignore);
  EXPECT_EQ(batches.take().size(), 2u);
  EXPECT_TRUE(batches.take().empty());
  batches.loaded();
}

TEST(BatchesTest, AGetIsCancelledUnlessSomebodyHasTakenIt) {
  SqlBatches batches(1h, 10);
  const auto a = batches.add("a", Time::max(), ignore);
  const auto b = batches.add("b", Time::max(), ignore);
  EXPECT_TRUE(batches.cancel(a));
  EXPECT_FALSE(batches.cancel(a));
  EXPECT_EQ(names_of(batches.take()), Names{"b"});
  EXPECT_FALSE(batches.cancel(b));
  EXPECT_FALSE(batches.cancel(99));
}

}  // namespace
}  // namespace ringcache
