// SPDX-License-Identifier: Apache-2.0
#include "http/parser.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace ringcache {
namespace {

constexpr HttpLimits kLimits{.head_bytes = 1000, .body_bytes = 100};

/// A parser of requests with its input.
struct Reader {
  HttpProgress read(std::string_view text) {
    const auto room = input.room(text.size());
    EXPECT_GE(room.size(), text.size());
    std::memcpy(room.data(), text.data(), text.size());
    input.commit(text.size());
    return parser.feed(input);
  }

  unsigned status_of_refusal(std::string_view text) {
    return read(text) == HttpProgress::failed ? parser.refusal().status : 0;
  }

  NetBuffer input{1 << 20};
  HttpParser<HttpRequest> parser{kLimits};
};

unsigned refused(std::string_view text) { return Reader().status_of_refusal(text); }

TEST(HttpParserTest, ReadsTheParts) {
  Reader reader;
  ASSERT_EQ(reader.read("GET /a?b HTTP/1.1\r\nHost: h\r\nif-none-match: \"1\"\r\n"
                        "x-ringcache-timeout: 5s\r\nX-Ringcache-Forwarded: 1\r\n\r\n"),
            HttpProgress::done);
  const HttpRequest& request = reader.parser.message();
  EXPECT_EQ(request.method, HttpMethod::get);
  EXPECT_EQ(request.target, "/a?b");
  EXPECT_EQ(request.if_none_match, "\"1\"");
  EXPECT_EQ(request.timeout, "5s");
  EXPECT_TRUE(request.forwarded);
  EXPECT_TRUE(request.keep_alive);
  EXPECT_TRUE(request.body.is_null());
}

TEST(HttpParserTest, EveryCutBetweenTwoBytesGivesTheSameRequest) {
  const std::string text =
      "PUT /k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: "
      "u\r\n\r\n";
  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    Reader reader;
    EXPECT_EQ(reader.read(text.substr(0, cut)), HttpProgress::more) << cut;
    EXPECT_EQ(reader.read(text.substr(cut)), HttpProgress::done) << cut;
    EXPECT_EQ(reader.parser.message().body.view(), "abcde") << cut;
  }
}

TEST(HttpParserTest, ByteByByteIsEnough) {
  const std::string text = "PUT /k HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde";
  Reader reader;
  for (std::size_t i = 0; i + 1 < text.size(); ++i)
    ASSERT_EQ(reader.read(text.substr(i, 1)), HttpProgress::more) << i;
  EXPECT_EQ(reader.read("e"), HttpProgress::done);
  EXPECT_EQ(reader.parser.message().body.view(), "abcde");
}

TEST(HttpParserTest, LeavesTheNextRequestOfAPipeline) {
  Reader reader;
  ASSERT_EQ(reader.read("GET /1 HTTP/1.1\r\nX-Ringcache-Timeout: 1s\r\n\r\n"
                        "\r\nGET /2 HTTP/1.0\r\n\r\n"),
            HttpProgress::done);
  reader.parser.next();
  ASSERT_EQ(reader.parser.feed(reader.input), HttpProgress::done);
  EXPECT_EQ(reader.parser.message().target, "/2");
  EXPECT_EQ(reader.parser.message().timeout, "");
  EXPECT_FALSE(reader.parser.message().keep_alive);
  EXPECT_TRUE(reader.input.empty());
}

TEST(HttpParserTest, AWriteKeepsTheNameOfAPreconditionWeCannotHonour) {
  for (const auto& [method, name] : {std::pair<std::string, std::string>{"DELETE", "If-Match"},
                                     {"POST", "If-Match"},
                                     {"PUT", "If-None-Match"},
                                     {"PUT", "If-Unmodified-Since"},
                                     {"PUT", "Content-Range"}}) {
    Reader reader;
    ASSERT_EQ(
        reader.read(method + " /k HTTP/1.1\r\n" + name + ": \"x\"\r\nContent-Length: 0\r\n\r\n"),
        HttpProgress::done);
    EXPECT_EQ(reader.parser.message().refused, name);
    EXPECT_FALSE(reader.parser.message().if_match);
  }
}

TEST(HttpParserTest, APutKeepsTheEtagsItIsToReplace) {
  const auto if_match = [](std::string_view fields) {
    Reader reader;
    EXPECT_EQ(reader.read("PUT /k HTTP/1.1\r\n" + std::string(fields) +
                          "Content-Length: 0\r\n\r\nPUT /k HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
              HttpProgress::done);
    EXPECT_EQ(reader.parser.message().refused, "");
    const auto etags = reader.parser.message().if_match;
    reader.parser.next();
    EXPECT_EQ(reader.parser.feed(reader.input), HttpProgress::done);
    EXPECT_FALSE(reader.parser.message().if_match) << "of the request before";
    return etags;
  };
  EXPECT_EQ(if_match(""), std::nullopt);
  EXPECT_EQ(if_match("if-match: \"1\"\r\n"), "\"1\"");
  EXPECT_EQ(if_match("If-Match:\r\n"), "");
  EXPECT_EQ(if_match("If-Match: \"1\"\r\nIf-Match: \"2\"\r\n"), "\"1\", \"2\"");
}

TEST(HttpParserTest, SeesWhoWaitsForContinue) {
  Reader reader;
  reader.read("PUT /k HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_TRUE(reader.parser.awaits_continue());
  EXPECT_EQ(reader.parser.body_bytes_left(), 2u);
  EXPECT_EQ(reader.read("ab"), HttpProgress::done);
  EXPECT_FALSE(reader.parser.awaits_continue());
}

TEST(HttpParserTest, RefusesTooMuch) {
  EXPECT_EQ(refused("PUT /k HTTP/1.1\r\nContent-Length: 101\r\n\r\n"), 413u);
  EXPECT_EQ(refused("PUT /k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n"), 413u);
  EXPECT_EQ(refused("GET /" + std::string(1000, 'a')), 431u);
  EXPECT_EQ(
      refused("PUT /k HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(1001, '1')),
      431u);
}

TEST(HttpParserTest, FieldsThatTrickleInCountTogether) {
  Reader reader;
  reader.read("GET / HTTP/1.1\r\n");
  HttpProgress progress = HttpProgress::more;
  int fields = 0;
  for (; progress == HttpProgress::more && fields < 200; ++fields)
    progress = reader.read("Name: value\r\n");
  EXPECT_EQ(progress, HttpProgress::failed);
  EXPECT_EQ(fields, 76);  // 16 bytes of request line and 76 times 13 are more than 1000
}

TEST(HttpParserTest, RefusesWhatCouldHideAnotherRequest) {
  EXPECT_EQ(refused("PUT /k HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400u);
  EXPECT_EQ(refused("PUT /k HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"),
            501u);
  EXPECT_EQ(refused("PUT /k HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n"),
            400u);
  EXPECT_EQ(refused("PUT /k HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n"), 501u);
  EXPECT_EQ(refused("PUT /k HTTP/1.1\r\nContent-Length: -1\r\n\r\n"), 400u);
}

TEST(HttpParserTest, RefusesWhatIsNotHttp) {
  EXPECT_EQ(refused("*1\r\n$4\r\nPING\r\n"), 400u);
  EXPECT_EQ(refused("GET  HTTP/1.1\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET /a b HTTP/1.1\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/2.0\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n: v\r\n\r\n"), 400u);
  EXPECT_EQ(refused(std::string("GET /\0 HTTP/1.1\r\n\r\n", 19)), 400u);
}

TEST(HttpParserTest, RawUtf8InATargetPasses) {
  Reader reader;
  ASSERT_EQ(reader.read("GET /张三\xff HTTP/1.1\r\n\r\n"), HttpProgress::done);
  EXPECT_EQ(reader.parser.message().target, "/张三\xff");
}

TEST(HttpParserTest, ReadsAPeersAnswer) {
  NetBuffer input(1000);
  const std::string_view text =
      "HTTP/1.1 404 Not Found\r\nX-Ringcache-Error: not_found\r\nX-Ringcache-Value: a=1\r\n"
      "Content-Length: 2\r\n\r\nno";
  std::memcpy(input.room(text.size()).data(), text.data(), text.size());
  input.commit(text.size());
  HttpParser<HttpResponse> parser(kLimits);
  ASSERT_EQ(parser.feed(input), HttpProgress::done);
  EXPECT_EQ(parser.message().status, 404u);
  EXPECT_EQ(parser.message().error_code, "not_found");
  EXPECT_EQ(parser.message().value_facts, "a=1");
  EXPECT_EQ(parser.message().body.view(), "no");
}

/// Valid requests with random damage, cut at random: the parser must come to some end.
TEST(HttpParserTest, AnyBytesComeToAnEnd) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string whole =
      "PUT /v1/groups/g/keys/k?ttl=1s HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n"
      "Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n";
  for (int round = 0; round < 3'000; ++round) {
    std::string text = whole;
    for (auto damage = random() % 6; damage > 0; --damage)
      text[random() % text.size()] = static_cast<char>(random());
    Reader reader;
    HttpProgress progress = HttpProgress::more;
    while (progress == HttpProgress::more && !text.empty()) {
      const std::string piece = text.substr(0, 1 + random() % text.size());
      text.erase(0, piece.size());
      progress = reader.read(piece);
    }
    const bool failed = progress == HttpProgress::failed;
    ASSERT_EQ(failed, failed && reader.parser.refusal().status >= 400) << text;
  }
}

}  // namespace
}  // namespace ringcache
