// SPDX-License-Identifier: Apache-2.0
#include "http/cache_control.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

TEST(CacheControlTest, MaxStaleIsInSeconds) {
  EXPECT_EQ(parse_max_stale("max-stale=30"), 30s);
  EXPECT_EQ(parse_max_stale("no-transform , Max-Stale = \"30\" ,max-age=5"), 30s);
  EXPECT_EQ(parse_max_stale("max-stale=0"), 0s);
}

TEST(CacheControlTest, ABareMaxStaleTakesAny) {
  EXPECT_EQ(parse_max_stale("max-stale"), Duration::max());
  EXPECT_EQ(parse_max_stale("max-stale, no-transform"), Duration::max());
}

TEST(CacheControlTest, TooManySecondsAreForEver) {
  EXPECT_EQ(parse_max_stale("max-stale=9999999999999"), Duration::max());
  EXPECT_EQ(parse_max_stale("max-stale=99999999999999999999999"), Duration::max());
}

TEST(CacheControlTest, WhatMakesNoSenseAllowsNothing) {
  for (const char* text : {"", ",", "no-cache", "max-stale=", "max-stale=x", "max-stale=-1",
                           "max-stale=3s", "max-stale=1.5", "max-stale-x=3", "max-age=3"})
    EXPECT_EQ(parse_max_stale(text), 0s) << text;
}

}  // namespace
}  // namespace ringcache
