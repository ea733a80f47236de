// SPDX-License-Identifier: Apache-2.0
#include "http/connection.h"

#include <gtest/gtest.h>

#include <random>
#include <thread>

#include "support/map_store.h"
#include "support/raw_client.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::MapStore;
using testing::RawClient;

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() { store_.set("k", "100"); }

  HttpServer& server(HttpOptions options = {}) {
    options.listen = "127.0.0.1:0";
    auto opened = HttpServer::listen(std::move(options), store_);
    EXPECT_TRUE(opened) << opened.error().message;
    server_ = std::move(*opened);
    return *server_;
  }

  static std::string get(const std::string& target, const std::string& fields = {}) {
    return "GET " + target + " HTTP/1.1\r\nHost: h\r\n" + fields + "\r\n";
  }
  static std::string put(const std::string& key, const std::string& body,
                         const std::string& fields = {}) {
    return "PUT /v1/groups/g/keys/" + key + " HTTP/1.1\r\nHost: h\r\n" + fields +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  static std::string post(const std::string& target, const std::string& body,
                          const std::string& fields = {}) {
    return "POST /v1/groups/" + target + " HTTP/1.1\r\nHost: h\r\n" + fields +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }
  static std::string batch(const std::string& body, const std::string& group = "g",
                           const std::string& fields = {}) {
    return post(group + ":batchGet", body, fields);
  }

  MapStore store_;
  std::unique_ptr<HttpServer> server_;
};

const std::string kKey = "/v1/groups/g/keys/k";

TEST_F(ConnectionTest, OneConnectionCarriesManyRequests) {
  RawClient client(server().port());
  for (int i = 0; i < 100; ++i) {
    const auto reply = client.ask(get(kKey));
    ASSERT_TRUE(reply) << i;
    EXPECT_EQ(reply->status, 200u);
    EXPECT_EQ(reply->body, "100");
  }
}

TEST_F(ConnectionTest, APipelineIsAnsweredInItsOrder) {
  RawClient client(server().port());
  std::string requests;
  for (int i = 0; i < 500; ++i) {
    store_.set("p" + std::to_string(i), "v" + std::to_string(i));
    requests += get("/v1/groups/g/keys/p" + std::to_string(i));
  }
  ASSERT_TRUE(client.send(requests));
  for (int i = 0; i < 500; ++i) ASSERT_EQ(client.receive()->body, "v" + std::to_string(i));
}

TEST_F(ConnectionTest, APipelineWaitsForTheStoreAndKeepsItsOrder) {
  RawClient client(server().port());
  ASSERT_TRUE(client.send(get(kKey) + get("/v1/groups/g/keys/never") + get(kKey)));
  EXPECT_EQ(client.receive()->body, "100");
  store_.wait_for_held(1);
  store_.release();
  EXPECT_EQ(client.receive()->body, "late");
  EXPECT_EQ(client.receive()->body, "100");
}

TEST_F(ConnectionTest, APutIsStoredAndReadBack) {
  RawClient client(server().port());
  const std::string body("a\0b\xff", 4);
  const auto stored = client.ask(put("new", body));
  EXPECT_EQ(stored->status, 200u);
  const auto read = client.ask(get("/v1/groups/g/keys/new"));
  EXPECT_EQ(read->body, body);
  EXPECT_EQ(read->header("ETag"), stored->header("ETag"));
  EXPECT_EQ(read->header("ETag"), '"' + etag_of(body) + '"');
}

TEST_F(ConnectionTest, APutWithATtlEndsThen) {
  RawClient client(server().port());
  const Time before = BootClock::now();
  EXPECT_EQ(client.ask(put("new?ttl=10m", "v"))->status, 200u);
  const Time end = store_.find("new")->expires_at;
  EXPECT_GE(end, before + 10min);
  EXPECT_LE(end, BootClock::now() + 10min);
}

TEST_F(ConnectionTest, AnEmptyValueIsAValue) {
  RawClient client(server().port());
  EXPECT_EQ(client.ask(put("empty", ""))->status, 200u);
  const auto read = client.ask(get("/v1/groups/g/keys/empty"));
  EXPECT_EQ(read->status, 200u);
  EXPECT_EQ(read->header("Content-Length"), "0");
}

TEST_F(ConnectionTest, ADeleteTellsWhetherThereWasOne) {
  RawClient client(server().port());
  const std::string erase = "DELETE " + kKey + " HTTP/1.1\r\nHost: h\r\n\r\n";
  EXPECT_EQ(client.ask(erase)->status, 200u);
  EXPECT_EQ(client.ask(erase)->status, 404u);
}

TEST_F(ConnectionTest, AHeadHasTheLengthAndNoBody) {
  RawClient client(server().port());
  const auto reply = client.ask("HEAD " + kKey + " HTTP/1.1\r\n\r\n", true);
  EXPECT_EQ(reply->status, 200u);
  EXPECT_EQ(reply->header("Content-Length"), "3");
  EXPECT_EQ(client.ask(get(kKey))->body, "100");  // what follows is the next reply, no stray body
}

TEST_F(ConnectionTest, AnUnchangedValueIsNotSentAgain) {
  RawClient client(server().port());
  const auto etag = client.ask(get(kKey))->header("ETag");
  EXPECT_EQ(client.ask(get(kKey, "If-None-Match: " + etag + "\r\n"))->status, 304u);
  store_.set("k", "101");
  EXPECT_EQ(client.ask(get(kKey, "If-None-Match: " + etag + "\r\n"))->body, "101");
}

TEST_F(ConnectionTest, TheLargestValueGoesInAndOut) {
  RawClient client(server().port());
  std::string body(std::size_t{16} << 20, '\0');
  for (std::size_t i = 0; i < body.size(); i += 997) body[i] = static_cast<char>(i);
  EXPECT_EQ(client.ask(put("large", body))->status, 200u);
  EXPECT_TRUE(client.ask(get("/v1/groups/g/keys/large"))->body == body);
}

TEST_F(ConnectionTest, AValueTooLargeIsRefusedAndTheConnectionEndsInOrder) {
  RawClient client(server({.value_bytes_max = 1000}).port());
  EXPECT_EQ(client.ask(put("k", std::string(1000, 'x')))->status, 200u);
  const auto reply = client.ask(put("k", std::string(5'000'000, 'x')));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 413u);
  EXPECT_EQ(reply->header("Connection"), "close");
  client.end();
  EXPECT_TRUE(client.ended());
}

TEST_F(ConnectionTest, TheLongestKeyOfTheWorstBytesFits) {
  RawClient client(server().port());
  std::string encoded;
  for (int i = 0; i < 65536; ++i) encoded += "%FF";
  store_.set(std::string(65536, '\xff'), "here");
  EXPECT_EQ(client.ask(get("/v1/groups/g/keys/" + encoded))->body, "here");
  EXPECT_EQ(client.ask(get("/v1/groups/g/keys/" + encoded + "a"))->status, 413u);
  EXPECT_EQ(client.ask(get("/v1/groups/g/keys/" + encoded + std::string(20'000, 'a')))->status,
            431u);
}

TEST_F(ConnectionTest, WhoExpectsContinueGetsIt) {
  RawClient client(server({.value_bytes_max = 10}).port());
  const std::string head = "PUT " + kKey + " HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: ";
  EXPECT_EQ(client.ask(head + "5\r\n\r\n")->status, 100u);
  EXPECT_EQ(client.ask("12345")->status, 200u);
  EXPECT_EQ(client.ask(head + "11\r\n\r\n")->status, 413u);
}

TEST_F(ConnectionTest, AChunkedBodyIsPutTogether) {
  RawClient client(server().port());
  const auto reply = client.ask("PUT " + kKey +
                                " HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
                                "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
  EXPECT_EQ(reply->status, 200u);
  EXPECT_EQ(client.ask(get(kKey))->body, "abcde");
}

TEST_F(ConnectionTest, AnOldClientIsClosedUnlessItAsks) {
  RawClient kept(server().port());
  const std::string old = "GET " + kKey + " HTTP/1.0\r\n";
  EXPECT_EQ(kept.ask(old + "Connection: keep-alive\r\n\r\n")->header("Connection"), "keep-alive");
  EXPECT_EQ(kept.ask(old + "\r\n")->header("Connection"), "close");
  EXPECT_TRUE(kept.ended());
}

TEST_F(ConnectionTest, ManyKeysAreAnsweredInTheirOrder) {
  RawClient client(server({.owner_name = [](const KeyView& key) {
                     return "n-" + std::string(key.name);
                   }}).port());
  const auto reply = client.ask(batch(R"({"keys":["k","absent","k"]})"));
  EXPECT_EQ(reply->status, 200u);
  EXPECT_EQ(reply->header("Content-Type"), "application/json");
  const std::string found =
      R"({"key":"k","value":"100","etag":")" + etag_of("100") + R"(","hit":true,"owner":"n-k"})";
  EXPECT_EQ(reply->body, R"({"values":[)" + found +
                             R"(,{"key":"absent","error":{"code":"not_found",)"
                             R"("message":"no such key"}},)" +
                             found + "]}\n");
  EXPECT_EQ(store_.batches(), 1u);
  EXPECT_FALSE(store_.last_call().forwarded);
}

TEST_F(ConnectionTest, AThousandKeysAreOneRequest) {
  RawClient client(server().port());
  std::string keys;
  for (int i = 0; i < 1'000; ++i) keys += (i == 0 ? "\"" : ",\"") + std::to_string(i) + '"';
  store_.set("999", "last");
  const auto reply = client.ask(batch("{\"keys\":[" + keys + "]}"));
  EXPECT_NE(reply->body.find(R"({"key":"999","value":"last",)"), std::string::npos);
  EXPECT_EQ(client.ask(batch(R"({"keys":[]})"))->body, "{\"values\":[]}\n");
  EXPECT_EQ(client.ask(get(kKey))->body, "100");
}

TEST_F(ConnectionTest, AMalformedBatchIsRefusedAndTheConnectionStays) {
  RawClient client(server({.key_bytes_max = 10, .batch_keys_max = 2}).port());
  for (const char* body : {"", "keys", "[]", R"({"keys":"k"})", R"({"keys":["k"],"x":1})",
                           R"({"keys":["a","b","c"]})", R"({"keys":[""]})"}) {
    const auto reply = client.ask(batch(body));
    EXPECT_EQ(reply->status, 400u) << body;
    EXPECT_TRUE(reply->body.starts_with(R"({"error":{"code":"invalid_argument","message":")"));
  }
  EXPECT_EQ(client.ask(batch(R"({"keys":["0123456789a"]})"))->status, 413u);
  EXPECT_EQ(client.ask(batch(R"({"keys":["k"]})", "none"))->status, 404u);
  EXPECT_EQ(client.ask(batch(R"({"keys":["k"]})", "g", "X-Ringcache-Timeout: x\r\n"))->status,
            400u);
  EXPECT_EQ(client.ask(batch(R"({"keys":["k"]})"))->status, 200u);
}

TEST_F(ConnectionTest, ABatchMayBeLargerThanAValueButNotWithoutEnd) {
  RawClient client(server({.value_bytes_max = 10}).port());
  EXPECT_EQ(client.ask(batch(R"({"keys":["k"]})" + std::string(2'000'000, ' ')))->status, 200u);
  const auto reply = client.ask(batch(R"({"keys":["k"]})" + std::string(3'000'000, ' ')));
  EXPECT_EQ(reply->status, 413u);
  EXPECT_NE(reply->body.find("the body is larger than"), std::string::npos);
}

TEST_F(ConnectionTest, AnAnswerToManyKeysIsBounded) {
  RawClient client(server({.batch_bytes_max = 100'000}).port());
  store_.set("large", std::string(60'000, 'v'));
  const auto reply = client.ask(batch(R"({"keys":["large","large","k"]})"));
  EXPECT_LT(reply->body.size(), 100'000u);
  EXPECT_NE(reply->body.find("ask for fewer keys"), std::string::npos);
  EXPECT_NE(reply->body.find(R"("value":"100")"), std::string::npos);
}

TEST_F(ConnectionTest, ManyKeysLeaveAtTheirDeadline) {
  RawClient client(server().port());
  const auto reply =
      client.ask(batch(R"({"keys":["k","never"]})", "g", "X-Ringcache-Timeout: 20ms\r\n"));
  EXPECT_EQ(reply->status, 504u);
  EXPECT_EQ(reply->header("X-Ringcache-Error"), "deadline_exceeded");
  store_.release();
  EXPECT_EQ(client.ask(get(kKey))->body, "100");
}

TEST_F(ConnectionTest, APutWithAnEtagReplacesTheValueItStandsForAndNoOther) {
  RawClient client(server().port());
  const auto swap = [&](const std::string& etag) {
    return client.ask(put("k", "new", "If-Match: " + etag + "\r\n"))->status;
  };
  const std::string etag = client.ask(get(kKey))->header("ETag");
  for (const std::string& none : {"W/" + etag, std::string("\"\""), "\"" + etag_of("?") + "\""})
    EXPECT_EQ(swap(none), 412u) << none;
  for (const std::string& bad : {std::string("*"), etag + ", " + etag, etag_of("100")})
    EXPECT_EQ(swap(bad), 400u) << bad;
  EXPECT_EQ(store_.find("k")->bytes.view(), "100");
  EXPECT_EQ(swap(etag), 200u);
  EXPECT_EQ(swap(etag), 412u);
  EXPECT_EQ(client.ask(put("k", "free"))->status, 200u) << "the etag of the request before";
}

TEST_F(ConnectionTest, ADeleteWithAnEtagIsRefusedAndNothingIsDone) {
  RawClient client(server().port());
  const auto reply =
      client.ask("DELETE " + kKey + " HTTP/1.1\r\nHost: h\r\nIf-Match: \"x\"\r\n\r\n");
  EXPECT_EQ(reply->status, 400u);
  EXPECT_NE(reply->body.find("If-Match"), std::string::npos);
  EXPECT_TRUE(store_.find("k"));
}

TEST_F(ConnectionTest, TagsReachTheStore) {
  RawClient client(server().port());
  EXPECT_EQ(client.ask(put("k?tags=red,big", "v"))->status, 200u);
  EXPECT_EQ(store_.find("k")->tags.view(), "red,big");
  EXPECT_EQ(client.ask(put("k", "v"))->status, 200u);
  EXPECT_TRUE(store_.find("k")->tags.is_null()) << "those of the request before";
}

TEST_F(ConnectionTest, ManyWritesEndEachInItsOwnWay) {
  RawClient client(server().port());
  const Time before = BootClock::now();
  const auto reply = client.ask(post("g:batchPut", R"({"entries":[
      {"key":"a","value":"1","ttl":"10m","tags":["x"]},{"key":"unknown","value":"2"}]})"));
  EXPECT_EQ(reply->status, 200u);
  EXPECT_EQ(reply->body,
            R"({"results":[{"key":"a","etag":")" + etag_of("1") +
                R"("},{"key":"unknown","error":{"code":"unknown","message":"as asked"}}]})"
                "\n");
  EXPECT_EQ(store_.find("a")->tags.view(), "x");
  EXPECT_GE(store_.find("a")->expires_at, before + 10min);
  EXPECT_EQ(client.ask(post("g:batchDelete", R"({"keys":["a","absent"]})"))->body,
            R"({"results":[{"key":"a"},{"key":"absent","error":{"code":"not_found",)"
            R"("message":"no such key"}}]})"
            "\n");
  EXPECT_FALSE(store_.find("a"));
  EXPECT_EQ(client.ask(post("g:batchPut", R"({"entries":[]})"))->body, "{\"results\":[]}\n");
  EXPECT_EQ(client.ask(get(kKey))->body, "100");
}

TEST_F(ConnectionTest, ManyEndsAreMovedAtOnce) {
  RawClient client(server().port());
  const Time before = BootClock::now();
  EXPECT_EQ(client.ask(post("g:touch", R"({"keys":["k","absent"],"ttl":"1h"})"))->body,
            R"({"results":[{"key":"k","etag":")" + etag_of("100") +
                R"("},{"key":"absent","error":{"code":"not_found","message":"no such key"}}]})"
                "\n");
  EXPECT_GE(store_.find("k")->expires_at, before + 1h);
  client.ask(post("g:touch", R"({"keys":["k"]})"));
  EXPECT_EQ(store_.find("k")->expires_at, Time::max());
}

TEST_F(ConnectionTest, AnInvalidationReachesTheStoreWithItsHop) {
  RawClient client(server().port());
  EXPECT_EQ(client.ask(post("g:invalidate", R"({"prefix":"user:"})"))->body, "{\"copies\":3}\n");
  EXPECT_EQ(store_.invalidations().at(0).prefix, "user:");
  EXPECT_FALSE(store_.last_call().forwarded);
  const auto keys =
      client.ask(post("g:invalidate", R"({"keys":["a","b"]})", "X-Ringcache-Forwarded: 1\r\n"));
  EXPECT_EQ(keys->body, "{\"copies\":2}\n");
  EXPECT_TRUE(store_.last_call().forwarded);
  EXPECT_EQ(client.ask(post("none:invalidate", R"({"all":true})"))->status, 404u);
}

TEST_F(ConnectionTest, OfAMalformedWriteNothingIsDone) {
  RawClient client(
      server({.key_bytes_max = 10, .value_bytes_max = 10, .batch_keys_max = 2}).port());
  const std::string good = R"({"key":"new","value":"1"},)";
  const std::pair<std::string, std::string> bodies[] = {
      {"g:batchPut", "{\"entries\":[" + good + "{\"key\":\"x\"}]}"},
      {"g:batchPut", "{\"entries\":[" + good + good + good + "]}"},
      {"g:batchDelete", R"({"keys":["k",""]})"},
      {"g:touch", R"({"keys":["k"],"ttl":"soon"})"},
      {"g:touch?ttl=1s", R"({"keys":["k"]})"},
      {"g:invalidate", R"({"prefix":"","x":1})"},
      {"g:invalidate", "{}"}};
  for (const auto& [target, body] : bodies) EXPECT_EQ(client.ask(post(target, body))->status, 400u);
  EXPECT_EQ(client
                .ask(post("g:batchPut",
                          "{\"entries\":[" + good + R"({"key":"b","value":"01234567890"}]})"))
                ->status,
            413u);
  EXPECT_EQ(store_.calls(), 0u);
}

TEST_F(ConnectionTest, ManyWritesThatAreNotAnsweredAreUnknown) {
  RawClient client(server().port());
  const std::string hurry = "X-Ringcache-Timeout: 20ms\r\n";
  for (const auto& [target, body] :
       {std::pair<std::string, std::string>{
            "g:batchPut", R"({"entries":[{"key":"a","value":"1"},{"key":"never","value":"1"}]})"},
        {"g:touch", R"({"keys":["k","never"]})"}}) {
    const auto reply = client.ask(post(target, body, hurry));
    EXPECT_EQ(reply->status, 504u);
    EXPECT_EQ(reply->header("X-Ringcache"), "unknown") << target;
  }
  const auto repeatable = client.ask(post("g:invalidate", R"({"prefix":"never"})", hurry));
  EXPECT_EQ(repeatable->status, 503u);
  EXPECT_EQ(repeatable->header("X-Ringcache-Error"), "unavailable");
  store_.release();  // the late answers harm nobody
  EXPECT_EQ(client.ask(get(kKey))->body, "100");
}

TEST_F(ConnectionTest, EveryErrorOfTheStoreHasItsStatusAndKeepsTheConnection) {
  RawClient client(server().port());
  const std::pair<const char*, unsigned> table[] = {
      {"absent", 404},      {"not_found", 404},   {"invalid_argument", 400},
      {"too_large", 413},   {"unsupported", 403}, {"overloaded", 429},
      {"unavailable", 503}, {"unknown", 504},     {"internal", 500}};
  for (const auto& [key, status] : table)
    EXPECT_EQ(client.ask(get(std::string("/v1/groups/g/keys/") + key))->status, status) << key;
  const auto reply = client.ask(get("/v1/groups/none/keys/k"));
  EXPECT_EQ(reply->status, 404u);
  EXPECT_NE(reply->body.find("no_such_group"), std::string::npos);
}

TEST_F(ConnectionTest, AReadThatIsNotAnsweredLeavesAtItsDeadline) {
  RawClient client(server({.request_timeout = 20ms}).port());
  EXPECT_EQ(client.ask(get("/v1/groups/g/keys/never"))->status, 504u);
  store_.release();  // the late answer harms nobody
  EXPECT_EQ(client.ask(get(kKey))->body, "100");
}

TEST_F(ConnectionTest, AWriteThatIsNotAnsweredIsUnknown) {
  RawClient client(server().port());
  const auto reply = client.ask(put("never", "v", "X-Ringcache-Timeout: 20ms\r\n"));
  EXPECT_EQ(reply->status, 504u);
  EXPECT_EQ(reply->header("X-Ringcache"), "unknown");
  EXPECT_NE(reply->body.find("\"unknown\""), std::string::npos);
}

TEST_F(ConnectionTest, TheClientsTimeoutAndHopReachTheStore) {
  RawClient client(server().port());
  const Time before = BootClock::now();
  client.ask(get(kKey, "X-Ringcache-Timeout: 1h\r\nX-Ringcache-Forwarded: 1\r\n"));
  EXPECT_GE(store_.last_call().deadline, before + 1h);
  EXPECT_TRUE(store_.last_call().forwarded);
  client.ask(get(kKey));
  EXPECT_LE(store_.last_call().deadline, BootClock::now() + 5s);
  EXPECT_FALSE(store_.last_call().forwarded);
  EXPECT_EQ(client.ask(get(kKey, "X-Ringcache-Timeout: soon\r\n"))->status, 400u);
}

TEST_F(ConnectionTest, HowStaleACopyMayBeReachesTheStore) {
  RawClient client(server().port());
  client.ask(get(kKey, "Cache-Control: max-stale=30\r\n"));
  EXPECT_EQ(store_.last_call().max_stale, 30s);
  client.ask(get(kKey, "Cache-Control: max-stale=30\r\nX-Ringcache-Max-Stale: 250ms\r\n"));
  EXPECT_EQ(store_.last_call().max_stale, 250ms);
  client.ask(get(kKey));
  EXPECT_EQ(store_.last_call().max_stale, 0s);
  const auto refused = client.ask(get(kKey, "X-Ringcache-Max-Stale: long\r\n"));
  EXPECT_EQ(refused->status, 400u);
  EXPECT_NE(refused->body.find("X-Ringcache-Max-Stale: 'long'"), std::string::npos);
}

TEST_F(ConnectionTest, AClientThatLeavesBeforeTheAnswerHarmsNobody) {
  server();
  {
    RawClient client(server_->port());
    ASSERT_TRUE(client.send(get("/v1/groups/g/keys/never")));
    store_.wait_for_held(1);
  }
  store_.release();
  EXPECT_EQ(RawClient(server_->port()).ask(get(kKey))->body, "100");
}

TEST_F(ConnectionTest, AnAnswerAfterTheServersEndHarmsNobody) {
  RawClient client(server().port());
  ASSERT_TRUE(client.send(get("/v1/groups/g/keys/never")));
  store_.wait_for_held(1);
  server_.reset();
  store_.release();
  EXPECT_FALSE(client.receive());
}

TEST_F(ConnectionTest, ASilentConnectionIsClosed) {
  RawClient client(server({.idle_timeout = 20ms}).port());
  EXPECT_EQ(client.ask(get(kKey))->status, 200u);
  EXPECT_TRUE(client.ended());
}

TEST_F(ConnectionTest, ARequestThatNeverEndsIsRefusedInTime) {
  RawClient client(server({.idle_timeout = 20ms}).port());
  const auto reply = client.ask("GET /v1/groups/g/keys/k HTTP/1.1\r\nHos");
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->status, 408u);
}

TEST_F(ConnectionTest, WhatIsNotHttpIsRefused) {
  RawClient client(server().port());
  EXPECT_EQ(client.ask("*1\r\n$4\r\nPING\r\n\r\n")->status, 400u);
  client.end();
  EXPECT_TRUE(client.ended());
}

/// Random damage to valid requests, and noise; whatever the client gets, the server lives.
TEST_F(ConnectionTest, LivesThroughAnyBytes) {
  const auto seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  server({.idle_timeout = 5ms});
  for (int round = 0; round < 150; ++round) {
    std::string text =
        get(kKey) + put("x", "body", "Expect: 100-continue\r\n") + get("/api?key=%41");
    if (round % 5 == 0)
      for (char& c : text) c = static_cast<char>(random());
    for (auto damage = random() % 8; damage > 0; --damage)
      text[random() % text.size()] = static_cast<char>(random());
    RawClient client(server_->port());
    client.send(text.substr(0, random() % (text.size() + 1)));
    if (round % 2 == 0) continue;  // and leaves at once
    client.end();
    while (client.receive()) continue;
  }
  EXPECT_EQ(RawClient(server_->port()).ask(get("/healthz"))->body, "ok\n");
}

}  // namespace
}  // namespace ringcache
