// SPDX-License-Identifier: Apache-2.0
#include "http/reply.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

class ReplyTest : public ::testing::Test {
 protected:
  HttpExchange exchange(HttpRouteKind kind = HttpRouteKind::key, bool close = false) {
    return {request_, kind, "Sun, 06 Nov 1994 08:49:37 GMT", kNow, close};
  }
  bool has(std::string_view text) const { return out_.find(text) != std::string::npos; }

  static constexpr Time kNow = Time{} + 1h;
  HttpRequest request_{.method = HttpMethod::get};
  std::string out_;
  const Result<Value> hit_ =
      Value{.bytes = Bytes::copy("100"), .loaded_at = kNow - 90s - 1ms, .hit = true};
};

TEST_F(ReplyTest, AHitIsSaidWhole) {
  const Bytes body = reply_to_get(exchange(), hit_, "a", out_);
  EXPECT_EQ(body.view().data(), hit_->bytes.view().data()) << "the payload was copied";
  EXPECT_EQ(out_, "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"" +
                      etag_of("100") +
                      "\"\r\nAge: 90\r\nX-Ringcache: hit; owner=a\r\n"
                      "Content-Type: application/octet-stream\r\nContent-Length: 3\r\n\r\n");
}

TEST_F(ReplyTest, AMissSaysWhatTheLoadTook) {
  const Value value{.bytes = Bytes::copy(""), .loaded_at = kNow, .load_time = 1250us};
  reply_to_get(exchange(), value, "", out_);
  EXPECT_TRUE(has("X-Ringcache: miss; load_ms=1.250\r\n")) << out_;
  EXPECT_TRUE(has("Content-Length: 0\r\n"));
}

TEST_F(ReplyTest, AStaleAnswerSaysSoAndItsAge) {
  Value value = *hit_;
  value.stale = true;
  reply_to_get(exchange(), value, "a", out_);
  EXPECT_TRUE(has("Age: 90\r\nX-Ringcache: stale; owner=a\r\n")) << out_;
}

TEST_F(ReplyTest, AHeadHasAllButTheBody) {
  std::string get;
  reply_to_get(exchange(), hit_, "a", get);
  request_.method = HttpMethod::head;
  EXPECT_TRUE(reply_to_get(exchange(), hit_, "a", out_).is_null());
  EXPECT_EQ(out_, get);
}

TEST_F(ReplyTest, AnEtagOfTheListIs304) {
  const std::string etag = '"' + etag_of("100") + '"';
  for (const std::string& list : {etag, "W/" + etag, "\"0\" , " + etag, std::string("*")}) {
    out_.clear();
    request_.if_none_match = list;
    EXPECT_TRUE(reply_to_get(exchange(), hit_, "a", out_).is_null());
    EXPECT_TRUE(out_.starts_with("HTTP/1.1 304 ")) << list;
    EXPECT_TRUE(has("ETag: " + etag)) << list;
  }
  request_.if_none_match = "\"0\", W/\"1\", " + etag.substr(1);
  EXPECT_EQ(reply_to_get(exchange(), hit_, "a", out_).view(), "100");
}

TEST_F(ReplyTest, AnOwnersNameCannotEndTheHeader) {
  reply_to_get(exchange(), hit_, "a\r\nX: y;z", out_);
  EXPECT_TRUE(has("owner=a??X:?y?z\r\n")) << out_;
}

TEST_F(ReplyTest, ErrorsAreJsonWithTheirCode) {
  reply_to_get(exchange(), fail(Errc::not_found, "no \"such\" key"), "a", out_);
  EXPECT_TRUE(out_.starts_with("HTTP/1.1 404 Not Found\r\n"));
  EXPECT_TRUE(has("Content-Type: application/json\r\n"));
  EXPECT_TRUE(out_.ends_with(
      "\r\n\r\n{\"error\":{\"code\":\"not_found\",\"message\":\"no \\\"such\\\" key\"}}\n"));
}

TEST_F(ReplyTest, EveryCodeHasItsStatus) {
  const std::pair<Errc, unsigned> table[] = {
      {Errc::not_found, 404},   {Errc::no_such_group, 404},      {Errc::invalid_argument, 400},
      {Errc::too_large, 413},   {Errc::unsupported, 403},        {Errc::overloaded, 429},
      {Errc::unavailable, 503}, {Errc::deadline_exceeded, 504},  {Errc::unknown, 504},
      {Errc::internal, 500},    {Errc::precondition_failed, 412}};
  for (const auto& [code, status] : table) {
    out_.clear();
    reply_to_erase(exchange(), fail(code, ""), out_);
    EXPECT_TRUE(out_.starts_with("HTTP/1.1 " + std::to_string(status))) << out_;
    EXPECT_EQ(has("Retry-After: 1\r\n"), status == 429 || status == 503) << out_;
    EXPECT_EQ(has("X-Ringcache: unknown\r\n"), code == Errc::unknown) << out_;
  }
}

TEST_F(ReplyTest, WhenToComeAgainIsSaidInWholeSecondsAndExactly) {
  const std::pair<Duration, std::string> table[] = {
      {1us, "1\r\nX-Ringcache-Retry-After: 1ms"},
      {1s, "1\r\nX-Ringcache-Retry-After: 1000ms"},
      {1001ms, "2\r\nX-Ringcache-Retry-After: 1001ms"},
      {0s, "1\r\nContent-Type"}};
  for (const auto& [wait, text] : table) {
    out_.clear();
    reply_to_erase(exchange(), std::unexpected(Error{Errc::overloaded, "", wait}), out_);
    EXPECT_TRUE(has("Retry-After: " + text)) << out_;
  }
}

TEST_F(ReplyTest, ARefusedMethodNamesTheOthers) {
  reply_refusal(exchange(), {405, {Errc::invalid_argument, ""}, "GET, HEAD"}, out_);
  EXPECT_TRUE(has("Allow: GET, HEAD\r\n"));
}

TEST_F(ReplyTest, GoPeersGetProtobufAndPlainErrors) {
  const Bytes body = reply_to_get(exchange(HttpRouteKind::go_peer), hit_, "a", out_);
  EXPECT_TRUE(has("Content-Type: application/x-protobuf\r\nContent-Length: 5\r\n"));
  EXPECT_TRUE(out_.ends_with("\r\n\r\n\x0a\x03"));
  EXPECT_EQ(body.view(), "100");
  reply_to_get(exchange(HttpRouteKind::go_peer), fail(Errc::not_found, "no"), "a", out_);
  EXPECT_TRUE(out_.ends_with("\r\n\r\nno"));
}

TEST_F(ReplyTest, AnotherNodeGetsFactsAndNoPutBodyTwice) {
  request_.forwarded = true;
  const Bytes body = reply_to_put(exchange(), hit_, Bytes::copy("100"), out_);
  EXPECT_TRUE(body.is_null());
  EXPECT_TRUE(has("X-Ringcache-Value: version=0; age_us=90001000; hit=1; as_sent=1\r\n")) << out_;
  EXPECT_EQ(reply_to_put(exchange(), hit_, Bytes::copy("1"), out_).view(), "100");
}

TEST_F(ReplyTest, AClientsPutGetsTheEtagOfWhatIsStored) {
  EXPECT_TRUE(reply_to_put(exchange(), hit_, Bytes::copy("1"), out_).is_null());
  EXPECT_TRUE(has("ETag: \"" + etag_of("100") + "\"\r\n"));
  EXPECT_TRUE(has("Content-Length: 0\r\n"));
}

TEST_F(ReplyTest, TheConnectionsEndIsSaid) {
  reply_text(exchange(HttpRouteKind::health, true), 200, "ok", out_);
  EXPECT_TRUE(has("Connection: close\r\n"));
  out_.clear();
  request_.http_1_0 = true;
  reply_text(exchange(), 200, "ok", out_);
  EXPECT_TRUE(has("Connection: keep-alive\r\n"));
}

TEST(JsonStringTest, EscapesWhatMustBe) {
  EXPECT_EQ(json_string("a\"b\\c\n\x01\x7f/张"), "\"a\\\"b\\\\c\\u000a\\u0001\\u007f/张\"");
}

TEST(JsonStringTest, AnyBytesMakeValidJson) {
  EXPECT_EQ(json_string("a\xff"), "\"a\ufffd\"");
  EXPECT_EQ(json_string(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(HttpDateTest, IsFixedInForm) {
  HttpDate date;
  const std::string text(date.now());
  EXPECT_EQ(text.size(), 29u);
  EXPECT_TRUE(text.ends_with(" GMT"));
}

}  // namespace
}  // namespace ringcache
