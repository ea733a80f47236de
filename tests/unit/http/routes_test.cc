// SPDX-License-Identifier: Apache-2.0
#include "http/routes.h"

#include <gtest/gtest.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

Result<std::string> nothing(const HttpPage::Parameters&) { return std::string(); }

class RoutesTest : public ::testing::Test {
 protected:
  /// Where the target leads; refusal_ says why not.
  bool find(std::string target, HttpMethod method = HttpMethod::get, std::string refused = {}) {
    const HttpRequest request{.method = method, .target = std::move(target), .refused = refused};
    const auto found = routes_.find(request, route_);
    if (!found) refusal_ = found.error();
    return found.has_value();
  }

  unsigned refused(std::string target, HttpMethod method = HttpMethod::get) {
    return find(std::move(target), method) ? 0 : refusal_.status;
  }

  const HttpRoutes routes_{{{"/v1/groups", nothing},
                            {"/v1/groups/{group}", nothing},
                            {"/v1/why/{group}/{key}", nothing}},
                           "scores",
                           100};
  HttpRoute route_;
  HttpRefusal refusal_;
};

TEST_F(RoutesTest, AKeyIsAllBehindKeys) {
  ASSERT_TRUE(find("/v1/groups/a%20b/keys/x/y%2Fz/keys/+%00%ff?q"));
  EXPECT_EQ(route_.kind, HttpRouteKind::key);
  EXPECT_EQ(route_.group, "a b");
  EXPECT_EQ(route_.key, std::string("x/y/z/keys/+\0\xff", 14));
}

TEST_F(RoutesTest, AnAbsoluteTargetLosesItsHost) {
  ASSERT_TRUE(find("http://host:8080/v1/groups/g/keys/k"));
  EXPECT_EQ(route_.key, "k");
}

TEST_F(RoutesTest, APutTakesATtlInTheForm) {
  ASSERT_TRUE(find("/v1/groups/g/keys/k?ttl=10m", HttpMethod::put));
  EXPECT_EQ(route_.ttl, 10min);
  ASSERT_TRUE(find("/v1/groups/g/keys/k", HttpMethod::put));
  EXPECT_EQ(route_.ttl, Duration::max());
  for (const char* ttl : {"", "x", "10", "-1s", "0", "0s", "1y", "1e3s"})
    EXPECT_EQ(refused(std::string("/v1/groups/g/keys/k?ttl=") + ttl, HttpMethod::put), 400u) << ttl;
}

TEST_F(RoutesTest, AWriteThatAsksForMoreIsRefused) {
  const std::string key = "/v1/groups/g/keys/k";
  EXPECT_EQ(refused(key + "?tags=a", HttpMethod::erase), 400u);
  EXPECT_EQ(refused(key + "?TTL=1s", HttpMethod::put), 400u);
  EXPECT_EQ(refused(key + "?ttl=1s", HttpMethod::erase), 400u);
  EXPECT_EQ(refused(key + "?ttl=1s&ttl=2s", HttpMethod::put), 400u);
  EXPECT_FALSE(find(key, HttpMethod::erase, "If-Match"));
  EXPECT_NE(refusal_.error.message.find("If-Match"), std::string::npos);
  EXPECT_FALSE(find("/v1/groups/g:batchPut", HttpMethod::post, "If-Match"));
  EXPECT_FALSE(find("/v1/groups/g:touch?ttl=10m", HttpMethod::post));
  EXPECT_NE(refusal_.error.message.find("in the body"), std::string::npos);
  EXPECT_TRUE(find(key, HttpMethod::get, "If-None-Match"));
}

TEST_F(RoutesTest, APutTakesTagsWithNames) {
  const std::string key = "/v1/groups/g/keys/k?tags=";
  ASSERT_TRUE(find(key + "a,%E7%BA%A2&ttl=10m", HttpMethod::put));
  EXPECT_EQ(route_.tags, "a,红");
  EXPECT_EQ(route_.ttl, 10min);
  ASSERT_TRUE(find("/v1/groups/g/keys/k", HttpMethod::put));
  EXPECT_EQ(route_.tags, "");
  for (const char* tags : {"", ",", "a,", ",a", "a,,b", "%ff", "a&tags=b"})
    EXPECT_EQ(refused(key + tags, HttpMethod::put), 400u) << tags;
}

TEST_F(RoutesTest, IfMatchIsOneEtag) {
  const auto expected = [&](std::string etag) -> std::optional<std::string> {
    const HttpRequest put{
        .method = HttpMethod::put, .target = "/v1/groups/g/keys/k", .if_match = std::move(etag)};
    const auto found = routes_.find(put, route_);
    if (found) return route_.expected;
    EXPECT_EQ(found.error().status, 400u);
    EXPECT_NE(found.error().error.message.find("send one etag"), std::string::npos);
    return {};
  };
  EXPECT_EQ(expected("\"0123456789abcdef\""), "0123456789abcdef");
  EXPECT_EQ(expected("\"\""), "") << "an etag that no value has";
  EXPECT_EQ(expected("W/\"0123456789abcdef\""), "W/0123456789abcdef") << "which no value has";
  for (const char* etags : {"", "*", "0123456789abcdef", "\"a", "a\"", "\"", "\"a\", \"b\"",
                            "\"a\",\"b\"", "W/", "w/\"a\"", "\"a\" ", "\"*\", *"})
    EXPECT_EQ(expected(etags), std::nullopt) << etags;
  ASSERT_TRUE(find("/v1/groups/g/keys/k", HttpMethod::put));
  EXPECT_EQ(route_.expected, std::nullopt);
}

TEST_F(RoutesTest, EveryVerbOfAGroupIsPosted) {
  for (const auto& [name, verb] : {std::pair{"batchGet", BatchVerb::get},
                                   {"batchPut", BatchVerb::put},
                                   {"batchDelete", BatchVerb::erase},
                                   {"touch", BatchVerb::touch},
                                   {"invalidate", BatchVerb::invalidate}}) {
    const std::string path = std::string("/v1/groups/a%20b:") + name;
    ASSERT_TRUE(find(path, HttpMethod::post)) << name;
    EXPECT_EQ(route_.kind, HttpRouteKind::batch);
    EXPECT_EQ(route_.verb, verb);
    EXPECT_EQ(route_.group, "a b");
    EXPECT_EQ(refused(path), 405u);
  }
  EXPECT_EQ(refused("/v1/groups/g:batchEvict", HttpMethod::post), 405u);
}

TEST_F(RoutesTest, ManyKeysArePostedToTheirGroup) {
  ASSERT_TRUE(find("/v1/groups/a%20b:batchGet?x", HttpMethod::post));
  EXPECT_EQ(route_.kind, HttpRouteKind::batch);
  EXPECT_EQ(route_.group, "a b");
  EXPECT_EQ(refused("/v1/groups/g:batchGet"), 405u);
  EXPECT_EQ(refusal_.allow, "POST");
  EXPECT_EQ(refused("/v1/groups/a/b:batchGet", HttpMethod::post), 404u);
  EXPECT_EQ(refused("/v1/groups/%:batchGet", HttpMethod::post), 400u);
  ASSERT_TRUE(find("/v1/groups/g/keys/k:batchGet"));
  EXPECT_EQ(route_.key, "k:batchGet");
  ASSERT_TRUE(find("/v1/groups/g%3AbatchGet"));
  EXPECT_EQ(route_.parameters.at("group"), "g:batchGet");
}

TEST_F(RoutesTest, TheApiRouteReadsAForm) {
  ASSERT_TRUE(find("/api?key=a+b%2Bc"));
  EXPECT_EQ(route_.kind, HttpRouteKind::api);
  EXPECT_EQ(route_.group, "scores");
  EXPECT_EQ(route_.key, "a b+c");
  ASSERT_TRUE(find("/api?group=g&key=k"));
  EXPECT_EQ(route_.group, "g");
  EXPECT_EQ(refused("/api"), 400u);
  EXPECT_EQ(refused("/api?key=%"), 400u);
}

TEST_F(RoutesTest, TheGoFamilyWritesSpacesAsPlus) {
  for (const char* prefix : {"/_ggcache", "/_geecache", "/_groupcache"}) {
    ASSERT_TRUE(find(std::string(prefix) + "/g+1/a+b%2Bc/d%2541"));
    EXPECT_EQ(route_.kind, HttpRouteKind::go_peer);
    EXPECT_EQ(route_.group, "g 1");
    EXPECT_EQ(route_.key, "a b+c/d%41");
  }
}

TEST_F(RoutesTest, PagesTakeTheirParametersFromPathAndQuery) {
  ASSERT_TRUE(find("/v1/groups/g%2F1?n=5&group=other"));
  EXPECT_EQ(route_.parameters, (HttpPage::Parameters{{"group", "g/1"}, {"n", "5"}}));
  ASSERT_TRUE(find("/v1/why/g/a/b%2fc"));
  EXPECT_EQ(route_.parameters, (HttpPage::Parameters{{"group", "g"}, {"key", "a/b/c"}}));
  ASSERT_TRUE(find("/v1/groups"));
  EXPECT_EQ(route_.page->route, "/v1/groups");
}

TEST_F(RoutesTest, WhatLeadsNowhereIs404) {
  for (const char* target :
       {"/", "*", "/v1", "/v1/groups/g/hot", "/v1/groups/g/keys", "/v1/cluster",
        "/v2/groups/g/keys/k", "/v1/groups/a/b/keys/k", "/apis", "/v1/why/g", "/metrics"})
    EXPECT_EQ(refused(target), 404u) << target;
  EXPECT_NE(refusal_.error.message.find("/v1/groups/{group}/keys/{key}"), std::string::npos);
}

TEST_F(RoutesTest, AnotherMethodIs405AndSaysWhich) {
  EXPECT_EQ(refused("/v1/groups/g/keys/k", HttpMethod::other), 405u);
  EXPECT_EQ(refused("/v1/groups/g/keys/k", HttpMethod::post), 405u);
  EXPECT_EQ(refusal_.allow, "GET, HEAD, PUT, DELETE");
  EXPECT_EQ(refused("/healthz", HttpMethod::put), 405u);
  EXPECT_EQ(refusal_.allow, "GET, HEAD");
  EXPECT_EQ(refused("/api?key=k", HttpMethod::erase), 405u);
}

TEST_F(RoutesTest, KeysAreMeasuredDecoded) {
  const std::string key = "/v1/groups/g/keys/";
  EXPECT_EQ(refused(key), 400u);
  EXPECT_EQ(refused("/_groupcache/g/"), 400u);
  EXPECT_EQ(refused("/_groupcache/g"), 400u);
  std::string encoded;
  for (int i = 0; i < 100; ++i) encoded += "%41";
  EXPECT_TRUE(find(key + encoded));
  EXPECT_EQ(refused(key + encoded + "A"), 413u);
}

TEST_F(RoutesTest, MalformedEscapesAre400) {
  EXPECT_EQ(refused("/v1/groups/g/keys/%zz"), 400u);
  EXPECT_EQ(refused("/v1/groups/%/keys/k"), 400u);
  EXPECT_EQ(refused("/v1/groups/%2"), 400u);
  EXPECT_EQ(refused("/_groupcache/g/%G0"), 400u);
  EXPECT_EQ(refused("/v1/groups?a=%"), 400u);
  EXPECT_EQ(refused("/v1/groups/g/keys/k?ttl=%1", HttpMethod::put), 400u);
}

}  // namespace
}  // namespace ringcache
