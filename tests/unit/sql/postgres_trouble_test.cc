// SPDX-License-Identifier: Apache-2.0
#include "sql/postgres_trouble.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

TEST(PostgresTroubleTest, EachErrorIsWhatItMeansForUs) {
  const auto trouble = [](const char* state) { return postgres_failure(state, "").trouble; };
  EXPECT_EQ(trouble("40001"), Trouble::busy);
  EXPECT_EQ(trouble("55P03"), Trouble::busy);
  EXPECT_EQ(trouble("57014"), Trouble::late);
  EXPECT_EQ(trouble("23505"), Trouble::refused);
  EXPECT_EQ(trouble("22P02"), Trouble::refused);
  EXPECT_EQ(trouble("P0001"), Trouble::refused);
  EXPECT_EQ(trouble("42P01"), Trouble::mistake);
  EXPECT_EQ(trouble("0A000"), Trouble::mistake);
  EXPECT_EQ(trouble("25006"), Trouble::read_only);
  EXPECT_EQ(trouble("54000"), Trouble::too_large);
  EXPECT_EQ(trouble("53100"), Trouble::full);
  for (const char* state : {"40003", "57P01", "53300", "08006", "26000", "XX000", ""})
    EXPECT_EQ(trouble(state), Trouble::broken) << state;
}

TEST(PostgresTroubleTest, NoValueIsInAMessage) {
  EXPECT_EQ(postgres_failure("22P02", "invalid input syntax for type integer: \"secret\"").message,
            "invalid input syntax for type integer");
  EXPECT_EQ(postgres_failure("22021", "invalid byte sequence for encoding \"UTF8\": 0xff").message,
            "invalid byte sequence for encoding \"UTF8\"");
  EXPECT_EQ(postgres_failure("42P01", "relation \"t\" does not exist").message,
            "relation \"t\" does not exist");
}

}  // namespace
}  // namespace ringcache
