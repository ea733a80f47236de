// SPDX-License-Identifier: Apache-2.0
#include "http/call.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

class CallTest : public ::testing::Test {
 protected:
  std::shared_ptr<HttpCall> call(HttpMethod method, const Call& asked = {}) {
    return std::make_shared<HttpCall>(
        loop_, method, KeyView("g 1", "a/b"), asked,
        [this](Result<Value> result) { result_.emplace(std::move(result)); });
  }
  Errc code() const { return result_->error().code; }

  NetLoop loop_;
  std::optional<Result<Value>> result_;
};

TEST_F(CallTest, ARequestSaysKeyHopAndTimeLeft) {
  const Time now = BootClock::now();
  std::string text;
  call(HttpMethod::get, {.deadline = now + 250ms})->append_request("h:1", now, text);
  EXPECT_EQ(text,
            "GET /v1/groups/g%201/keys/a%2Fb HTTP/1.1\r\nHost: h:1\r\n"
            "X-Ringcache-Forwarded: 1\r\nX-Ringcache-Timeout: 250000us\r\n\r\n");
}

TEST_F(CallTest, ARequestSaysHowStaleACopyMayBe) {
  for (const auto& [max_stale, said] : {std::pair<Duration, std::string>{1500us, "1500us"},
                                        {Duration::max(), "3162240000000000us"}}) {
    std::string text;
    call(HttpMethod::get, {.max_stale = max_stale})->append_request("h:1", {}, text);
    EXPECT_TRUE(text.ends_with("X-Ringcache-Max-Stale: " + said + "\r\n\r\n")) << text;
  }
}

TEST_F(CallTest, APutSaysItsLengthAndTtl) {
  const Time now = BootClock::now();
  const auto put = call(HttpMethod::put);
  put->store({.bytes = Bytes::copy("abc"), .expires_at = now + 1s});
  std::string text;
  put->append_request("h:1", now, text);
  EXPECT_TRUE(text.starts_with("PUT /v1/groups/g%201/keys/a%2Fb?ttl=1000000us HTTP/1.1\r\n"));
  EXPECT_TRUE(text.ends_with("Content-Length: 3\r\n\r\n"));
}

TEST_F(CallTest, APutSaysItsTags) {
  const auto put = call(HttpMethod::put);
  put->store({.bytes = Bytes::copy("abc"), .tags = Bytes::copy("a,红 &")});
  std::string text;
  put->append_request("h:1", {}, text);
  EXPECT_TRUE(text.starts_with("PUT /v1/groups/g%201/keys/a%2Fb?tags=a%2C%E7%BA%A2%20%26 HTTP/1.1"))
      << text;
  put->end_at(Time{} + 1s);
  put->append_request("h:1", {}, text = "");
  EXPECT_TRUE(text.starts_with("PUT /v1/groups/g%201/keys/a%2Fb?ttl=1000000us&tags=a%2C")) << text;
}

TEST_F(CallTest, APutSaysWhatItIsToReplaceWhateverThatIs) {
  for (const auto& [etag, said] :
       {std::pair<std::string, std::string>{"0123456789abcdef", "0123456789abcdef"},
        {"", ""},
        {"W/x\"\r\nX: y", "W%2Fx%22%0D%0AX%3A%20y"}}) {
    const auto put = call(HttpMethod::put);
    put->expect(etag);
    std::string text;
    put->append_request("h:1", {}, text);
    EXPECT_NE(text.find("\r\nIf-Match: \"" + said + "\"\r\n"), std::string::npos) << text;
  }
}

TEST_F(CallTest, ATouchIsAWriteWhoseTtlCountsFromItsSending) {
  const Time now = BootClock::now();
  const auto touch = call(HttpMethod::post);
  touch->end_at(now + 10s);
  std::string text;
  touch->append_request("h:1", now + 4s, text);
  EXPECT_TRUE(text.starts_with("POST /v1/groups/g%201:touch HTTP/1.1\r\n")) << text;
  EXPECT_EQ(touch->body().view(), R"({"encoding":"base64","keys":["YS9i"],"ttl":"6000000us"})");
  EXPECT_TRUE(
      text.ends_with("Content-Length: " + std::to_string(touch->body().size()) + "\r\n\r\n"));
  EXPECT_TRUE(touch->is_write());
}

TEST_F(CallTest, ATouchIsAnsweredAsOneOfMany) {
  call(HttpMethod::post)
      ->finish({.status = 200,
                .body = Bytes::copy(R"({"values":[{"value":"YQ==","facts":"version=9"}]})")});
  EXPECT_EQ((*result_)->bytes.view(), "a");
  EXPECT_EQ((*result_)->version, 9u);
  call(HttpMethod::post)
      ->finish(
          {.status = 200,
           .body = Bytes::copy(R"({"values":[{"error":{"code":"not_found","message":"none"}}]})")});
  EXPECT_EQ(result_->error(), (Error{Errc::not_found, "none"}));
  for (const char* body : {"", "{}", R"({"values":[]})"}) {
    call(HttpMethod::post)->finish({.status = 200, .body = Bytes::copy(body)});
    EXPECT_EQ(code(), Errc::unknown) << body;
  }
}

TEST_F(CallTest, AnInvalidationMayBeRepeated) {
  std::optional<Result<std::uint64_t>> copies;
  const auto ask = [&] {
    return std::make_shared<HttpCall>(
        loop_, "g 1", Bytes::copy("{}"), Call{},
        [&](Result<std::uint64_t> result) { copies.emplace(std::move(result)); });
  };
  std::string text;
  ask()->append_request("h:1", {}, text);
  EXPECT_TRUE(text.starts_with("POST /v1/groups/g%201:invalidate HTTP/1.1\r\n")) << text;
  EXPECT_FALSE(ask()->is_write());
  ask()->finish({.status = 200, .body = Bytes::copy(R"({"copies":7})")});
  EXPECT_EQ(copies->value(), 7u);
  ask()->finish({.status = 503, .error_code = "unavailable", .body = Bytes::copy("no")});
  EXPECT_EQ(copies->error(), (Error{Errc::unavailable, "no"}));
  ask()->finish({.status = 200, .body = Bytes::copy("<html>")});
  EXPECT_EQ(copies->error().code, Errc::unavailable);
  const auto late = ask();
  late->sent = true;
  late->give_up(Errc::deadline_exceeded, "late");
  EXPECT_EQ(copies->error(), (Error{Errc::unavailable, "late"}));
}

TEST_F(CallTest, ManyKeysArePostedAsARead) {
  const Time now = BootClock::now();
  HttpCall many(loop_, "g 1", Bytes::copy("{}"), {}, [](Result<Values>) {});
  std::string text;
  many.append_request("h:1", now, text);
  EXPECT_EQ(text,
            "POST /v1/groups/g%201:batchGet HTTP/1.1\r\nHost: h:1\r\n"
            "X-Ringcache-Forwarded: 1\r\nContent-Length: 2\r\n\r\n");
  EXPECT_FALSE(many.is_write());
}

TEST_F(CallTest, AnAnswerToManyKeysIsOurs) {
  std::optional<Result<Values>> values;
  const auto ask = [&] {
    return std::make_shared<HttpCall>(
        loop_, "g", Bytes::copy("{}"), Call{},
        [&](Result<Values> result) { values.emplace(std::move(result)); });
  };
  ask()->finish(
      {.status = 200, .body = Bytes::copy(R"({"values":[{"value":"YQ==","facts":"hit=1"}]})")});
  EXPECT_EQ(values->value().at(0)->bytes.view(), "a");
  ask()->finish({.status = 200, .body = Bytes::copy("<html>")});
  EXPECT_EQ(values->error().code, Errc::unavailable);
  ask()->finish({.status = 404, .error_code = "no_such_group", .body = Bytes::copy("none")});
  EXPECT_EQ(values->error(), (Error{Errc::no_such_group, "none"}));
  ask()->give_up(Errc::deadline_exceeded, "late");
  EXPECT_EQ(values->error(), (Error{Errc::deadline_exceeded, "late"}));
}

TEST_F(CallTest, AnAnswerCannotLookYoungerThanItIs) {
  const Time before = BootClock::now();
  const auto get = call(HttpMethod::get);
  const Time asked = BootClock::now();
  get->finish({.status = 200, .value_facts = "version=1; age_us=0; hit=1"});
  EXPECT_GE((*result_)->loaded_at, before);
  EXPECT_LE((*result_)->loaded_at, asked);
}

TEST_F(CallTest, BytesThatCameBackAsSentAreOurs) {
  const auto put = call(HttpMethod::put);
  put->store({.bytes = Bytes::copy("abc")});
  put->finish({.status = 200, .value_facts = "version=9; as_sent=1"});
  EXPECT_EQ((*result_)->bytes.view().data(), put->body().view().data());
  EXPECT_EQ((*result_)->version, 9u);
}

TEST_F(CallTest, GivingUpAWriteIsUnknownOnceSent) {
  call(HttpMethod::put)->give_up(Errc::deadline_exceeded, "");
  EXPECT_EQ(code(), Errc::unavailable);
  const auto sent = call(HttpMethod::erase);
  sent->sent = true;
  sent->give_up(Errc::deadline_exceeded, "");
  EXPECT_EQ(code(), Errc::unknown);
  const auto touch = call(HttpMethod::post);
  touch->sent = true;
  touch->give_up(Errc::too_large, "");
  EXPECT_EQ(code(), Errc::unknown);
  call(HttpMethod::get)->give_up(Errc::deadline_exceeded, "");
  EXPECT_EQ(code(), Errc::deadline_exceeded);
}

TEST_F(CallTest, AnAnswerWithoutOurHeadersIsNone) {
  call(HttpMethod::get)->finish({.status = 200});
  EXPECT_EQ(code(), Errc::unavailable);
  call(HttpMethod::get)->finish({.status = 200, .value_facts = "nonsense"});
  EXPECT_EQ(code(), Errc::unavailable);
  call(HttpMethod::erase)->finish({.status = 502});
  EXPECT_EQ(code(), Errc::unknown);
}

}  // namespace
}  // namespace ringcache
