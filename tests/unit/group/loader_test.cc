// SPDX-License-Identifier: Apache-2.0
#include <ringcache/loader.h>

#include <gtest/gtest.h>

#include <future>
#include <latch>
#include <stdexcept>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

Result<Value> upper(std::string_view key, const LoadContext& context) {
  if (key == "absent") return fail(Errc::not_found, "no such key");
  if (key == "throws") throw std::runtime_error("disk on fire");
  if (key == "throws 42") throw 42;
  return loaded(std::string(context.group) + "/" + std::string(key));
}

TEST(LoaderTest, ALoaderAnswersWithItsBytesAndWhenItBegan) {
  const auto source = loader_source(upper);
  const Time before = BootClock::now();
  const auto value = get_blocking(*source, KeyView("scores", "张三"));
  EXPECT_EQ(value->bytes.view(), "scores/张三");
  EXPECT_GE(value->loaded_at, before);
  EXPECT_EQ(value->expires_at, Time::max());
}

TEST(LoaderTest, AnEmptyValueIsAValue) { EXPECT_FALSE(loaded("").bytes.is_null()); }

TEST(LoaderTest, ALoaderMayChooseTheMaxAge) {
  EXPECT_EQ(loaded("v").max_age, Duration::max());
  const auto source =
      loader_source([](std::string_view, const LoadContext&) { return loaded("v", 3s); });
  EXPECT_EQ(get_blocking(*source, KeyView("g", "k"))->max_age, 3s);
}

TEST(LoaderTest, TheLoaderKnowsTheDeadline) {
  Time seen{};
  const Time deadline = BootClock::now() + 1h;
  const auto source = loader_source([&](std::string_view, const LoadContext& context) {
    seen = context.deadline;
    return loaded("v");
  });
  ASSERT_TRUE(get_blocking(*source, KeyView("g", "k"), {.deadline = deadline}));
  EXPECT_EQ(seen, deadline);
}

TEST(LoaderTest, AnAbsentKeyIsNotFound) {
  const auto source = loader_source(upper);
  EXPECT_EQ(get_blocking(*source, KeyView("g", "absent")).error().code, Errc::not_found);
}

TEST(LoaderTest, ALoaderThatThrowsHarmsOnlyItsOwnKey) {
  const auto source = loader_source(upper, {.threads = 1});
  const auto thrown = get_blocking(*source, KeyView("g", "throws"));
  EXPECT_EQ(thrown.error(), (Error{Errc::internal, "the loader of group g threw: disk on fire"}));
  EXPECT_EQ(get_blocking(*source, KeyView("g", "throws 42")).error().code, Errc::internal);
  EXPECT_TRUE(get_blocking(*source, KeyView("g", "k")));
}

TEST(LoaderTest, AnEmptyLoaderIsAnErrorNotACrash) {
  EXPECT_EQ(get_blocking(*loader_source(nullptr), KeyView("g", "k")).error().code, Errc::internal);
}

TEST(LoaderTest, ALoaderSourceCannotBeWritten) {
  const auto source = loader_source(upper);
  const KeyView key("g", "k");
  EXPECT_EQ(put_blocking(*source, key, loaded("v")).error().code, Errc::unsupported);
  EXPECT_EQ(erase_blocking(*source, key).error().code, Errc::unsupported);
}

/// A source of one thread whose loads wait until they are let go.
class HeldLoaderTest : public ::testing::Test {
 protected:
  std::future<Result<Value>> get(const Call& call = {}) {
    auto answer = std::make_shared<std::promise<Result<Value>>>();
    source->get(KeyView("g", "k"), call,
                [answer](Result<Value> result) { answer->set_value(std::move(result)); });
    return answer->get_future();
  }

  std::latch entered{1}, let_go{1};
  std::shared_ptr<Store> source = loader_source(
      [this](std::string_view, const LoadContext&) {
        if (!entered.try_wait()) entered.count_down();
        let_go.wait();
        return loaded("v");
      },
      {.threads = 1, .queued_max = 1});
};

TEST_F(HeldLoaderTest, TooManyWaitingLoadsAreShed) {
  auto running = get();
  entered.wait();
  auto waiting = get();
  EXPECT_EQ(get().get().error().code, Errc::overloaded);
  let_go.count_down();
  EXPECT_TRUE(running.get());
  EXPECT_TRUE(waiting.get());
}

TEST_F(HeldLoaderTest, ALoadThatWaitsPastItsDeadlineIsNotBegun) {
  auto running = get();
  entered.wait();
  EXPECT_EQ(get({.deadline = BootClock::now() + 5ms}).get().error().code, Errc::deadline_exceeded);
  let_go.count_down();
  EXPECT_TRUE(running.get());
}

TEST_F(HeldLoaderTest, DestructionAnswersWhatWaits) {
  auto running = get();
  entered.wait();
  std::promise<Result<Value>> answer;
  source->get(KeyView("g", "k"), {}, [&](Result<Value> result) {
    answer.set_value(std::move(result));
    let_go.count_down();
  });
  source.reset();
  EXPECT_EQ(answer.get_future().get().error().code, Errc::unavailable);
  EXPECT_TRUE(running.get());
}

TEST_F(HeldLoaderTest, TheLastAnswerMayDestroyTheSource) {
  std::promise<void> destroyed;
  source->get(KeyView("g", "k"), {}, [&](auto) {
    source.reset();
    destroyed.set_value();
  });
  let_go.count_down();
  destroyed.get_future().wait();
}

}  // namespace
}  // namespace ringcache
