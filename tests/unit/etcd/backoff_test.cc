// SPDX-License-Identifier: Apache-2.0
#include "etcd/backoff.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace ringcache {
namespace {

TEST(BackoffTest, EachWaitIsInTheUpperHalfOfADoublingStep) {
  Backoff backoff;
  Backoff::Wait step = Backoff::kFirst;
  for (int i = 0; i < 20; ++i) {
    const auto wait = backoff.next();
    EXPECT_GE(wait, step / 2);
    EXPECT_LE(wait, step);
    step = std::min(step * 2, Backoff::kMost);
  }
}

TEST(BackoffTest, ResetStartsFromTheFirstStep) {
  Backoff backoff;
  for (int i = 0; i < 10; ++i) (void)backoff.next();
  backoff.reset();
  EXPECT_LE(backoff.next(), Backoff::kFirst);
}

TEST(BackoffTest, NodesThatFailedTogetherDoNotRetryTogether) {
  std::set<Backoff::Wait> waits;
  for (int node = 0; node < 50; ++node) {
    Backoff backoff;
    for (int i = 0; i < 5; ++i) (void)backoff.next();
    waits.insert(backoff.next());
  }
  EXPECT_GT(waits.size(), 10U);
}

}  // namespace
}  // namespace ringcache
