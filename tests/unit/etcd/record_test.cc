// SPDX-License-Identifier: Apache-2.0
#include "etcd/record.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

const Member kMember{"0a1b", "localhost:9999", "127.0.0.1:9999", "127.0.0.1:8080", 3};

std::string with(std::string_view field, std::string_view json) {
  std::string record = R"({"name":"a","address":"h:1","http":"h:2","weight":1})";
  const auto at = record.find("\"" + std::string(field) + "\":") + field.size() + 3;
  return record.replace(at, record.find_first_of(",}", at) - at, json);
}

std::string complaint(std::string_view json) {
  const auto member = decode_member("1", json);
  return member ? "none" : member.error().message;
}

TEST(RecordTest, AMemberComesBackAsItWas) {
  EXPECT_EQ(decode_member("0a1b", encode_member(kMember)).value(), kMember);
}

TEST(RecordTest, QuotesAndUtf8InANameComeBackAsTheyWere) {
  Member member = kMember;
  member.name = "节点 \"one\" \\ é";
  ASSERT_TRUE(check_member(member));
  EXPECT_EQ(decode_member("0a1b", encode_member(member)).value(), member);
}

TEST(RecordTest, FieldsOfLaterVersionsAreIgnored) {
  const auto member =
      decode_member("1", R"({"name":"a","address":"h:1","state":"active","L":7,"zone":{"x":[1]}})");
  EXPECT_EQ(member.value(), (Member{"1", "a", "h:1", "", 1}));
}

TEST(RecordTest, HostNamesAndIpv6AreAddresses) {
  for (const char* address : {"10.0.0.5:9999", "cache-1.default.svc.local:1", "[::1]:9999",
                              "[fe80::1%eth0]:65535", "localhost:80"})
    EXPECT_EQ(complaint(with("address", "\"" + std::string(address) + "\"")), "none") << address;
}

TEST(RecordTest, WhatIsNoAddressIsRefusedBySayingWhatIs) {
  for (const char* address :
       {"", "localhost", ":9999", "h:0", "h:65536", "h:", "::1:99", "[::1]", "h h:1", "http://h:1",
        "h:1x", "h\\u0000:1", "0.0.0.0:99", "[::]:99"}) {
    EXPECT_NE(complaint(with("address", "\"" + std::string(address) + "\"")).find("HOST:PORT"),
              std::string::npos)
        << address;
  }
}

TEST(RecordTest, AWrongTypeOrAMissingFieldIsNamed) {
  EXPECT_EQ(complaint(with("name", "7")), "name must be a string");
  EXPECT_EQ(complaint(with("http", "null")), "http must be a string");
  EXPECT_EQ(complaint(R"({"name":"a"})"), "address is missing");
  EXPECT_EQ(complaint(R"({"address":"h:1"})"), "name is missing");
}

TEST(RecordTest, WeightIsAWholeNumberFromOneToAThousand) {
  for (const char* weight : {"0", "-1", "1001", "1.5", "\"1\"", "1e30", "18446744073709551615"})
    EXPECT_EQ(complaint(with("weight", weight)), "weight must be a whole number from 1 to 1000")
        << weight;
  EXPECT_EQ(decode_member("1", with("weight", "1000")).value().weight, 1000U);
}

TEST(RecordTest, WhatIsNoJsonObjectIsRefused) {
  for (const char* json : {"", "x", "[]", "null", "{", "\"a\"", "{}x", "\xff\xfe"})
    EXPECT_EQ(complaint(json), "it is not a JSON object") << json;
}

TEST(RecordTest, AnEndlessRecordIsRefusedUnread) {
  EXPECT_NE(complaint(std::string(kMaxRecordBytes + 1, '[')).find("longer than"),
            std::string::npos);
}

TEST(RecordTest, AnIdIsLettersDigitsAndDashes) {
  for (const char* id : {"", "a/b", "a b", "\n", "\xc3\xa9"})
    EXPECT_FALSE(decode_member(id, encode_member(kMember))) << id;
  EXPECT_FALSE(decode_member(std::string(65, 'a'), encode_member(kMember)));
}

TEST(RecordTest, ANameWithoutBytesOrWithControlBytesOrNoUtf8IsRefused) {
  for (const char* name : {"", "a\nb", "\x7f", "\xff"}) {
    Member member = kMember;
    member.name = name;
    EXPECT_FALSE(check_member(member)) << name;
  }
}

TEST(RecordTest, FreshIdsAreGoodIdsAndDiffer) {
  Member member = kMember;
  member.id = fresh_member_id();
  EXPECT_TRUE(check_member(member));
  EXPECT_EQ(member.id.size(), 32U);
  EXPECT_NE(member.id, fresh_member_id());
}

TEST(RecordTest, TheNamingRecordIsByteForByteWhatEtcdsGoClientWrites) {
  EXPECT_EQ(encode_endpoint(kMember), R"({"Op":0,"Addr":"127.0.0.1:9999","Metadata":"weight:3;)"
                                      "version:" RINGCACHE_VERSION "\"}");
}

}  // namespace
}  // namespace ringcache
