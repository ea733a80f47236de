// SPDX-License-Identifier: Apache-2.0
#include "http/wire.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

constexpr Time kThere = Time{} + 1h;
constexpr Time kHere = Time{} + 5h;  // another node's clock shows another time

std::optional<WireFacts> carried(const WireFacts& facts) {
  std::string text;
  append_facts(facts, kThere, text);
  return parse_facts(text, kHere);
}

TEST(WireTest, AHitKeepsItsAgeAndItsEndInTheOtherNodesClock) {
  const auto facts = carried(
      {{.version = 7, .loaded_at = kThere - 90s, .expires_at = kThere + 10min, .hit = true}});
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->value.version, 7u);
  EXPECT_EQ(facts->value.loaded_at, kHere - 90s);
  EXPECT_EQ(facts->value.expires_at, kHere + 10min);
  EXPECT_TRUE(facts->value.hit);
  EXPECT_FALSE(facts->as_sent);
}

TEST(WireTest, AStaleAnswerIsStillOneThere) {
  EXPECT_TRUE(carried({{.loaded_at = kThere, .hit = true, .stale = true}})->value.stale);
  EXPECT_FALSE(carried({{.loaded_at = kThere, .hit = true}})->value.stale);
}

TEST(WireTest, AMissTellsItsLoadTime) {
  const auto facts = carried({{.loaded_at = kThere, .load_time = 1500us}, true});
  ASSERT_TRUE(facts);
  EXPECT_FALSE(facts->value.hit);
  EXPECT_EQ(facts->value.load_time, 1500us);
  EXPECT_EQ(facts->value.expires_at, Time::max());
  EXPECT_TRUE(facts->as_sent);
}

TEST(WireTest, ATimeThatIsOverIsNow) {
  EXPECT_EQ(carried({{.loaded_at = kThere + 1s, .expires_at = kThere - 1s}})->value.expires_at,
            kHere);
}

TEST(WireTest, FactsOfANewerNodeAreSkipped) {
  EXPECT_EQ(parse_facts("version=3; colour=7", kHere)->value.version, 3u);
}

TEST(WireTest, RefusesWhatIsNotFacts) {
  for (const char* text : {"version", "version=", "version=x", "version=1;", "version=-1",
                           "version=99999999999999999999", "; "})
    EXPECT_FALSE(parse_facts(text, kHere)) << text;
}

TEST(WireTest, ASpanBeyondAllMeasureDoesNotOverflow) {
  const auto facts = parse_facts("age_us=18446744073709551615; ttl_us=18446744073709551615", kHere);
  ASSERT_TRUE(facts);
  EXPECT_LT(facts->value.loaded_at, kHere);
  EXPECT_GT(facts->value.expires_at, kHere);
}

TEST(WireTest, TheProtobufPrefixIsTagAndVarint) {
  EXPECT_EQ(protobuf_prefix(0), std::string("\x0a\x00", 2));
  EXPECT_EQ(protobuf_prefix(127), "\x0a\x7f");
  EXPECT_EQ(protobuf_prefix(300), "\x0a\xac\x02");
  EXPECT_EQ(protobuf_prefix(std::size_t{16} << 20), "\x0a\x80\x80\x80\x08");
}

}  // namespace
}  // namespace ringcache
