// SPDX-License-Identifier: Apache-2.0
#include "node/config_settings.h"

#include <gtest/gtest.h>

#include <set>

namespace ringcache {
namespace {

TEST(ConfigSettingsTest, EveryPathIsListedOnce) {
  std::set<std::string_view> paths;
  for (const ConfigSetting& setting : config_settings())
    EXPECT_TRUE(paths.insert(setting.path).second) << setting.path;
}

TEST(ConfigSettingsTest, SectionsKeepTheOrderOfFirstSight) {
  Config config;
  group_section(config, "z").get = "1";
  group_section(config, "a");
  group_section(config, "z").put = "2";
  ASSERT_EQ(config.groups.size(), 2u);
  EXPECT_EQ(config.groups[0].options.name, "z");
  EXPECT_EQ(config.groups[0].get + config.groups[0].put, "12");
}

}  // namespace
}  // namespace ringcache
