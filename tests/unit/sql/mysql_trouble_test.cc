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

TEST(MysqlTroubleTest, OfGeneralErrorsFewAreTheStatementsOwn) {
  const auto trouble = [](unsigned code) { return mysql_failure(code, "HY000", "").trouble; };
  for (const unsigned code : {1193u, 1229u, 1267u, 1271u, 1356u, 3685u, 3697u, 4035u, 4046u, 4180u})
    EXPECT_EQ(trouble(code), Trouble::mistake) << code;
  for (const unsigned code : {1300u, 1411u, 1525u, 1977u, 3854u, 3988u})
    EXPECT_EQ(trouble(code), Trouble::refused) << code;
  for (const unsigned code : {3572u, 8002u, 8005u, 8022u, 8028u, 9007u})
    EXPECT_EQ(trouble(code), Trouble::busy) << code;
  for (const unsigned code : {1000u, 1030u, 1105u, 1180u, 1192u, 1194u, 1230u, 1412u, 1615u, 3168u,
                              3684u, 3687u, 8027u, 9001u, 9002u, 9003u, 9005u, 60000u})
    EXPECT_EQ(trouble(code), Trouble::broken) << code;
  EXPECT_EQ(trouble(8025), Trouble::too_large);
}

TEST(MysqlTroubleTest, AGeneralErrorLeavesTheSession) {
  EXPECT_FALSE(mysql_session_is_lost(1105, "HY000"));
  EXPECT_FALSE(mysql_session_is_lost(1062, "23000"));
  EXPECT_TRUE(mysql_session_is_lost(2013, "HY000"));
  EXPECT_TRUE(mysql_session_is_lost(1053, "08S01"));
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
  EXPECT_EQ(message(1292, "Truncated incorrect INTEGER value: 'a' for secret'"),
            "Truncated incorrect INTEGER value: …");
  EXPECT_EQ(message(1300, "Invalid utf8mb4 character string: 'FF00'"),
            "Invalid utf8mb4 character string: …");
  EXPECT_EQ(message(1526, "Table has no partition for value 17"),
            "Table has no partition for this value");
  EXPECT_EQ(message(1762, "Foreign key constraint for table 't', record 'secret' would lead to …"),
            "Foreign key constraint for table …");
  EXPECT_EQ(message(3854, "Cannot convert string 'secret' from utf8mb4 to latin1"),
            "Cannot convert string …");
  EXPECT_EQ(message(3140, "Invalid JSON text: \"invalid character 's'\" at position 1"),
            "Invalid JSON text: …");
  EXPECT_EQ(message(9007, "Write conflict, txnStartTS=1, key={tableID=45, handle={secret}}"),
            "Write conflict");
  EXPECT_EQ(mysql_failure(3617, "22S03", "Latitude 95.5 is out of range").message,
            "Coordinate out of range");
  EXPECT_EQ(message(1105, "strconv.ParseFloat: parsing \"secret\": invalid syntax"),
            "strconv.ParseFloat: parsing …");
  EXPECT_EQ(message(1146, "Table 'school.x' doesn't exist"), "Table 'school.x' doesn't exist");
}

}  // namespace
}  // namespace ringcache
