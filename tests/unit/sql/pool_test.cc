// SPDX-License-Identifier: Apache-2.0
#include "sql/pool.h"

#include "sqlite_file.h"

#include <future>
#include <latch>

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using namespace ringcache::testing;

/// A pool of one connection that a first piece of work holds until it is let go.
class HeldPoolTest : public SchoolTest {
 protected:
  HeldPoolTest() {
    source->place = {.location = path, .label = path};
    pool = std::make_unique<SqlPool>(
        source, SqlPool::Options{.connections = 1, .timeout = 1min, .queued_max = 1});
    pool->read<int>({}, ignore, [this](SqlConnection&) -> Result<int> {
      entered.count_down();
      let_go.wait();
      return 0;
    });
    entered.wait();
  }
  ~HeldPoolTest() override {
    if (!let_go.try_wait()) let_go.count_down();
    pool.reset();
  }

  static void ignore(const Result<int>&) {}

  std::future<Result<int>> start(bool writing, const Call& call = {}) {
    auto answer = std::make_shared<std::promise<Result<int>>>();
    Done<int> done = [answer](Result<int> result) { answer->set_value(std::move(result)); };
    const auto work = [this](SqlConnection&) -> Result<int> { return ++worked; };
    writing ? pool->write<int>(call, std::move(done), work)
            : pool->read<int>(call, std::move(done), work);
    return answer->get_future();
  }

  const std::shared_ptr<SqlSource> source =
      std::make_shared<SqlSource>("source school", sqlite_driver());
  std::latch entered{1}, let_go{1};
  std::atomic<int> worked = 0;
  std::unique_ptr<SqlPool> pool;
};

TEST_F(HeldPoolTest, AFullQueueIsOverloaded) {
  auto waiting = start(false);
  EXPECT_EQ(code_of(start(false).get()), Errc::overloaded);
  EXPECT_EQ(code_of(start(true).get()), Errc::overloaded);
  let_go.count_down();
  EXPECT_EQ(*waiting.get(), 1);
}

TEST_F(HeldPoolTest, AReadThatFindsNoConnectionInTimeExceedsItsDeadline) {
  EXPECT_EQ(code_of(start(false, {.deadline = BootClock::now() + 5ms}).get()),
            Errc::deadline_exceeded);
}

TEST_F(HeldPoolTest, AWriteThatFindsNoConnectionInTimeIsNotBegunAndSaysSo) {
  EXPECT_EQ(code_of(start(true, {.deadline = BootClock::now() + 5ms}).get()), Errc::unavailable);
  let_go.count_down();
  EXPECT_EQ(*start(false).get(), 1);  // it is the first that worked
}

TEST_F(HeldPoolTest, AClosingPoolRefusesWhatWaits) {
  std::promise<Result<int>> answer;
  pool->read<int>(
      {},
      [&](Result<int> result) {
        answer.set_value(std::move(result));
        let_go.count_down();
      },
      [this](SqlConnection&) -> Result<int> { return ++worked; });
  pool.reset();
  EXPECT_EQ(code_of(answer.get_future().get()), Errc::unavailable);
  EXPECT_EQ(worked, 0);
}

/// The queue of this pool has room for one.
TEST_F(HeldPoolTest, AListOfKeysTakesFewTurns) {
  const std::vector<KeyView> keys(32, KeyView("g", "k"));
  auto answer = std::make_shared<std::promise<Result<Values>>>();
  pool->read_each(
      keys, {}, [answer](Result<Values> values) { answer->set_value(std::move(values)); },
      [this](SqlConnection&, const std::string& name) -> Result<Value> {
        if (++worked == 2) return fail(Errc::not_found, "the second");
        return Value{.bytes = Bytes::copy(name)};
      });
  let_go.count_down();
  const auto values = answer->get_future().get();
  ASSERT_EQ(values->size(), 32u);
  EXPECT_EQ((*values)[0]->bytes.view(), "k");
  EXPECT_EQ(code_of((*values)[1]), Errc::not_found);
  EXPECT_EQ((*values)[31]->bytes.view(), "k");
}

TEST_F(HeldPoolTest, OfAListThatFindsNoRoomEachKeyIsTold) {
  std::promise<Result<Values>> answer;
  pool->read_each(
      std::vector<KeyView>(65, KeyView("g", "k")), {},
      [&answer](Result<Values> values) { answer.set_value(std::move(values)); },
      [](SqlConnection&, const std::string&) -> Result<Value> { return Value{}; });
  let_go.count_down();
  const auto values = answer.get_future().get();
  ASSERT_EQ(values->size(), 65u);
  EXPECT_TRUE((*values)[31]);
  EXPECT_EQ(code_of((*values)[32]), Errc::overloaded);
  EXPECT_EQ(code_of((*values)[64]), Errc::overloaded);
}

TEST(PoolTest, ThePatienceOfTheSourceEndsInUnavailable) {
  const auto source = std::make_shared<SqlSource>("source school", sqlite_driver());
  const TemporaryFolder folder;
  source->place = {.location = folder.file("school.db"), .create = true};
  std::latch let_go{1};
  std::promise<Result<int>> answer;
  SqlPool pool(source, {.connections = 1, .timeout = 10ms});
  pool.read<int>(
      {}, [](const Result<int>&) {},
      [&](SqlConnection&) -> Result<int> {
        let_go.wait();
        return 0;
      });
  pool.read<int>(
      {}, [&](Result<int> result) { answer.set_value(std::move(result)); },
      [](SqlConnection&) -> Result<int> { return 0; });
  EXPECT_EQ(answer.get_future().get().error(),
            (Error{Errc::unavailable, "source school: no connection was free in time"}));
  let_go.count_down();
}

TEST(PoolTest, WorkThatThrowsCostsItsSessionOnly) {
  const auto source = std::make_shared<SqlSource>("source school", sqlite_driver());
  const TemporaryFolder folder;
  source->place = {.location = folder.file("school.db"), .create = true};
  SqlPool pool(source, {.connections = 1});
  std::promise<Result<int>> first, second;
  pool.write<int>(
      {}, [&](Result<int> result) { first.set_value(std::move(result)); },
      [](SqlConnection&) -> Result<int> { throw std::bad_alloc(); });
  pool.write<int>(
      {}, [&](Result<int> result) { second.set_value(std::move(result)); },
      [](SqlConnection&) -> Result<int> { return 2; });
  EXPECT_EQ(code_of(first.get_future().get()), Errc::unavailable);
  EXPECT_EQ(*second.get_future().get(), 2);
}

}  // namespace
}  // namespace ringcache
