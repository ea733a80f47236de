// SPDX-License-Identifier: Apache-2.0
#include "sql/mysql_address.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

TEST(MysqlAddressTest, AllPartsAreRead) {
  const auto address = parse_mysql_dsn(
      "mysql://us%40er:p%3Aass@one:3307,[::1],two/da%2Fta?tls=verify&ca=/ca.pem&cert=/c&key=/k");
  ASSERT_TRUE(address) << address.error().message;
  EXPECT_EQ(address->user, "us@er");
  EXPECT_EQ(address->password, "p:ass");
  EXPECT_EQ(address->database, "da/ta");
  ASSERT_EQ(address->hosts.size(), 3u);
  EXPECT_EQ(address->host_label(0), "one:3307");
  EXPECT_EQ(address->host_label(1), "::1:3306");
  EXPECT_EQ(address->host_label(2), "two:3306");
  EXPECT_EQ(address->tls, MysqlAddress::Tls::verify);
  EXPECT_EQ(address->ca, "/ca.pem");
  EXPECT_EQ(address->certificate, "/c");
  EXPECT_EQ(address->key, "/k");
}

TEST(MysqlAddressTest, MostPartsMayBeLeftOut) {
  const auto address = parse_mysql_dsn("mariadb:///school");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->user, "");
  EXPECT_EQ(address->host_label(0), "localhost:3306");
  EXPECT_EQ(address->tls, MysqlAddress::Tls::off);
  EXPECT_EQ(parse_mysql_dsn("mysql:///school?socket=/run/my.sock")->host_label(0), "/run/my.sock");
}

TEST(MysqlAddressTest, APasswordMayHoldAnAtSign) {
  EXPECT_EQ(parse_mysql_dsn("mysql://root:a@b@db/school")->password, "a@b");
}

TEST(MysqlAddressTest, TheLabelHidesThePassword) {
  EXPECT_EQ(parse_mysql_dsn("mysql://root:secret@db/school")->label(),
            "mysql://root@db:3306/school");
}

TEST(MysqlAddressTest, WhatIsWrongIsSaidWithoutThePassword) {
  for (const char* dsn :
       {"mysql:school", "mysql://root:secret@db", "mysql://root:secret@db/", "mysql://secret",
        "mysql://root:%secret@db/school", "mysql://root:secret@:3306/school",
        "mysql://root:secret@db:x/school", "mysql://root:secret@db/school?tls=maybe",
        "mysql://root:secret@db/school?ca=/ca.pem", "mysql://root:secret@db/school?secret=1",
        "mysql://root:secret@db/school?ca=%"}) {
    const auto address = parse_mysql_dsn(dsn);
    ASSERT_FALSE(address) << dsn;
    EXPECT_EQ(address.error().code, Errc::invalid_argument);
    EXPECT_EQ(address.error().message.find("secret"), std::string::npos) << address.error().message;
  }
}

}  // namespace
}  // namespace ringcache
