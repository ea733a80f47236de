// SPDX-License-Identifier: Apache-2.0
#include "replay/generators.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace ringcache {
namespace {

std::vector<std::uint64_t> keys_of(std::string_view what) {
  Result<Trace> trace = open_generator(what);
  std::vector<std::uint64_t> keys;
  std::vector<Request> room(1000);
  while (const std::size_t got = trace.value()(room).value())
    for (const Request& request : std::span(room).first(got)) keys.push_back(request.key);
  return keys;
}

std::string error_of(std::string_view what) {
  const Result<Trace> trace = open_generator(what);
  return trace ? "" : trace.error().message;
}

TEST(GeneratorsTest, ALoopComesRound) {
  EXPECT_EQ(keys_of("loop:n=3,requests=7"), (std::vector<std::uint64_t>{0, 1, 2, 0, 1, 2, 0}));
}

TEST(GeneratorsTest, AScanNeverDoes) {
  EXPECT_EQ(keys_of("scan:requests=4"), (std::vector<std::uint64_t>{0, 1, 2, 3}));
}

TEST(GeneratorsTest, ASeedIsATrace) {
  EXPECT_EQ(keys_of("zipf:requests=1000,seed=7"), keys_of("zipf:requests=1000,seed=7"));
  EXPECT_NE(keys_of("zipf:requests=1000,seed=7"), keys_of("zipf:requests=1000,seed=8"));
}

/// The frequency of the most frequent keys against 1/k^s, within five standard deviations.
void expect_zipf(double s, const std::string& what) {
  constexpr int kKeys = 1000;
  constexpr double kRequests = 200'000;
  std::map<std::uint64_t, double> counts;
  for (const std::uint64_t key : keys_of(what)) ++counts[key];
  double sum = 0;
  for (int k = 1; k <= kKeys; ++k) sum += std::pow(k, -s);
  for (int k = 1; k <= 20; ++k) {
    const double expected = kRequests * std::pow(k, -s) / sum;
    EXPECT_NEAR(counts[static_cast<std::uint64_t>(k)], expected, 5 * std::sqrt(expected))
        << "key " << k << " of " << what;
  }
  EXPECT_GE(counts.begin()->first, 1u);
  EXPECT_LE(counts.rbegin()->first, 1000u);
}

TEST(GeneratorsTest, ZipfHasItsFrequencies) {
  expect_zipf(0, "zipf:n=1000,requests=200000,s=0");
  expect_zipf(0.7, "zipf:n=1000,requests=200000,s=0.7");
  expect_zipf(1, "zipf:n=1000,requests=200000,s=1");
  expect_zipf(1.3, "zipf:n=1000,requests=200000,s=1.3");
}

TEST(GeneratorsTest, OneKeyIsEnough) {
  EXPECT_EQ(keys_of("zipf:n=1,requests=3"), (std::vector<std::uint64_t>{1, 1, 1}));
  EXPECT_EQ(keys_of("loop:n=1,requests=2"), (std::vector<std::uint64_t>{0, 0}));
}

TEST(GeneratorsTest, MistakesAreExplained) {
  EXPECT_EQ(error_of("loop:s=1"),
            "loop:s=1: \"s=1\": the parameters are NAME=VALUE with NAME one of n requests");
  EXPECT_EQ(error_of("zipf:n=0"), "zipf:n=0: \"n=0\": not a value for n");
  EXPECT_EQ(error_of("zipf:n=10,s=-1"), "zipf:n=10,s=-1: \"s=-1\": not a value for s");
  EXPECT_EQ(error_of("zipf:n"), "zipf:n: \"n\": not a value for n");
  EXPECT_NE(error_of("zipf:s=nan"), "");
  EXPECT_NE(error_of("fibonacci:"), "");
}

TEST(GeneratorsTest, AFileNameIsNoGenerator) {
  EXPECT_TRUE(is_generator("zipf:"));
  EXPECT_FALSE(is_generator("zipf.txt"));
  EXPECT_FALSE(is_generator("-"));
}

}  // namespace
}  // namespace ringcache
