// SPDX-License-Identifier: Apache-2.0
#include <ringcache/node.h>

#include <gtest/gtest.h>

#include <atomic>

#include "support/temp_dir.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;

Config config_of(const std::string& name, Config::Transport transport = Config::Transport::grpc) {
  Config config;
  config.node.name = name;
  config.listen = {.http = "127.0.0.1:0", .grpc = "127.0.0.1:0"};
  config.peer_transport = transport;
  return config;
}

Call soon() { return {.deadline = BootClock::now() + 10s}; }

/// Two nodes that know each other, over a loader that counts.
class TwoNodes {
 public:
  explicit TwoNodes(Config::Transport transport) {
    first_ = serve(config_of("a", transport));
    Config second = config_of("b", transport);
    second.membership.type = Config::MembershipSection::Type::fixed;
    second.membership.members = {{.id = "a",
                                  .name = "a",
                                  .address = "127.0.0.1:" + std::to_string(first_->grpc_port()),
                                  .http = "127.0.0.1:" + std::to_string(first_->http_port())}};
    second_ = serve(second);
  }

  Store& first() { return first_->store(); }
  Store& second() { return second_->store(); }
  int loads() const { return loads_; }

 private:
  std::unique_ptr<Node> serve(const Config& config) {
    auto node = Node::create(config);
    const auto group = (*node)->add_group(
        {.name = "g"}, [this](std::string_view key, const LoadContext&) -> Result<Value> {
          ++loads_;
          if (key == "none") return fail(Errc::not_found, "no such key");
          return loaded("value of " + std::string(key));
        });
    EXPECT_TRUE(group);
    EXPECT_TRUE((*node)->serve());
    return std::move(*node);
  }

  std::atomic<int> loads_ = 0;
  std::unique_ptr<Node> first_, second_;
};

class NodeTest : public ::testing::TestWithParam<Config::Transport> {};
INSTANTIATE_TEST_SUITE_P(Transports, NodeTest,
                         ::testing::Values(Config::Transport::grpc, Config::Transport::http));

TEST_P(NodeTest, EachKeyIsLoadedOnceWhicheverNodeOwnsIt) {
  TwoNodes nodes(GetParam());
  for (int i = 0; i < 20; ++i) {
    const std::string key = "k" + std::to_string(i);
    // The second node forwards what the first owns; the first, which knows nobody, answers all.
    EXPECT_EQ(get_blocking(nodes.second(), KeyView("g", key), soon())->bytes.view(),
              "value of " + key);
    EXPECT_EQ(get_blocking(nodes.second(), KeyView("g", key), soon())->hit, true);
  }
  EXPECT_EQ(nodes.loads(), 20);
}

TEST_P(NodeTest, ErrorsSurviveTheWire) {
  TwoNodes nodes(GetParam());
  for (int i = 0; i < 8; ++i) {
    const std::string group = "no-such-group-" + std::to_string(i);
    EXPECT_EQ(get_blocking(nodes.second(), KeyView(group, "k"), soon()).error().code,
              Errc::no_such_group);
  }
  EXPECT_EQ(get_blocking(nodes.second(), KeyView("g", "none"), soon()).error().code,
            Errc::not_found);
}

TEST(NodeAloneTest, ServesTheDurableGroupWithoutAnyConfiguration) {
  const testing::TempDir dir;
  auto config = load_config("", {},
                            {{"node.data_dir", dir.file("data")},
                             {"listen.http", "127.0.0.1:0"},
                             {"listen.grpc", "127.0.0.1:0"}});
  ASSERT_TRUE(config);
  auto node = Node::create(std::move(*config));
  ASSERT_TRUE(node) << node.error().message;
  ASSERT_TRUE((*node)->serve());
  ASSERT_TRUE(
      put_blocking((*node)->store(), KeyView("kv", "k"), {.bytes = Bytes::copy("v")}, soon()));
  EXPECT_EQ(get_blocking((*node)->store(), KeyView("kv", "k"), soon())->bytes.view(), "v");
}

TEST(NodeAloneTest, AnotherProgramsStoreMayBeASource) {
  auto program = Node::create(config_of("program"));
  ASSERT_TRUE((*program)->add_group({.name = "g"}, [](std::string_view key, const LoadContext&) {
    return loaded("value of " + std::string(key));
  }));
  ASSERT_TRUE((*program)->serve());
  Config config = config_of("a");
  const std::string place = "127.0.0.1:" + std::to_string((*program)->grpc_port());
  config.sources = {{.name = "s", .dsn = "grpc://" + place, .timeout = 10s}};
  config.groups = {{.options = {.name = "g"}, .source = "s"},
                   {.options = {.name = "h"}, .source = "s"}};
  auto node = Node::create(config);
  ASSERT_TRUE(node) << node.error().message;
  EXPECT_EQ(get_blocking((*node)->store(), KeyView("g", "k"), soon())->bytes.view(), "value of k");
  EXPECT_EQ(get_blocking((*node)->store(), KeyView("h", "k"), soon()).error().code,
            Errc::no_such_group);
}

TEST(NodeAloneTest, ASourceThatIsNowhereIsNamedWithItsGroup) {
  Config config = config_of("a");
  config.sources = {{.name = "s", .dsn = "grpc://nowhere"}};
  config.groups = {{.options = {.name = "g"}, .source = "s"}};
  const auto node = Node::create(config);
  ASSERT_FALSE(node);
  EXPECT_EQ(node.error().code, Errc::invalid_argument);
  EXPECT_TRUE(node.error().message.starts_with("group 'g': ")) << node.error().message;
}

TEST(NodeAloneTest, RefusesASecondGroupOfTheSameName) {
  Config config = config_of("a");
  auto node = Node::create(std::move(config));
  const auto nothing = [](std::string_view, const LoadContext&) -> Result<Value> {
    return loaded("");
  };
  EXPECT_TRUE((*node)->add_group({.name = "g"}, nothing));
  EXPECT_EQ((*node)->add_group({.name = "g"}, nothing).error().code, Errc::invalid_argument);
}

TEST(NodeAloneTest, ATakenPortIsAnErrorThatNamesIt) {
  auto first = Node::create(config_of("a"));
  ASSERT_TRUE((*first)->serve());
  Config config = config_of("b");
  config.listen.http = "127.0.0.1:" + std::to_string((*first)->http_port());
  const auto failed = (*Node::create(config))->serve();
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find(config.listen.http), std::string::npos);
}

TEST(NodeAloneTest, ReloadAdoptsGroupLimits) {
  auto node = Node::create(config_of("a"));
  Config newer = config_of("a");
  const auto group = (*node)->add_group(
      {.name = "g"}, [](std::string_view, const LoadContext&) { return loaded(""); });
  const RateLimit limit{.per_client = 10};
  newer.groups.push_back(
      {.options = {.name = "g", .limits = {.capacity = 1 << 20, .rate_limit = limit}}});
  (*node)->reload(newer);
  EXPECT_EQ((*group)->limits().capacity, 1u << 20);
  EXPECT_EQ((*group)->limits().rate_limit, limit);
}

}  // namespace
}  // namespace ringcache
