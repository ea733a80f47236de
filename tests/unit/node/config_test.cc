// SPDX-License-Identifier: Apache-2.0
#include <ringcache/config.h>

#include <gtest/gtest.h>

#include "support/temp_dir.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::TempDir;

class ConfigTest : public ::testing::Test {
 protected:
  auto load(const std::string& yaml, const Overrides& environment = {},
            const Overrides& flags = {}) {
    file_ = dir_.write("node.yaml", yaml);
    return load_config(file_, environment, flags);
  }

  /// The only mistake in `yaml`, as "LINE: message".
  std::string mistake(const std::string& yaml) {
    const auto config = load(yaml);
    if (config || config.error().size() != 1) return "not exactly one mistake";
    const ConfigError& error = config.error().front();
    if (!error.where.starts_with(file_)) return error.where + ": " + error.message;
    return error.where.substr(file_.size() + 1) + ": " + error.message;
  }

  TempDir dir_;
  std::string file_;
};

TEST_F(ConfigTest, NothingAtAllIsAUsefulNode) {
  const auto config = load_config("", {}, {});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->listen.http, "127.0.0.1:8080");
  EXPECT_EQ(config->listen.grpc, "127.0.0.1:9999");
  ASSERT_EQ(config->groups.size(), 1u);
  EXPECT_EQ(config->groups[0].options.name, "kv");
  EXPECT_EQ(config->sources[0].dsn, "kv:ringcache-data/kv.db");
}

TEST_F(ConfigTest, ReadsEverySection) {
  const auto config = load(R"(
node:       {name: a, advertise: 10.0.0.5:9999, weight: 3, data_dir: /var/lib/ringcache}
listen:     {http: 127.0.0.1:8081, grpc: 127.0.0.1:9991}
membership: {type: etcd, endpoints: [127.0.0.1:2379, "[::1]:22379"], prefix: /p,
             lease_ttl: 5s, announce_as: ''}
ring:       {type: classic, hash: crc32, replicas: 60}
peer:       {transport: http}
sources:
  school:   {dsn: "sqlite:school.db", pool: 4, timeout: 500ms}
groups:
  scores:
    source: school
    get: SELECT score FROM students WHERE name = :key
    put: UPDATE students SET score = :value WHERE name = :key
    delete: DELETE FROM students WHERE name = :key
    capacity: 2MiB
    policy: arc
    max_age: 10m
    max_age_jitter: 0.1
    negative_max_age: 1s
    stale_while_revalidate: 30s
    stale_if_error: 1h
    refresh_ahead: 0.8
    max_value: 8KiB
log:        {level: warn, format: json}
)");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->node.weight, 3u);
  EXPECT_EQ(config->membership.endpoints,
            (std::vector<std::string>{"127.0.0.1:2379", "[::1]:22379"}));
  EXPECT_EQ(config->membership.lease_ttl, 5s);
  EXPECT_EQ(config->ring.type, RingType::classic);
  EXPECT_EQ(config->ring.replicas, 60u);
  EXPECT_EQ(config->peer_transport, Config::Transport::http);
  EXPECT_EQ(config->sources.at(0).timeout, 500ms);
  const auto& scores = config->groups.at(0);
  EXPECT_EQ(scores.options.policy, PolicyKind::arc);
  EXPECT_EQ(scores.options.limits.capacity, 2u << 20);
  EXPECT_EQ(scores.options.limits.max_age, 10min);
  EXPECT_EQ(scores.options.limits.max_age_jitter, 0.1);
  EXPECT_EQ(scores.options.limits.stale_while_revalidate, 30s);
  EXPECT_EQ(scores.options.limits.stale_if_error, 1h);
  EXPECT_EQ(scores.options.limits.refresh_ahead, 0.8);
  EXPECT_EQ(scores.erase, "DELETE FROM students WHERE name = :key");
  EXPECT_EQ(config->log.level, "warn");
}

TEST_F(ConfigTest, StaticMembersAreAListOfMaps) {
  const auto config = load(R"(
membership:
  members:
    - {name: a, address: 127.0.0.1:9999, http: 127.0.0.1:8080}
    - {address: 127.0.0.1:10000, weight: 2}
)");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->membership.type, Config::MembershipSection::Type::fixed);
  ASSERT_EQ(config->membership.members.size(), 2u);
  EXPECT_EQ(config->membership.members[1].name, "127.0.0.1:10000");
  EXPECT_EQ(config->membership.members[1].weight, 2u);
}

TEST_F(ConfigTest, FlagsBeatTheEnvironmentWhichBeatsTheFile) {
  const Overrides environment{{"RINGCACHE_LISTEN_HTTP", "127.0.0.1:2"},
                              {"RINGCACHE_LISTEN_GRPC", "127.0.0.1:2"}};
  const auto config = load("listen: {http: 127.0.0.1:1, grpc: 127.0.0.1:1}", environment,
                           {{"listen.grpc", "127.0.0.1:3"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->listen.http, "127.0.0.1:2");
  EXPECT_EQ(config->listen.grpc, "127.0.0.1:3");
}

TEST_F(ConfigTest, TheEnvironmentReachesNamedSections) {
  const auto config = load("sources: {school: {dsn: 'sqlite:a.db'}}",
                           {{"RINGCACHE_SOURCES_SCHOOL_DSN", "sqlite:b.db"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->sources.at(0).dsn, "sqlite:b.db");
}

TEST_F(ConfigTest, AMisspeltVariableIsAMistakeButAPlatformsIsNot) {
  EXPECT_FALSE(load_config("", {{"RINGCACHE_LISTEN_HTPP", "x"}}, {}));
  EXPECT_TRUE(load_config(
      "", {{"RINGCACHE_PORT", "tcp://10.0.0.1:8080"}, {"RINGCACHE_ENDPOINT", "x"}}, {}));
}

TEST_F(ConfigTest, EtcdEndpointsAloneMakeAnEtcdMembership) {
  const auto config =
      load_config("", {}, {{"membership.endpoints", "127.0.0.1:2379, 127.0.0.1:22379"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->membership.type, Config::MembershipSection::Type::etcd);
  EXPECT_EQ(config->membership.endpoints.size(), 2u);
}

TEST_F(ConfigTest, AnUnknownKeyIsNamedWithItsLineAndItsNeighbours) {
  EXPECT_EQ(mistake("\nlisten:\n  htpp: 127.0.0.1:1\n"),
            "3: unknown key 'listen.htpp'; known here: grpc, http");
  EXPECT_EQ(mistake("lisen: {http: x}").substr(0, 28), "1: unknown key 'lisen.http';");
  EXPECT_NE(mistake("groups: {g: {rate_limits: 1/s}}").find(", put, rate_limit, refresh_ahead"),
            std::string::npos);
  EXPECT_EQ(mistake("groups: scores"), "1: 'groups' is a section; known in it: NAME");
}

TEST_F(ConfigTest, AWrongValueIsNamedWithItsLine) {
  EXPECT_EQ(mistake("ring:\n  type: slot\n"), "2: ring.type: 'slot' is not one of slots, classic");
  EXPECT_NE(mistake("node: {weight: 0}").find("1: node.weight: '0' is not a whole number"),
            std::string::npos);
  EXPECT_NE(mistake("membership: {endpoints: [localhost]}").find("is not an address"),
            std::string::npos);
}

TEST_F(ConfigTest, AShareIsANumberFromZeroToOne) {
  const std::string group = "groups: {g: {max_age: 1s, max_age_jitter: ";
  for (const char* share : {"0", "0.25", "1"}) EXPECT_TRUE(load(group + share + "}}")) << share;
  for (const char* share : {"1.1", "-0.1", "10%", "much", "nan"})
    EXPECT_EQ(mistake(group + share + "}}"),
              "1: groups.g.max_age_jitter: '" + std::string(share) +
                  "' is not a share; write a number from 0 to 1, for example 0.1");
}

TEST_F(ConfigTest, ARateLimitIsASectionOfItsGroup) {
  const auto config =
      load("groups: {g: {rate_limit: {per_client: 1000/s, burst: 2000, total: 3000/m}}}",
           {{"RINGCACHE_GROUPS_G_RATE_LIMIT_BURST", "500"}});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->groups.at(0).options.limits.rate_limit,
            (RateLimit{.per_client = 1000, .burst = 500, .total = 50}));
}

TEST_F(ConfigTest, ARateLimitThatIsNoneIsNamedWithItsLine) {
  const std::string group = "groups:\n  g:\n    rate_limit: ";
  EXPECT_EQ(mistake(group + "{per_client: 1000}"),
            "3: groups.g.rate_limit.per_client: '1000' is not a rate; write 1000/s, 100/m, 10/h, "
            "or 0 for no limit");
  EXPECT_EQ(mistake(group + "{per_client: 1/s, burst: 0}"),
            "3: groups.g.rate_limit.burst: '0' is not a whole number from 1 to 1000000000");
  EXPECT_EQ(mistake(group + "{total: 1/s, burst: 5}"),
            "3: groups.g.rate_limit.burst: needs a per_client, for example 1000/s");
  EXPECT_EQ(mistake(group + "1000/s"),
            "3: 'groups.g.rate_limit' is a section; known in it: burst, per_client, total");
  EXPECT_EQ(mistake(group + "{rate: 1/s}"),
            "3: unknown key 'groups.g.rate_limit.rate'; known here: burst, per_client, total");
}

TEST_F(ConfigTest, WhatSpeaksOfReadingAgainNeedsASourceAndAMaxAge) {
  EXPECT_EQ(mistake("groups:\n  g:\n    max_age: 1s\n    stale_if_error: 1h\n"),
            "4: groups.g.stale_if_error: a group without a source has nothing to read again; "
            "remove it");
  const std::string kv = "sources: {s: {dsn: 'kv:a.db'}}\ngroups:\n  g:\n    source: s\n";
  for (const char* key : {"stale_while_revalidate: 1s", "refresh_ahead: 0.5"}) {
    EXPECT_NE(mistake(kv + "    " + key).find("needs a max_age"), std::string::npos) << key;
    EXPECT_TRUE(load(kv + "    max_age: 1s\n    " + key)) << key;
  }
  EXPECT_NE(mistake("groups: {g: {max_age_jitter: 0.1}}").find("needs a max_age"),
            std::string::npos);
}

TEST_F(ConfigTest, AFeedIsThereOrLooksThisOften) {
  const auto feed = [&](const std::string& value) {
    const auto config = load("sources: {s: {dsn: 'sqlite:x.db', feed: " + value + "}}");
    return config ? config->sources[0].feed : Duration{-1};
  };
  EXPECT_EQ(feed("true"), 100ms);
  EXPECT_EQ(feed("false"), 0ms);
  EXPECT_EQ(feed("1s"), 1s);
  for (const char* wrong : {"yes", "1ms", "1h", "0s"}) EXPECT_EQ(feed(wrong), Duration{-1});
  EXPECT_NE(mistake("sources: {s: {dsn: 'sqlite:x.db', feed: maybe}}")
                .find("'maybe' is not true, false, or how often to look, 10ms to 1m"),
            std::string::npos);
  for (const std::string dsn : {"'kv:x'", "'grpc://127.0.0.1:1'"})
    EXPECT_NE(mistake("sources: {s: {dsn: " + dsn + ", feed: true}}")
                  .find("sources.s.feed: only a database has a change feed"),
              std::string::npos);
}

TEST_F(ConfigTest, AllMistakesAreReportedAtOnce) {
  const auto config = load("ring: {type: x}\nlog: {level: loud}\nnodes: 1\n");
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().size(), 3u);
}

TEST_F(ConfigTest, BrokenYamlIsNamedWithItsLine) {
  EXPECT_EQ(mistake("listen: {http: 1\nring: [\n").substr(0, 2), "2:");
  EXPECT_EQ(mistake("just words").substr(0, 2), "1:");
}

TEST_F(ConfigTest, AKeyGivenTwiceIsAMistake) {
  EXPECT_EQ(mistake("log: {level: info}\nlog: {level: warn}\n"),
            "2: 'log' is given twice; keep one");
}

TEST_F(ConfigTest, AMissingFileIsNamed) {
  const auto config = load_config("/no/such/file.yaml", {}, {});
  ASSERT_FALSE(config);
  EXPECT_EQ(config.error().front().where, "/no/such/file.yaml");
}

TEST_F(ConfigTest, AGroupNeedsASourceThatExists) {
  EXPECT_EQ(mistake("groups:\n  scores:\n    source: school\n    get: SELECT 1\n"),
            "3: groups.scores.source: there is no source 'school' under sources");
  EXPECT_NE(mistake("groups: {scores: {get: SELECT 1}}").find("has statements but no source"),
            std::string::npos);
}

TEST_F(ConfigTest, TwoGroupsCannotShareOneKvFile) {
  const auto config =
      load("sources: {s: {dsn: 'kv:a.db'}}\ngroups: {a: {source: s}, b: {source: s}}\n");
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().front().message.find("give each its own file"), std::string::npos);
}

TEST_F(ConfigTest, ASourceMayBeAProgram) {
  const auto config =
      load("sources: {s: {dsn: 'grpc://[::1]:9000'}}\ngroups: {a: {source: s}, b: {source: s}}\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->sources.at(0).dsn, "grpc://[::1]:9000");
}

TEST_F(ConfigTest, AProgramsAddressIsAHostAndAPort) {
  for (const char* wrong : {"", "school", ":9000", "school:0", "school:9000/scores", "school:x"}) {
    const std::string said = mistake("sources:\n  s: {dsn: 'grpc://" + std::string(wrong) + "'}\n");
    EXPECT_TRUE(said.starts_with("2: sources.s.dsn: '" + std::string(wrong) + "' is ")) << said;
  }
}

TEST_F(ConfigTest, AGroupWithoutASourceMustKeepWhatIsPut) {
  EXPECT_EQ(mistake("groups:\n  a:\n    write_mode: invalidate\n"),
            "3: groups.a.write_mode: a group without a source would keep nothing; remove it");
}

TEST_F(ConfigTest, AKvFileAndAProgramNeedNoStatements) {
  const auto said = [this](const std::string& dsn, const std::string& key) {
    return mistake("sources: {s: {dsn: '" + dsn + "'}}\ngroups:\n  a:\n    source: s\n    " + key +
                   ": SELECT 1\n");
  };
  for (const char* key : {"get", "put", "cas", "delete"}) {
    EXPECT_EQ(said("kv:a.db", key),
              "5: groups.a: a kv source needs no statements; remove get, get_many, put, cas, touch "
              "and delete");
    EXPECT_EQ(said("grpc://localhost:9000", key),
              "5: groups.a: a grpc source needs no statements; remove get, get_many, put, cas, "
              "touch and delete");
  }
}

TEST_F(ConfigTest, AGroupWithoutASourceIsAPlainCache) {
  const auto config = load("groups: {sessions: {capacity: 1MiB}}");
  ASSERT_TRUE(config);
  EXPECT_TRUE(config->groups.at(0).source.empty());
}

}  // namespace
}  // namespace ringcache
