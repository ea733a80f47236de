// SPDX-License-Identifier: Apache-2.0
#include "sql/dialect.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace ringcache {
namespace {

TEST(DialectTest, ARelativePathIsMadeAbsoluteOnceAndForAll) {
  const auto address = parse_dsn("sqlite:data/../school.db");
  EXPECT_EQ(address->location, (std::filesystem::current_path() / "school.db").string());
  EXPECT_EQ(address->dialect, &sqlite_dialect());
}

TEST(DialectTest, AnUnknownSchemeNamesWhatIsSupportedAndHidesThePassword) {
  for (const char* dsn : {"mysql://root:secret@db/school", "school.db", "", "sqlit:x", "sqlite"}) {
    const auto address = parse_dsn(dsn);
    ASSERT_FALSE(address) << dsn;
    EXPECT_EQ(address.error().code, Errc::invalid_argument);
    EXPECT_NE(address.error().message.find("sqlite:PATH"), std::string::npos);
    EXPECT_EQ(address.error().message.find("secret"), std::string::npos);
  }
}

}  // namespace
}  // namespace ringcache
