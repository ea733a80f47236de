// SPDX-License-Identifier: Apache-2.0
#include "group/client_limits.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include <ringcache/testing/sim_scheduler.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

class ClientLimitsTest : public ::testing::Test {
 protected:
  /// How long the client is told to wait; 0: its call passed.
  Duration ask(std::string_view client, std::size_t keys = 1) {
    const auto refusal = limits.refuse({.client = client}, keys, clock);
    if (!refusal) return Duration{0};
    EXPECT_EQ(refusal->code, Errc::overloaded);
    EXPECT_GT(refusal->retry_after, 0s);
    return refusal->retry_after;
  }

  /// Calls that passed of those that a client makes with so much time between them.
  int passed(std::string_view client, int calls, Duration pause) {
    int passed = 0;
    for (int i = 0; i < calls; ++i, clock.advance(pause)) passed += ask(client) == 0s;
    return passed;
  }

  ClientLimits limits{"scores", 1'000};
  testing::SimScheduler clock;
};

TEST_F(ClientLimitsTest, WithoutALimitEverybodyPasses) {
  EXPECT_EQ(passed("a", 10'000, 0s), 10'000);
  limits.set({.per_client = 1});
  limits.set({});
  EXPECT_EQ(passed("a", 10'000, 0s), 10'000);
  EXPECT_EQ(limits.clients(), 0u);
}

TEST_F(ClientLimitsTest, AClientAtTenTimesItsRateGetsItsRate) {
  limits.set({.per_client = 100, .burst = 20});
  EXPECT_EQ(passed("a", 10'000, 1ms), 20 + 999);  // the last call is at 9.999 s
  EXPECT_EQ(limits.refused(), 8'981u);
}

TEST_F(ClientLimitsTest, ABurstIsASecondsWorthUnlessSaid) {
  limits.set({.per_client = 100});
  EXPECT_EQ(passed("a", 1'000, 0s), 100);
  limits.set({.per_client = 0.5});
  EXPECT_EQ(passed("a", 1'000, 0s), 1);
}

TEST_F(ClientLimitsTest, OneClientsGreedIsNotAnothersLoss) {
  limits.set({.per_client = 10});
  passed("a", 1'000, 0s);
  EXPECT_EQ(passed("b", 10, 0s), 10);
}

TEST_F(ClientLimitsTest, WhoComesAgainWhenToldPassesAndNotBefore) {
  limits.set({.per_client = 30, .burst = 1});
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(ask("a"), 0s);
    const Duration wait = ask("a");
    clock.advance(wait - 1us);
    EXPECT_GT(ask("a"), 0s);
    clock.advance(1us);
  }
}

TEST_F(ClientLimitsTest, ARefusalNamesGroupAndLimitAndWhatToDo) {
  limits.set({.per_client = 100, .burst = 1, .total = 2});
  ask("a");
  EXPECT_EQ(limits.refuse({.client = "a"}, 1, clock)->message,
            "group 'scores' answers no more than 100/s of a client (rate_limit.per_client); come "
            "again later, and ask less often");
  ask("b");
  EXPECT_EQ(limits.refuse({.client = "c"}, 1, clock)->message,
            "group 'scores' answers no more than 2/s of all clients together (rate_limit.total); "
            "come again later");
}

TEST_F(ClientLimitsTest, ManyKeysPassWholeOrNotAtAll) {
  limits.set({.per_client = 10});
  EXPECT_EQ(ask("a", 7), 0s);
  EXPECT_EQ(ask("a", 5), 200ms);
  EXPECT_EQ(ask("a", 3), 0s);
}

TEST_F(ClientLimitsTest, MoreKeysThanABurstPassWhenItIsWholeAndAreOwed) {
  limits.set({.per_client = 10});
  EXPECT_EQ(ask("a", 30), 0s);
  EXPECT_EQ(ask("a", 1), 2'100ms);
  EXPECT_EQ(ask("a", 30), 3s);
  clock.advance(3s);
  EXPECT_EQ(ask("a", 30), 0s);
}

TEST_F(ClientLimitsTest, AllTogetherHaveALimitToo) {
  limits.set({.total = 10});
  EXPECT_EQ(passed("a", 6, 0s) + passed("b", 6, 0s), 10);
  EXPECT_EQ(ask("c"), 100ms);
  EXPECT_EQ(limits.clients(), 0u);
}

TEST_F(ClientLimitsTest, WhoWaitsForAllTogetherKeepsHisOwn) {
  limits.set({.per_client = 1, .total = 10});
  EXPECT_EQ(passed("greedy", 1, 0s), 1);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(ask("c" + std::to_string(i)), 0s);
  EXPECT_EQ(ask("a"), 100ms);
  clock.advance(100ms);
  EXPECT_EQ(ask("a"), 0s);
}

TEST_F(ClientLimitsTest, WhoWaitsForHisOwnTakesNothingFromAll) {
  limits.set({.per_client = 1, .total = 10});
  passed("greedy", 1'000, 0s);
  for (int i = 0; i < 9; ++i) EXPECT_EQ(ask("c" + std::to_string(i)), 0s);
}

TEST_F(ClientLimitsTest, OtherNodesAndTheProcessItselfAreNoClients) {
  limits.set({.per_client = 1, .total = 1});
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(limits.refuse({.forwarded = true, .client = "a"}, 1, clock));
    EXPECT_FALSE(limits.refuse({}, 1, clock));
  }
}

TEST_F(ClientLimitsTest, TheSameLimitAgainGivesNobodyHisTokensBack) {
  limits.set({.per_client = 10});
  passed("a", 10, 0s);
  limits.set({.per_client = 10});
  EXPECT_EQ(ask("a"), 100ms);
  limits.set({.per_client = 20});
  EXPECT_EQ(passed("a", 100, 0s), 20);
}

TEST_F(ClientLimitsTest, IdleClientsAreForgottenAsNewOnesCome) {
  limits.set({.per_client = 10});
  for (int i = 0; i < 500; ++i) ask("c" + std::to_string(i));
  EXPECT_EQ(limits.clients(), 500u);
  clock.advance(1s);
  for (int i = 0; i < 300; ++i) ask("d" + std::to_string(i));
  EXPECT_EQ(limits.clients(), 300u);
}

TEST_F(ClientLimitsTest, WhoOwesTokensIsRemembered) {
  limits.set({.per_client = 10});
  ask("a", 100);
  clock.advance(5s);
  for (int i = 0; i < 500; ++i) ask("c" + std::to_string(i));
  EXPECT_EQ(ask("a"), 4'100ms);
}

TEST_F(ClientLimitsTest, AboveTheMostTheOneSilentForLongestIsForgotten) {
  limits.set({.per_client = 1});
  for (int i = 0; i < 1'000; ++i) ask("c" + std::to_string(i));
  EXPECT_GT(ask("c0"), 0s);  // silent no more
  for (int i = 1'000; i < 1'500; ++i) ask("c" + std::to_string(i));
  EXPECT_EQ(limits.clients(), 1'000u);
  EXPECT_GT(ask("c0"), 0s);
  EXPECT_EQ(ask("c1"), 0s);
}

TEST_F(ClientLimitsTest, ManyThreadsGetNoMoreThanOne) {
  limits.set({.per_client = 1'000, .total = 5'000});
  std::atomic<int> passed = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 10'000; ++i) {
        const std::string client = std::to_string(i % 10);
        passed += !limits.refuse({.client = client}, 1, clock);
      }
    });
  threads.clear();
  EXPECT_EQ(passed, 5'000);
  EXPECT_EQ(limits.refused(), 35'000u);
}

}  // namespace
}  // namespace ringcache
