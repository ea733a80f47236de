// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

TEST(UnitsTest, ReadsDurations) {
  EXPECT_EQ(*parse_duration("0"), 0s);
  EXPECT_EQ(*parse_duration("250us"), 250us);
  EXPECT_EQ(*parse_duration("500ms"), 500ms);
  EXPECT_EQ(*parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(*parse_duration("10m"), 10min);
  EXPECT_EQ(*parse_duration("2h"), 2h);
}

TEST(UnitsTest, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "5", "-1s", "1x", "s", "1 s", "1e99s", "inf", "99999999999d"})
    EXPECT_EQ(parse_duration(text).error().code, Errc::invalid_argument) << text;
}

TEST(UnitsTest, ReadsRates) {
  EXPECT_EQ(*parse_rate("1000/s"), 1000);
  EXPECT_EQ(*parse_rate("0.5/s"), 0.5);
  EXPECT_EQ(*parse_rate("90/m"), 1.5);
  EXPECT_EQ(*parse_rate("36/h"), 0.01);
  EXPECT_EQ(*parse_rate("0"), 0);
}

TEST(UnitsTest, RefusesWhatIsNoRate) {
  for (const char* text :
       {"", "1000", "/s", "-1/s", "1/d", "1 /s", "1/s ", "inf/s", "nan/s", "1000000001/s", "1e3/s"})
    EXPECT_EQ(parse_rate(text).error().code, Errc::invalid_argument) << text;
}

TEST(UnitsTest, WritesRatesAsTheyWereRead) {
  for (const char* text : {"1000/s", "100/m", "1/h", "30/m", "7/h", "1/s"})
    EXPECT_EQ(format_rate(*parse_rate(text)), text);
  EXPECT_EQ(format_rate(0.123456), "0.1235/s");
}

TEST(UnitsTest, ReadsSizes) {
  EXPECT_EQ(*parse_bytes("4096"), 4096u);
  EXPECT_EQ(*parse_bytes("64KiB"), 65536u);
  EXPECT_EQ(*parse_bytes("1.5MiB"), 1536u * 1024);
  EXPECT_EQ(*parse_bytes("2kB"), 2000u);
}

TEST(UnitsTest, RefusesWhatIsNoSize) {
  for (const char* text : {"", "MiB", "-1", "1 MiB", "1mib", "99999999TiB"})
    EXPECT_EQ(parse_bytes(text).error().code, Errc::invalid_argument) << text;
}

TEST(UnitsTest, CountsAreWholeAndWithinTheirBounds) {
  EXPECT_EQ(*parse_count("8", 1, 8), 8u);
  for (const char* text : {"", "0", "9", "-1", "1.0", "8x"})
    EXPECT_FALSE(parse_count(text, 1, 8)) << text;
}

TEST(UnitsTest, ReadsAddresses) {
  EXPECT_EQ(parse_host_port("db.example:9999")->host, "db.example");
  EXPECT_EQ(parse_host_port("db.example:9999")->port, 9999);
  EXPECT_EQ(parse_host_port("[::1]:80")->host, "::1");
  EXPECT_EQ(parse_host_port(":80")->host, "");
}

TEST(UnitsTest, RefusesWhatIsNoAddress) {
  for (const char* text :
       {"", "host", "host:", "host:x", "host:65536", "::1:80", "http://h:80", "a b:1"})
    EXPECT_FALSE(parse_host_port(text)) << text;
}

TEST(UnitsTest, ATargetHasAHostAndAPort) {
  EXPECT_EQ(parse_target("db.example:9999")->port, 9999);
  for (const char* text : {":9999", "db.example:0", "db.example", ""})
    EXPECT_FALSE(parse_target(text)) << text;
}

TEST(UnitsTest, WritesDurationsShort) {
  EXPECT_EQ(format_duration(1500ms), "1.5s");
  EXPECT_EQ(format_duration(120ms), "120ms");
  EXPECT_EQ(format_duration(Duration{0}), "0ns");
}

}  // namespace
}  // namespace ringcache
