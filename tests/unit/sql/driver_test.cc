// SPDX-License-Identifier: Apache-2.0
#include "sql/driver.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace ringcache {
namespace {

TEST(DriverTest, ARelativePathIsMadeAbsoluteOnceAndForAll) {
  const auto address = parse_dsn("sqlite:data/../school.db");
  EXPECT_EQ(address->place.location, (std::filesystem::current_path() / "school.db").string());
  EXPECT_EQ(address->driver, &sqlite_driver());
}

TEST(DriverTest, TheSchemeChoosesTheDriver) {
  for (const char* dsn : {"mysql://root@db/school", "mariadb://root@db/school"})
    EXPECT_EQ(parse_dsn(dsn)->driver, &mysql_driver()) << dsn;
  for (const char* dsn : {"postgresql://root@db/school", "postgres://db/school"})
    EXPECT_EQ(parse_dsn(dsn)->driver, &postgres_driver()) << dsn;
}

TEST(DriverTest, AnUnknownSchemeNamesWhatIsSupportedAndHidesThePassword) {
  for (const char* dsn : {"oracle://root:secret@db/school", "school.db", "", "sqlit:x", "sqlite"}) {
    const auto address = parse_dsn(dsn);
    ASSERT_FALSE(address) << dsn;
    EXPECT_EQ(address.error().code, Errc::invalid_argument);
    for (const char* known : {"sqlite:school.db", "mysql://", "postgresql://"})
      EXPECT_NE(address.error().message.find(known), std::string::npos);
    EXPECT_EQ(address.error().message.find("secret"), std::string::npos);
  }
}

TEST(DriverTest, APlaceIsCalledByAllButItsPassword) {
  EXPECT_EQ(parse_dsn("mysql://root:secret@db,db2:3307/school")->place.label,
            "mysql://root@db:3306,db2:3307/school");
  EXPECT_EQ(parse_dsn("postgresql://root:secret@db,db2:5433/school")->place.label,
            "postgresql://root@db:5432,db2:5433/school");
}

TEST(DriverTest, AMalformedDsnHidesItsPasswordToo) {
  for (const char* dsn : {"mysql://root:secret@db", "mysql://root:secret%@db/school",
                          "mysql:root:secret", "postgresql://root:secret@[db/school",
                          "postgresql://root:secret@db/school?x=secret", "postgresql:secret"}) {
    const auto address = parse_dsn(dsn);
    ASSERT_FALSE(address) << dsn;
    EXPECT_EQ(address.error().code, Errc::invalid_argument);
    EXPECT_EQ(address.error().message.find("secret"), std::string::npos) << address.error().message;
  }
}

TEST(DriverTest, AShapeNamesEachParameterOnce) {
  SqlText text;
  text.markers = {"key", "value", "key"};
  EXPECT_EQ(shape_of(text).parameters, (std::vector<std::string>{"key", "value"}));
}

}  // namespace
}  // namespace ringcache
