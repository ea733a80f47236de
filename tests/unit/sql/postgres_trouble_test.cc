// SPDX-License-Identifier: Apache-2.0
#include "sql/postgres_trouble.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

TEST(PostgresTroubleTest, EachErrorIsWhatItMeansForUs) {
  const auto trouble = [](const char* state) { return postgres_failure(state, "", false).trouble; };
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
  const auto message = [](const char* state, const char* words) {
    return postgres_failure(state, words, false).message;
  };
  EXPECT_EQ(message("22P02", "invalid input syntax for type integer: \"secret\""),
            "invalid input syntax for its type (22P02)");
  EXPECT_EQ(message("22P02", "ungültige Eingabesyntax für Typ integer: »secret«"),
            "invalid input syntax for its type (22P02)");
  EXPECT_EQ(message("22003", "\"1e400\" is out of range for type double precision"),
            "value out of range for its type (22003)");
  EXPECT_EQ(message("22021", "invalid byte sequence for encoding \"UTF8\": 0xff"),
            "invalid byte sequence for the encoding (22021)");
  EXPECT_EQ(message("22ZZZ", "secret"), "invalid data (22ZZZ)");
  EXPECT_EQ(postgres_failure("42601", "syntax error in tsquery: \"secret\"", true).message,
            "syntax error in a value (42601)");
  EXPECT_EQ(postgres_failure("42ZZZ", "secret", true).message, "syntax or name error (42ZZZ)");
  EXPECT_EQ(postgres_failure("42501", "permission denied for table t", true).message,
            "permission denied for table t");
  EXPECT_EQ(message("42P01", "relation \"t\" does not exist"), "relation \"t\" does not exist");
}

}  // namespace
}  // namespace ringcache
