// SPDX-License-Identifier: Apache-2.0
#include "node/config_entries.h"

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace ringcache {
namespace {

TEST(ConfigEntriesTest, FlattensMapsAndListsWithTheirLines) {
  const testing::TempDir dir;
  const std::string file =
      dir.write("a.yaml", "a: {b: 1}\nlist: [x, y]\nmaps:\n  - {n: 1}\n  - {n: 2}\n");
  std::vector<ConfigError> errors;
  std::string seen;
  for (const ConfigEntry& entry : read_yaml_entries(file, errors))
    seen += entry.path + '=' + entry.value + '@' + entry.where.substr(file.size() + 1) + ' ';
  EXPECT_EQ(seen, "a.b=1@1 list=x,y@2 maps.0.n=1@4 maps.1.n=2@5 ");
  EXPECT_TRUE(errors.empty());
}

TEST(ConfigEntriesTest, AnEmptyFileIsAnEmptyConfiguration) {
  const testing::TempDir dir;
  std::vector<ConfigError> errors;
  EXPECT_TRUE(read_yaml_entries(dir.write("a.yaml", "# nothing\n"), errors).empty());
  EXPECT_TRUE(read_yaml_entries(dir.write("b.yaml", ""), errors).empty());
  EXPECT_TRUE(errors.empty());
}

TEST(ConfigEntriesTest, AFolderIsNoFile) {
  const testing::TempDir dir;
  std::vector<ConfigError> errors;
  read_yaml_entries(dir.path().string(), errors);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_NE(errors[0].message.find("directory"), std::string::npos);
}

}  // namespace
}  // namespace ringcache
