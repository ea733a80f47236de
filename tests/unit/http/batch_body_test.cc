// SPDX-License-Identifier: Apache-2.0
#include "http/batch_body.h"

#include <gtest/gtest.h>

#include <iterator>
#include <random>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

const Time kNow{1000s};

Result<HttpBatch> parse(std::string_view body, BatchVerb verb = BatchVerb::get) {
  return parse_batch(verb, body, {.keys = 3, .key_bytes = 10, .value_bytes = 20}, kNow);
}

std::string objection(std::string_view body, BatchVerb verb = BatchVerb::get) {
  const auto batch = parse(body, verb);
  return batch ? "none" : batch.error().message;
}

TEST(BatchBodyTest, KeysComeInTheirOrder) {
  const auto batch = parse(R"( {"keys":["b","a","b"]} )");
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->keys, (std::vector<std::string>{"b", "a", "b"}));
  EXPECT_FALSE(batch->base64);
  EXPECT_TRUE(parse(R"({"keys":[]})")->keys.empty());
  EXPECT_EQ(parse(R"({"keys":["\u5f20\u4e09/\"\u0000"]})")->keys[0],
            std::string_view("张三/\"\0", 9));
}

TEST(BatchBodyTest, KeysInBase64AreAnyBytesWhereverTheFieldStands) {
  for (const char* body :
       {R"({"encoding":"base64","keys":["AP8="]})", R"({"keys":["AP8="],"encoding":"base64"})"}) {
    const auto batch = parse(body);
    ASSERT_TRUE(batch) << batch.error().message;
    EXPECT_EQ(batch->keys[0], std::string_view("\0\xff", 2));
    EXPECT_TRUE(batch->base64);
  }
  EXPECT_EQ(objection(R"({"keys":["YQ==","YQ"],"encoding":"base64"})"), "key 2 is not base64");
}

TEST(BatchBodyTest, WhatIsNoJsonIsSaidWhere) {
  EXPECT_EQ(objection(""), "malformed JSON at byte 1");
  EXPECT_EQ(objection(R"({"keys":["a",]})"), "malformed JSON at byte 14");
  EXPECT_EQ(objection("{\"keys\":[\"\xff\"]}"), "malformed JSON at byte 11");
  for (const char* body : {"{", "{\"keys\":[\"a\"]}}", "{\"keys\":[\"a\"", "{keys:[]}", "nul",
                           "{\"keys\":[\"a\"]} {}", "{\"keys\":[\"\\ud800\"]}"})
    EXPECT_TRUE(objection(body).starts_with("malformed JSON at byte ")) << body;
}

TEST(BatchBodyTest, WhatIsNoBatchIsSaidHow) {
  for (const char* body : {"[]", "null", "1", "true", "\"keys\"", "-1", "1.5", "1e999"})
    EXPECT_FALSE(parse(body)) << body;
  EXPECT_EQ(objection("[]"), R"(the body must be {"keys":["a","b"]})");
  EXPECT_EQ(objection("{}"), "\"keys\" is missing");
  for (const char* keys : {"\"a\"", "null", "{}", "[1]", "[-1]", "[1.5]", "[null]", "[true]",
                           "[[\"a\"]]", "[{\"key\":\"a\"}]"})
    EXPECT_EQ(objection(std::string("{\"keys\":") + keys + "}"),
              "\"keys\" must be a list of strings")
        << keys;
  for (const char* encoding : {"\"utf-8\"", "64", "null", "[\"base64\"]"})
    EXPECT_EQ(objection(std::string("{\"encoding\":") + encoding + "}"),
              "\"encoding\" can only be \"base64\"")
        << encoding;
  EXPECT_EQ(objection(R"({"keys":["a"],"ttl":"1s"})"),
            R"(unknown field "ttl"; there are "keys" and "encoding")");
  EXPECT_EQ(objection(R"({"keys":["a"],"keys":["b"]})"), "\"keys\" is there twice");
}

TEST(BatchBodyTest, KeysHaveTheirLimits) {
  EXPECT_TRUE(parse(R"({"keys":["a","b","0123456789"]})"));
  EXPECT_EQ(objection(R"({"keys":["a","b","c","d"]})"), "more than 3 keys; ask for fewer at once");
  EXPECT_EQ(objection(R"({"keys":["a",""]})"), "key 2 is empty");
  const auto longer = parse(R"({"keys":["01234567890"]})");
  EXPECT_EQ(longer.error(), (Error{Errc::too_large, "key 1 is longer than 10 bytes"}));
}

Result<HttpBatch> put(std::string_view entries) {
  return parse("{\"entries\":[" + std::string(entries) + "]}", BatchVerb::put);
}

std::string objection_to(std::string_view entries) {
  const auto batch = put(entries);
  return batch ? "none" : batch.error().message;
}

TEST(BatchBodyTest, APutHasAnEntryForEachKey) {
  const auto batch = put(R"({"key":"a","value":"1","ttl":"10m","tags":["x","y"]},
                            {"value":"","key":"b"})");
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->keys, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(batch->values[0].bytes.view(), "1");
  EXPECT_EQ(batch->values[0].expires_at, kNow + 10min);
  EXPECT_EQ(batch->values[0].tags.view(), "x,y");
  EXPECT_FALSE(batch->values[1].bytes.is_null());
  EXPECT_EQ(batch->values[1].expires_at, Time::max());
  EXPECT_TRUE(batch->values[1].tags.is_null()) << "those of the entry before";
}

TEST(BatchBodyTest, APutInBase64IsAnyBytesWhereverTheFieldStands) {
  for (const char* body : {R"({"encoding":"base64","entries":[{"key":"AP8=","value":"/wA="}]})",
                           R"({"entries":[{"key":"AP8=","value":"/wA="}],"encoding":"base64"})"}) {
    const auto batch = parse(body, BatchVerb::put);
    ASSERT_TRUE(batch) << batch.error().message;
    EXPECT_EQ(batch->keys[0], std::string_view("\0\xff", 2));
    EXPECT_EQ(batch->values[0].bytes.view(), std::string_view("\xff\0", 2));
  }
  EXPECT_EQ(
      objection(R"({"encoding":"base64","entries":[{"key":"YQ==","value":"?"}]})", BatchVerb::put),
      "value 1 is not base64");
}

TEST(BatchBodyTest, WhatIsWrongWithAnEntryIsSaidWithItsNumber) {
  const std::string good = R"({"key":"a","value":"1"},)";
  EXPECT_EQ(objection_to(good + R"({"value":"1"})"), "entry 2: \"key\" is missing");
  EXPECT_EQ(objection_to(good + R"({"key":"a"})"), "entry 2: \"value\" is missing");
  EXPECT_EQ(objection_to(good + R"({"key":"a","key":"b","value":"1"})"),
            "entry 2: \"key\" is there twice");
  EXPECT_EQ(objection_to(good + R"({"key":"a","value":"1","x":1})"),
            R"(entry 2: unknown field "x"; there are "key", "value", "ttl" and "tags")");
  EXPECT_EQ(objection_to(good + R"({"key":1,"value":"1"})"), "entry 2: \"key\" must be a string");
  EXPECT_EQ(objection_to(good + R"({"key":"a","value":1})"), "entry 2: \"value\" must be a string");
  EXPECT_EQ(objection_to(R"({"key":"a","value":"1","tags":"x"})"),
            "entry 1: \"tags\" must be a list of strings");
  EXPECT_EQ(objection_to(R"({"key":"a","value":"1","tags":[{"key":"a"}]})"),
            "entry 1: \"tags\" must be a list of strings");
  EXPECT_EQ(objection_to(R"({"key":"a","value":"1","ttl":10})"),
            "entry 1: \"ttl\" must be a string such as \"10m\"");
  EXPECT_EQ(objection_to(R"({"key":"a","value":"1","ttl":"0"})"),
            "entry 1: ttl: must be longer than 0; leave it out for no end");
}

TEST(BatchBodyTest, AKeyIsWrittenOnce) {
  EXPECT_EQ(objection_to(R"({"key":"b","value":"1"},{"key":"a","value":"1"},)"
                         R"({"key":"b","value":"2"})"),
            "key 3 is key 1 again; a batch writes a key once");
  EXPECT_EQ(objection(R"({"encoding":"base64","entries":[{"key":"YQ==","value":""},)"
                      R"({"key":"YQ==","value":""}]})",
                      BatchVerb::put),
            "key 2 is key 1 again; a batch writes a key once");
}

TEST(BatchBodyTest, WhatIsNoEntryIsSaid) {
  for (const char* entry : {"1", "\"a\"", "null", "true", "[]", "[{}]"})
    EXPECT_EQ(objection_to(entry), "\"entries\" must be a list of objects") << entry;
  EXPECT_EQ(objection_to(R"({"key":"a","value":"1"},1)"), "\"entries\" must be a list of objects");
  EXPECT_EQ(objection("[]", BatchVerb::put),
            R"(the body must be {"entries":[{"key":"a","value":"1"}]})");
  EXPECT_EQ(objection("{}", BatchVerb::put), "\"entries\" is missing");
  EXPECT_EQ(objection(R"({"keys":["a"]})", BatchVerb::put),
            R"(unknown field "keys"; there are "entries" and "encoding")");
  EXPECT_EQ(objection(R"({"entries":[{"key":"a")", BatchVerb::put), "malformed JSON at byte 23");
}

TEST(BatchBodyTest, EntriesHaveTheLimitsOfKeysAndValues) {
  const auto entry = [](const std::string& key) {
    return R"({"key":")" + key + R"(","value":"1"})";
  };
  const std::string three = entry("a") + ',' + entry("b") + ',' + entry("c");
  EXPECT_EQ(objection_to(three), "none");
  EXPECT_EQ(objection_to(three + ',' + entry("d")), "more than 3 keys; ask for fewer at once");
  EXPECT_EQ(objection_to(R"({"key":"","value":"1"})"), "key 1 is empty");
  EXPECT_EQ(put(R"({"key":"01234567890","value":"1"})").error(),
            (Error{Errc::too_large, "key 1 is longer than 10 bytes"}));
  EXPECT_EQ(put(entry("b") + R"(,{"key":"a","value":"012345678901234567890"})").error(),
            (Error{Errc::too_large, "value 2 is longer than 20 bytes"}));
}

TEST(BatchBodyTest, ATagHasAName) {
  for (const char* tag : {"", ",", "a,b"})
    EXPECT_EQ(objection_to(R"({"key":"a","value":"1","tags":["x",")" + std::string(tag) + "\"]}"),
              "entry 1: tags: a tag is a name in UTF-8, not empty and without a comma")
        << tag;
  EXPECT_TRUE(check_tag("红"));
  EXPECT_FALSE(check_tag("\xff"));
}

TEST(BatchBodyTest, ATouchMayEndOrNot) {
  EXPECT_EQ(parse(R"({"keys":["a"],"ttl":"1h"})", BatchVerb::touch)->expires_at, kNow + 1h);
  EXPECT_EQ(parse(R"({"keys":["a"]})", BatchVerb::touch)->expires_at, Time::max());
  EXPECT_TRUE(objection(R"({"keys":["a"],"ttl":"soon"})", BatchVerb::touch).starts_with("ttl: "));
  EXPECT_EQ(objection(R"({"ttl":"1h"})", BatchVerb::touch), "\"keys\" is missing");
  EXPECT_EQ(objection(R"({"keys":["a"],"ttl":"1h"})", BatchVerb::erase),
            R"(unknown field "ttl"; there are "keys" and "encoding")");
}

TEST(BatchBodyTest, AnInvalidationNamesOneOfFour) {
  const auto read = [](std::string_view body) { return parse(body, BatchVerb::invalidate); };
  EXPECT_EQ(read(R"({"keys":["a","b"]})")->keys.size(), 2u);
  EXPECT_EQ(read(R"({"prefix":"user:"})")->prefix, "user:");
  EXPECT_EQ(read(R"({"prefix":"AP8=","encoding":"base64"})")->prefix,
            std::string_view("\0\xff", 2));
  EXPECT_EQ(read(R"({"tag":"red","encoding":"base64"})")->tag, "red");
  EXPECT_TRUE(read(R"({"all":true})")->all);
}

TEST(BatchBodyTest, AnInvalidationOfNothingIsNotOneOfAll) {
  const auto objects = [](std::string_view body) { return objection(body, BatchVerb::invalidate); };
  for (const char* body : {"{}", R"({"encoding":"base64"})", R"({"keys":["a"],"prefix":"b"})",
                           R"({"tag":"a","all":true})", R"({"keys":[],"all":true})"})
    EXPECT_EQ(objects(body), R"(name one of "keys", "prefix", "tag" and "all")") << body;
  for (const char* body : {R"({"keys":[]})", R"({"prefix":""})", R"({"tag":""})"})
    EXPECT_EQ(objects(body), R"(nothing is named; {"all":true} invalidates all of the group)")
        << body;
  for (const char* all : {"false", "1", "\"true\"", "null", "[]"})
    EXPECT_EQ(objects("{\"all\":" + std::string(all) + "}"), "\"all\" can only be true") << all;
  EXPECT_EQ(objects(R"({"prefix":"?","encoding":"base64"})"), "\"prefix\" is not base64");
  EXPECT_EQ(objects(R"({"keys":[""]})"), "key 1 is empty");
}

/// Bodies with random damage: each comes to an end, and none builds more than its keys.
TEST(BatchBodyTest, AnyBytesComeToAnEnd) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string_view tokens[] = {"{",
                                     "}",
                                     "[",
                                     "]",
                                     ":",
                                     ",",
                                     "\"a\"",
                                     "\"keys\"",
                                     "\"ttl\"",
                                     "\"prefix\"",
                                     "\"entries\"",
                                     "\"key\"",
                                     "\"tag\"",
                                     "\"all\"",
                                     "\"value\"",
                                     "\"1s\"",
                                     "\"tags\"",
                                     "true",
                                     "\"encoding\"",
                                     "-1.5",
                                     "\"base64\""};
  const std::string whole =
      R"({"entries":[{"key":"a","value":"1","ttl":"1s","tags":["x"]}],"keys":["a"],"tag":"x"})";
  for (int round = 0; round < 3'000; ++round) {
    std::string body = whole;
    for (auto damage = random() % 6; damage > 0; --damage)
      body.replace(random() % body.size(), random() % 4, tokens[random() % std::size(tokens)]);
    const auto batch = parse(body, static_cast<BatchVerb>(random() % 5));
    ASSERT_TRUE(batch ? batch->keys.size() <= 3 : !batch.error().message.empty()) << body;
  }
}

}  // namespace
}  // namespace ringcache
