// SPDX-License-Identifier: Apache-2.0
#include "sql/mysql_trouble.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

TEST(MysqlTroubleTest, EachErrorIsWhatItMeansForUs) {
  const auto trouble = [](unsigned code, const char* state) {
    return mysql_failure(code, state, "").trouble;
  };
  EXPECT_EQ(trouble(1205, "HY000"), Trouble::busy);
  EXPECT_EQ(trouble(1213, "40001"), Trouble::busy);
  EXPECT_EQ(trouble(1969, "70100"), Trouble::late);
  EXPECT_EQ(trouble(3024, "HY000"), Trouble::late);
  EXPECT_EQ(trouble(1062, "23000"), Trouble::refused);
  EXPECT_EQ(trouble(1406, "22001"), Trouble::refused);
  EXPECT_EQ(trouble(4025, "23000"), Trouble::refused);
  EXPECT_EQ(trouble(1146, "42S02"), Trouble::mistake);
  EXPECT_EQ(trouble(1054, "42S22"), Trouble::mistake);
  EXPECT_EQ(trouble(1064, "42000"), Trouble::mistake);
  EXPECT_EQ(trouble(1290, "HY000"), Trouble::read_only);
  EXPECT_EQ(trouble(1792, "25006"), Trouble::read_only);
  EXPECT_EQ(trouble(1153, "08S01"), Trouble::too_large);
  EXPECT_EQ(trouble(1114, "HY000"), Trouble::full);
  EXPECT_EQ(trouble(2013, "HY000"), Trouble::broken);
  EXPECT_EQ(trouble(1047, "08S01"), Trouble::unready);
  EXPECT_EQ(trouble(1927, "70100"), Trouble::broken);
}

TEST(MysqlTroubleTest, NoValueIsInAMessage) {
  const auto message = [](unsigned code, const char* text) {
    return mysql_failure(code, "23000", text).message;
  };
  EXPECT_EQ(message(1062, "Duplicate entry 'it's' for key' for key 'PRIMARY'"),
            "Duplicate entry … for key 'PRIMARY'");
  EXPECT_EQ(message(1366, "Incorrect integer value: 'secret' for column `a`.`b` at row 1"),
            "Incorrect integer value: … for column `a`.`b` at row 1");
  EXPECT_EQ(message(1292, "Truncated incorrect INTEGER value: 'secret'"),
            "Truncated incorrect INTEGER value: …");
  EXPECT_EQ(message(1146, "Table 'school.x' doesn't exist"), "Table 'school.x' doesn't exist");
}

}  // namespace
}  // namespace ringcache
