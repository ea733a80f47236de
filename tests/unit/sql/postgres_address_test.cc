// SPDX-License-Identifier: Apache-2.0
#include "sql/postgres_address.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

using Options = PostgresAddress::Options;

TEST(PostgresAddressTest, EachHostHasItsOwnOptionsAndAllOthers) {
  const auto address = parse_postgres_dsn(
      "postgresql://us%40er:p%3Aass@one:5433,[::1],two/school?sslmode=verify-full");
  ASSERT_TRUE(address) << address.error().message;
  EXPECT_EQ(address->label(), "postgresql://us@er@one:5433,::1:5432,two:5432/school");
  ASSERT_EQ(address->hosts.size(), 3u);
  EXPECT_EQ(address->options(0), (Options{{"user", "us@er"},
                                          {"password", "p:ass"},
                                          {"dbname", "school"},
                                          {"sslmode", "verify-full"},
                                          {"host", "one"},
                                          {"port", "5433"}}));
  EXPECT_EQ(address->host_label(1), "::1:5432");
  EXPECT_EQ(address->host_label(2), "two:5432");
}

TEST(PostgresAddressTest, OnePortHoldsForAllHosts) {
  const auto address = parse_postgres_dsn("postgres://?host=a,b&hostaddr=10.0.0.1,&port=5433");
  ASSERT_TRUE(address) << address.error().message;
  ASSERT_EQ(address->hosts.size(), 2u);
  EXPECT_EQ(address->options(0),
            (Options{{"host", "a"}, {"hostaddr", "10.0.0.1"}, {"port", "5433"}}));
  EXPECT_EQ(address->options(1), (Options{{"host", "b"}, {"port", "5433"}}));
}

TEST(PostgresAddressTest, MostPartsMayBeLeftOut) {
  const auto address = parse_postgres_dsn("postgresql:///school");
  ASSERT_TRUE(address);
  ASSERT_EQ(address->hosts.size(), 1u);
  EXPECT_EQ(address->options(0), (Options{{"dbname", "school"}}));
  EXPECT_EQ(address->label(), "postgresql:///school");
}

TEST(PostgresAddressTest, WhatOnlyLibpqCanJudgeStaysTogether) {
  for (const char* dsn : {"postgresql://a:1,b:2/school?port=1,2,3", "postgresql://a,b/s?hostaddr=c",
                          "postgresql://a,b/school?target_session_attrs=prefer-standby"}) {
    const auto address = parse_postgres_dsn(dsn);
    ASSERT_TRUE(address) << dsn;
    ASSERT_EQ(address->hosts.size(), 1u) << dsn;
    EXPECT_EQ(address->hosts[0].name, "a,b") << dsn;
  }
}

}  // namespace
}  // namespace ringcache
