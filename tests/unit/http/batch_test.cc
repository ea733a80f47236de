// SPDX-License-Identifier: Apache-2.0
#include "http/batch.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

const Time kNow{1000s};
constexpr std::size_t kRoom = 1'000'000;

Result<HttpBatch> parse(std::string_view body) {
  return parse_batch(body, {.keys = 3, .key_bytes = 10});
}

std::string objection(std::string_view body) {
  const auto batch = parse(body);
  return batch ? "none" : batch.error().message;
}

Value value(std::string_view bytes) { return {.bytes = Bytes::copy(bytes)}; }

Json answer(const HttpBatch& batch, const Values& values, std::size_t room = kRoom) {
  const auto owner = [](const KeyView& key) {
    return std::string(key.group) + "/" + std::string(key.name);
  };
  return Json::parse(batch_answer("g", batch, values, owner, kNow, room)).at("values");
}

TEST(BatchTest, KeysComeInTheirOrder) {
  const auto batch = parse(R"( {"keys":["b","a","b"]} )");
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->keys, (std::vector<std::string>{"b", "a", "b"}));
  EXPECT_FALSE(batch->base64);
  EXPECT_TRUE(parse(R"({"keys":[]})")->keys.empty());
  EXPECT_EQ(parse(R"({"keys":["\u5f20\u4e09/\"\u0000"]})")->keys[0],
            std::string_view("张三/\"\0", 9));
}

TEST(BatchTest, KeysInBase64AreAnyBytesWhereverTheFieldStands) {
  for (const char* body :
       {R"({"encoding":"base64","keys":["AP8="]})", R"({"keys":["AP8="],"encoding":"base64"})"}) {
    const auto batch = parse(body);
    ASSERT_TRUE(batch) << batch.error().message;
    EXPECT_EQ(batch->keys[0], std::string_view("\0\xff", 2));
    EXPECT_TRUE(batch->base64);
  }
  EXPECT_EQ(objection(R"({"keys":["YQ==","YQ"],"encoding":"base64"})"), "key 2 is not base64");
}

TEST(BatchTest, WhatIsNoJsonIsSaidWhere) {
  EXPECT_EQ(objection(""), "malformed JSON at byte 1");
  EXPECT_EQ(objection(R"({"keys":["a",]})"), "malformed JSON at byte 14");
  EXPECT_EQ(objection("{\"keys\":[\"\xff\"]}"), "malformed JSON at byte 11");
  for (const char* body : {"{", "{\"keys\":[\"a\"]}}", "{\"keys\":[\"a\"", "{keys:[]}", "nul",
                           "{\"keys\":[\"a\"]} {}", "{\"keys\":[\"\\ud800\"]}"})
    EXPECT_TRUE(objection(body).starts_with("malformed JSON at byte ")) << body;
}

TEST(BatchTest, WhatIsNoBatchIsSaidHow) {
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

TEST(BatchTest, KeysHaveTheirLimits) {
  EXPECT_TRUE(parse(R"({"keys":["a","b","0123456789"]})"));
  EXPECT_EQ(objection(R"({"keys":["a","b","c","d"]})"), "more than 3 keys; ask for fewer at once");
  EXPECT_EQ(objection(R"({"keys":["a",""]})"), "key 2 is empty");
  const auto longer = parse(R"({"keys":["01234567890"]})");
  EXPECT_EQ(longer.error(), (Error{Errc::too_large, "key 1 is longer than 10 bytes"}));
}

TEST(BatchTest, AnEntryTellsWhatAGetWouldTell) {
  const Values values{Value{.bytes = Bytes::copy("100"),
                            .loaded_at = kNow - 90s,
                            .expires_at = kNow + 10min,
                            .hit = true},
                      Value{.bytes = Bytes::copy(""), .load_time = 1500us}};
  const Json entries = answer({.keys = {"a", "b"}}, values);
  EXPECT_EQ(entries[0], (Json{{"key", "a"},
                              {"value", "100"},
                              {"etag", etag_of("100")},
                              {"hit", true},
                              {"owner", "g/a"},
                              {"age_ms", 90'000},
                              {"ttl_ms", 600'000}}));
  EXPECT_EQ(entries[1], (Json{{"key", "b"},
                              {"value", ""},
                              {"etag", etag_of("")},
                              {"hit", false},
                              {"owner", "g/b"},
                              {"load_us", 1500}}));
}

TEST(BatchTest, AnErrorStandsWhereTheValueWould) {
  const Json entries = answer({.keys = {"a", "\"\xe5\xbc\xa0"}},
                              {value("1"), fail(Errc::not_found, "no such \"key\"")});
  EXPECT_EQ(entries[1], Json::parse(
                            R"({"key":"\"张","error":{"code":"not_found",
                                "message":"no such \"key\""}})"));
}

TEST(BatchTest, AnErrorSaysWhenToComeAgainIfItKnows) {
  const Json entries = answer({.keys = {"a"}}, {std::unexpected(Error{Errc::overloaded, "", 5us})});
  EXPECT_EQ(entries[0]["error"]["retry_after_ms"], 1);
}

TEST(BatchTest, BytesThatAreNoTextAreAskedForInBase64) {
  const Values values{value("\xff"), value("1")};
  const Json text = answer({.keys = {"a", "b"}}, values);
  EXPECT_EQ(text[0]["error"]["code"], "invalid_argument");
  EXPECT_EQ(text[0]["error"]["message"],
            "the value is not UTF-8; ask with \"encoding\":\"base64\"");
  EXPECT_EQ(text[1]["value"], "1");
  const Json bytes = answer({.keys = {"a", "b"}, .base64 = true}, values);
  EXPECT_EQ(bytes[0]["value"], "/w==");
  EXPECT_EQ(bytes[0]["key"], "YQ==");
}

TEST(BatchTest, WhatHasNoRoomIsSaidKeyByKey) {
  const std::string large(600, 'v');
  const Json entries =
      answer({.keys = {"a", "b", "c"}}, {value(large), value(large), value("1")}, 1'200);
  EXPECT_EQ(entries[0]["value"], large);
  EXPECT_EQ(entries[1]["error"]["code"], "too_large");
  EXPECT_EQ(entries[1]["error"]["message"], "no room in the answer; ask for fewer keys");
  EXPECT_EQ(entries[2]["value"], "1");
  EXPECT_EQ(answer({.keys = {"a"}}, {value(large)}, 0)[0]["value"], large);
}

TEST(BatchTest, BetweenNodesAValueKeepsItsFacts) {
  std::string bytes;
  for (int b = 0; b < 256; ++b) bytes.push_back(static_cast<char>(b));
  const Values sent{Value{.bytes = Bytes::copy(bytes),
                          .version = 7,
                          .loaded_at = kNow - 90s,
                          .expires_at = kNow + 10min,
                          .hit = true},
                    fail(Errc::overloaded, "too \"much\"")};
  const Time began = kNow + 5h;
  const auto got = parse_forwarded_answer(forwarded_answer(sent, kNow, kRoom), began);
  ASSERT_TRUE(got);
  const Value& first = *got->at(0);
  EXPECT_EQ(first.bytes.view(), bytes);
  EXPECT_EQ(first.version, 7u);
  EXPECT_TRUE(first.hit);
  EXPECT_EQ(first.loaded_at, began - 90s);
  EXPECT_EQ(first.expires_at, began + 10min);
  EXPECT_EQ(got->at(1).error(), (Error{Errc::overloaded, "too \"much\""}));
}

TEST(BatchTest, BetweenNodesOnlyTheFirstThatHaveRoomAreAnswered) {
  const std::string large(600, 'v');
  const Values values{value(large), value(large), value("1")};
  EXPECT_EQ(parse_forwarded_answer(forwarded_answer(values, kNow, 1'200), kNow)->size(), 1u);
  EXPECT_EQ(parse_forwarded_answer(forwarded_answer(values, kNow, 0), kNow)->size(), 1u);
  EXPECT_EQ(parse_forwarded_answer(forwarded_answer(values, kNow, kRoom), kNow)->size(), 3u);
}

TEST(BatchTest, ARequestOfANodeIsABatch) {
  const std::string binary("\0\xff", 2);
  const KeyView keys[] = {{"g", "a"}, {"g", binary}};
  const auto batch = parse(batch_request(keys));
  ASSERT_TRUE(batch) << batch.error().message;
  EXPECT_EQ(batch->keys, (std::vector<std::string>{"a", binary}));
  EXPECT_TRUE(batch->base64);
}

TEST(BatchTest, WhatNoNodeAnswersIsNone) {
  for (const char* body :
       {"", "{}", "[]", R"({"values":1})", R"({"values":[1]})", R"({"values":[{}]})",
        R"({"values":[{"value":"YQ=="}]})", R"({"values":[{"value":"YQ==","facts":""}]})",
        R"({"values":[{"value":"YQ==","facts":"nonsense"}]})",
        R"({"values":[{"value":"Y","facts":"version=1"}]})",
        R"({"values":[{"error":{"code":"not_found"}}]})", R"({"values":[{"error":"not_found"}]})"})
    EXPECT_FALSE(parse_forwarded_answer(body, kNow)) << body;
}

}  // namespace
}  // namespace ringcache
