// SPDX-License-Identifier: Apache-2.0
#include "node/config_settings.h"

#include <array>
#include <charconv>
#include <initializer_list>
#include <ranges>
#include <utility>

#include <ringcache/sql_feed.h>

#include "base/units.h"

namespace ringcache {

Config::SourceSection& source_section(Config& config, std::string_view name) {
  return named_section(config.sources, name, [](auto& s) -> std::string& { return s.name; });
}

Config::GroupSection& group_section(Config& config, std::string_view name) {
  return named_section(config.groups, name, [](auto& g) -> std::string& { return g.options.name; });
}

namespace {

using Wrong = ConfigSetting::Wrong;

template <class T>
Wrong assign(T& to, auto parsed) {
  if (!parsed) return parsed.error().message;
  to = static_cast<T>(*parsed);
  return {};
}

template <class T>
Wrong assign_choice(T& to, const std::string& value,
                    std::initializer_list<std::pair<std::string_view, T>> choices) {
  std::string known;
  for (const auto& [name, choice] : choices) {
    if (name == value) return to = choice, Wrong{};
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return "'" + value + "' is not one of " + known;
}

Wrong assign_text(std::string& to, const std::string& value) { return to = value, Wrong{}; }

Wrong assign_address(std::string& to, const std::string& value, bool may_be_empty) {
  if (value.empty() && may_be_empty) return assign_text(to, value);
  if (auto parsed = parse_host_port(value); !parsed) return parsed.error().message;
  return assign_text(to, value);
}

std::vector<std::string> split_commas(const std::string& text) {
  std::vector<std::string> parts;
  for (const auto part : std::views::split(text, ',')) {
    std::string_view trimmed(part.begin(), part.end());
    while (trimmed.starts_with(' ')) trimmed.remove_prefix(1);
    while (trimmed.ends_with(' ')) trimmed.remove_suffix(1);
    if (!trimmed.empty()) parts.emplace_back(trimmed);
  }
  return parts;
}

GroupLimits& limits(Config& config, std::string_view name) {
  return group_section(config, name).options.limits;
}

RateLimit& rate_limit(Config& config, std::string_view name) {
  return limits(config, name).rate_limit;
}

Member& member(Config& config, std::string_view position) {
  return named_section(config.membership.members, position,
                       [](Member& m) -> std::string& { return m.id; });
}

Wrong assign_endpoints(Config& config, const std::string& value) {
  config.membership.endpoints = split_commas(value);
  for (const std::string& endpoint : config.membership.endpoints)
    if (auto parsed = parse_host_port(endpoint); !parsed) return parsed.error().message;
  return {};
}

Wrong assign_lease(Config& config, const std::string& value) {
  const auto parsed = parse_duration(value);
  if (!parsed) return parsed.error().message;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*parsed);
  if (seconds != *parsed || seconds.count() < 1 || seconds.count() > 3600)
    return "'" + value + "' is not a lease: etcd counts whole seconds, 1s to 3600s";
  config.membership.lease_ttl = seconds;
  return {};
}

Wrong assign_policy(Config& config, std::string_view name, const std::string& value) {
  if (const auto kind = policy_from_name(value))
    return group_section(config, name).options.policy = *kind, Wrong{};
  std::string known;
  for (const PolicyKind kind : policy_kinds())
    known += (known.empty() ? "" : ", ") + std::string(policy_name(kind));
  return "'" + value + "' is not one of " + known;
}

Wrong assign_weight(unsigned& to, const std::string& value) {
  return assign(to, parse_count(value, 1, 1000));
}

Wrong assign_share(double& to, const std::string& value) {
  double share = 0;
  const char* end = value.data() + value.size();
  const auto [rest, error] = std::from_chars(value.data(), end, share, std::chars_format::fixed);
  if (error != std::errc() || rest != end || !(share >= 0 && share <= 1))
    return "'" + value + "' is not a share; write a number from 0 to 1, for example 0.1";
  return to = share, Wrong{};
}

/// Whether there is one, or how often it looks.
Wrong assign_feed(Duration& to, const std::string& value) {
  using namespace std::chrono_literals;
  if (value == "true") return to = SqlFeedOptions().poll, Wrong{};
  if (value == "false") return to = 0s, Wrong{};
  const auto poll = parse_duration(value);
  if (!poll || *poll < 10ms || *poll > 1min)
    return "'" + value + "' is not true, false, or how often to look, 10ms to 1m";
  return to = *poll, Wrong{};
}

using C = Config;
using Type = Config::MembershipSection::Type;
using Text = const std::string&;
using Star = std::string_view;

constexpr ConfigSetting kSettings[]{
    {"node.name", [](C& c, Star, Text v) { return assign_text(c.node.name, v); }},
    {"node.advertise",
     [](C& c, Star, Text v) { return assign_address(c.node.advertise, v, false); }},
    {"node.weight", [](C& c, Star, Text v) { return assign_weight(c.node.weight, v); }},
    {"node.data_dir", [](C& c, Star, Text v) { return assign_text(c.node.data_dir, v); }},
    {"listen.http", [](C& c, Star, Text v) { return assign_address(c.listen.http, v, true); }},
    {"listen.grpc", [](C& c, Star, Text v) { return assign_address(c.listen.grpc, v, true); }},
    {"membership.type",
     [](C& c, Star, Text v) {
       return assign_choice(c.membership.type, v,
                            {{"none", Type::none}, {"static", Type::fixed}, {"etcd", Type::etcd}});
     }},
    {"membership.endpoints", [](C& c, Star, Text v) { return assign_endpoints(c, v); }},
    {"membership.prefix", [](C& c, Star, Text v) { return assign_text(c.membership.prefix, v); }},
    {"membership.lease_ttl", [](C& c, Star, Text v) { return assign_lease(c, v); }},
    {"membership.announce_as",
     [](C& c, Star, Text v) { return assign_text(c.membership.announce_as, v); }},
    {"membership.members.*.name",
     [](C& c, Star s, Text v) { return assign_text(member(c, s).name, v); }},
    {"membership.members.*.address",
     [](C& c, Star s, Text v) { return assign_address(member(c, s).address, v, false); }},
    {"membership.members.*.http",
     [](C& c, Star s, Text v) { return assign_address(member(c, s).http, v, true); }},
    {"membership.members.*.weight",
     [](C& c, Star s, Text v) { return assign_weight(member(c, s).weight, v); }},
    {"ring.type",
     [](C& c, Star, Text v) {
       return assign_choice(c.ring.type, v,
                            {{"slots", RingType::slots}, {"classic", RingType::classic}});
     }},
    {"ring.hash",
     [](C&, Star, Text v) { return v == "crc32" ? Wrong{} : Wrong("'" + v + "' is not crc32"); }},
    {"ring.replicas",
     [](C& c, Star, Text v) { return assign(c.ring.replicas, parse_count(v, 1, 10'000)); }},
    {"peer.transport",
     [](C& c, Star, Text v) {
       return assign_choice(c.peer_transport, v,
                            {{"grpc", C::Transport::grpc}, {"http", C::Transport::http}});
     }},
    {"sources.*.dsn",
     [](C& c, Star s, Text v) { return assign_text(source_section(c, s).dsn, v); }},
    {"sources.*.pool",
     [](C& c, Star s, Text v) {
       return assign(source_section(c, s).pool, parse_count(v, 1, 1000));
     }},
    {"sources.*.timeout",
     [](C& c, Star s, Text v) { return assign(source_section(c, s).timeout, parse_duration(v)); }},
    {"sources.*.max_loads",
     [](C& c, Star s, Text v) {
       return assign(source_section(c, s).max_loads, parse_count(v, 1, 100'000));
     }},
    {"sources.*.loads_per_second",
     [](C& c, Star s, Text v) {
       return assign(source_section(c, s).loads_per_second, parse_count(v, 0, 1'000'000'000));
     }},
    {"sources.*.feed",
     [](C& c, Star s, Text v) { return assign_feed(source_section(c, s).feed, v); }},
    {"groups.*.source",
     [](C& c, Star s, Text v) { return assign_text(group_section(c, s).source, v); }},
    {"groups.*.get", [](C& c, Star s, Text v) { return assign_text(group_section(c, s).get, v); }},
    {"groups.*.get_many",
     [](C& c, Star s, Text v) { return assign_text(group_section(c, s).get_many, v); }},
    {"groups.*.batch_window",
     [](C& c, Star s, Text v) {
       return assign(group_section(c, s).batch_window, parse_duration(v));
     }},
    {"groups.*.put", [](C& c, Star s, Text v) { return assign_text(group_section(c, s).put, v); }},
    {"groups.*.cas", [](C& c, Star s, Text v) { return assign_text(group_section(c, s).cas, v); }},
    {"groups.*.touch",
     [](C& c, Star s, Text v) { return assign_text(group_section(c, s).touch, v); }},
    {"groups.*.delete",
     [](C& c, Star s, Text v) { return assign_text(group_section(c, s).erase, v); }},
    {"groups.*.capacity",
     [](C& c, Star s, Text v) { return assign(limits(c, s).capacity, parse_bytes(v)); }},
    {"groups.*.policy", assign_policy},
    {"groups.*.write_mode",
     [](C& c, Star s, Text v) {
       return assign_choice(
           group_section(c, s).options.write_mode, v,
           {{"through", WriteMode::through}, {"invalidate", WriteMode::invalidate}});
     }},
    {"groups.*.max_age",
     [](C& c, Star s, Text v) { return assign(limits(c, s).max_age, parse_duration(v)); }},
    {"groups.*.max_age_jitter",
     [](C& c, Star s, Text v) { return assign_share(limits(c, s).max_age_jitter, v); }},
    {"groups.*.negative_max_age",
     [](C& c, Star s, Text v) { return assign(limits(c, s).negative_max_age, parse_duration(v)); }},
    {"groups.*.stale_while_revalidate",
     [](C& c, Star s, Text v) {
       return assign(limits(c, s).stale_while_revalidate, parse_duration(v));
     }},
    {"groups.*.stale_if_error",
     [](C& c, Star s, Text v) { return assign(limits(c, s).stale_if_error, parse_duration(v)); }},
    {"groups.*.refresh_ahead",
     [](C& c, Star s, Text v) { return assign_share(limits(c, s).refresh_ahead, v); }},
    {"groups.*.max_value",
     [](C& c, Star s, Text v) { return assign(limits(c, s).value_bytes_max, parse_bytes(v)); }},
    {"groups.*.rate_limit.per_client",
     [](C& c, Star s, Text v) { return assign(rate_limit(c, s).per_client, parse_rate(v)); }},
    {"groups.*.rate_limit.burst",
     [](C& c, Star s, Text v) {
       return assign(rate_limit(c, s).burst, parse_count(v, 1, 1'000'000'000));
     }},
    {"groups.*.rate_limit.total",
     [](C& c, Star s, Text v) { return assign(rate_limit(c, s).total, parse_rate(v)); }},
    {"log.level",
     [](C& c, Star, Text v) {
       return assign_choice<std::string>(
           c.log.level, v,
           {{"debug", "debug"}, {"info", "info"}, {"warn", "warn"}, {"error", "error"}});
     }},
    {"log.format",
     [](C& c, Star, Text v) {
       return assign_choice<std::string>(c.log.format, v, {{"text", "text"}, {"json", "json"}});
     }},
};

}  // namespace

std::span<const ConfigSetting> config_settings() { return kSettings; }

}  // namespace ringcache
