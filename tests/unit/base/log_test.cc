// SPDX-License-Identifier: Apache-2.0
#include <ringcache/log.h>

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ringcache {
namespace {

struct Lines {
  std::vector<std::string> seen;
  Log log{[this](LogLevel level, std::string_view component, std::string_view message) {
    seen.push_back(std::string(log_level_name(level)) + ' ' + std::string(component) + ' ' +
                   std::string(message));
  }};
};

TEST(LogTest, ADefaultLogIsSilent) {
  Log().error("nobody hears");
  EXPECT_FALSE(Log().enabled(LogLevel::error));
}

TEST(LogTest, EveryLevelSurvivesItsName) {
  for (const LogLevel level :
       {LogLevel::debug, LogLevel::info, LogLevel::warn, LogLevel::error, LogLevel::off})
    EXPECT_EQ(log_level_from_name(log_level_name(level)), level);
  EXPECT_EQ(log_level_from_name("loud"), LogLevel::info);
}

TEST(LogTest, NamesItsComponent) {
  Lines lines;
  lines.log.named("etcd").warn("slow");
  EXPECT_EQ(lines.seen, std::vector<std::string>{"warn etcd slow"});
}

TEST(LogTest, ALevelSetOnOneHandleHoldsForAll) {
  Lines lines;
  const Log other = lines.log.named("http");
  lines.log.set_level(LogLevel::error);
  other.info("dropped");
  other.error("kept");
  EXPECT_EQ(lines.seen, std::vector<std::string>{"error http kept"});
}

}  // namespace
}  // namespace ringcache
