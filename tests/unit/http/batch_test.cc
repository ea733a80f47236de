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

Value value(std::string_view bytes) { return {.bytes = Bytes::copy(bytes)}; }

Json answer(const HttpBatch& batch, const Values& values, std::size_t room = kRoom) {
  const auto owner = [](const KeyView& key) {
    return std::string(key.group) + "/" + std::string(key.name);
  };
  return Json::parse(batch_answer("g", batch, values, owner, kNow, room)).at("values");
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

TEST(BatchTest, AStaleValueSaysSo) {
  const Values values{Value{.bytes = Bytes::copy("1"), .hit = true, .stale = true}, value("2")};
  const Json entries = answer({.keys = {"a", "b"}}, values);
  EXPECT_EQ(entries[0]["stale"], true);
  EXPECT_FALSE(entries[1].contains("stale"));
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

TEST(BatchTest, OfEachWriteItsOutcomeIsTold) {
  const Values values{value("1"), fail(Errc::unknown, "no \"answer\"")};
  const HttpBatch batch{.keys = {"\"a", "b"}};
  EXPECT_EQ(
      Json::parse(written_answer(batch, values, false)),
      (Json{{"results",
             {{{"key", "\"a"}, {"etag", etag_of("1")}},
              {{"key", "b"}, {"error", {{"code", "unknown"}, {"message", "no \"answer\""}}}}}}}));
  EXPECT_EQ(written_answer({.keys = {"a"}, .base64 = true}, {value("")}, true),
            "{\"results\":[{\"key\":\"YQ==\"}]}\n");
  EXPECT_EQ(written_answer({}, {}, false), "{\"results\":[]}\n");
}

const std::string kBinary("\0\xff", 2);

HttpBatch read_by(BatchVerb verb, const std::string& request) {
  auto batch = parse_batch(verb, request, {.keys = 3, .key_bytes = 10}, kNow);
  EXPECT_TRUE(batch) << batch.error().message;
  return batch.value_or(HttpBatch());
}

TEST(BatchTest, ARequestOfANodeIsABatch) {
  const KeyView keys[] = {{"g", "a"}, {"g", kBinary}};
  const HttpBatch batch = read_by(BatchVerb::get, batch_request(keys));
  EXPECT_EQ(batch.keys, (std::vector<std::string>{"a", kBinary}));
  EXPECT_TRUE(batch.base64);
}

TEST(BatchTest, ATouchOfANodeNamesKeyAndEnd) {
  const HttpBatch ends = read_by(BatchVerb::touch, touch_request(kBinary, "1500us"));
  EXPECT_EQ(ends.keys, std::vector{kBinary});
  EXPECT_EQ(ends.expires_at, kNow + 1500us);
  EXPECT_EQ(read_by(BatchVerb::touch, touch_request("a", "")).expires_at, Time::max());
}

TEST(BatchTest, AnInvalidationOfANodeKeepsItsBytes) {
  const auto sent = [](const Invalidation& what) {
    return read_by(BatchVerb::invalidate, invalidate_request(what));
  };
  EXPECT_EQ(sent({.group = "g", .keys = {"a", kBinary}}).keys,
            (std::vector<std::string>{"a", kBinary}));
  EXPECT_EQ(sent({.group = "g", .prefix = kBinary}).prefix, kBinary);
  EXPECT_EQ(sent({.group = "g", .tag = "红\""}).tag, "红\"");
  EXPECT_TRUE(sent({.group = "g", .all = true}).all);
}

TEST(BatchTest, CopiesAreCountedOnTheWire) {
  EXPECT_EQ(parse_invalidated_answer(invalidated_answer(7)), 7u);
  for (const char* body : {"", "7", "{}", R"({"copies":-1})", R"({"copies":"7"})"})
    EXPECT_FALSE(parse_invalidated_answer(body)) << body;
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
