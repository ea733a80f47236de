// SPDX-License-Identifier: Apache-2.0
#include "node/pages.h"

#include <algorithm>

#include <nlohmann/json.hpp>

namespace ringcache {
namespace {

using Json = nlohmann::ordered_json;

std::string text_of(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

double milliseconds(Duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

/// A span for people and programs; "for ever" is null.
Json span_ms(Duration span) {
  return span == Duration::max() ? Json(nullptr) : Json(milliseconds(span));
}

Json json_of(const Member& member, double share, bool self) {
  return {{"name", member.name}, {"id", member.id},         {"grpc", member.address},
          {"http", member.http}, {"weight", member.weight}, {"share", share},
          {"self", self}};
}

Json json_of(const GroupStats& stats) {
  return {{"gets", stats.gets},
          {"hits", stats.cache.hits},
          {"misses", stats.cache.misses()},
          {"puts", stats.puts},
          {"touches", stats.touches},
          {"deletes", stats.erases},
          {"invalidations", stats.invalidations},
          {"loads", stats.loads},
          {"load_errors", stats.load_errors},
          {"refreshes", stats.refreshes},
          {"stales", stats.stales},
          {"coalesced", stats.coalesced},
          {"forwards", stats.forwards},
          {"bypasses", stats.bypasses},
          {"flights", stats.flights},
          {"refused", stats.refused},
          {"entries", stats.cache.entries},
          {"bytes", stats.cache.charge},
          {"evictions", stats.cache.evictions},
          {"expirations", stats.cache.expirations}};
}

Json json_of(const RateLimit& limit) {
  if (limit == RateLimit()) return nullptr;
  return {{"per_client", limit.per_client}, {"burst", limit.burst}, {"total", limit.total}};
}

/// What a feed knows, where it is the one that reads; elsewhere, who does.
Json json_of(const std::optional<Feeds::State>& feed) {
  if (!feed) return nullptr;
  const SqlFeedStats& stats = feed->stats;
  Json json{{"source", feed->source}, {"node", feed->node}, {"elected", stats.elected}};
  if (!stats.elected) return json;
  json["changes"] = stats.changes;
  json["failures"] = stats.failures;
  json["lag_ms"] = milliseconds(stats.lag);
  json["last_lag_ms"] = milliseconds(stats.last_lag);
  json["trouble"] = stats.trouble.empty() ? Json(nullptr) : Json(stats.trouble);
  return json;
}

Json json_of(const Group& group, const Feeds& feeds) {
  const GroupLimits limits = group.limits();
  return {{"name", group.options().name},
          {"policy", policy_name(group.options().policy)},
          {"capacity", limits.capacity},
          {"max_age_ms", span_ms(limits.max_age)},
          {"max_age_jitter", limits.max_age_jitter},
          {"negative_max_age_ms", span_ms(limits.negative_max_age)},
          {"stale_while_revalidate_ms", span_ms(limits.stale_while_revalidate)},
          {"stale_if_error_ms", span_ms(limits.stale_if_error)},
          {"refresh_ahead", limits.refresh_ahead},
          {"max_value", limits.value_bytes_max},
          {"rate_limit", json_of(limits.rate_limit)},
          {"feed", json_of(feeds.of(group.options().name))},
          {"stats", json_of(group.stats())}};
}

Json ring_json(const Ring& ring, const KeyView& key) {
  const Spot spot = ring.locate(key);
  if (ring.options().type == RingType::slots) return {{"type", "slots"}, {"slot", spot.index}};
  return {{"type", "classic"}, {"hash", spot.hash}, {"index", spot.index}};
}

/// What is left until then; "for ever" is null.
Json left_ms(Time end, Time now) {
  return end == Time::max() ? Json(nullptr) : Json(milliseconds(std::max(end - now, Duration{0})));
}

Json copy_json(const Copy& copy, Time now) {
  Json json{{"absent", copy.absent()},
            {"age_ms", milliseconds(now - copy.loaded_at)},
            {"fresh_ms", left_ms(copy.fresh_until, now)},
            {"left_ms", left_ms(copy.expires_at, now)}};
  if (!copy.absent()) {
    json["size"] = copy.bytes.size();
    json["etag"] = etag_of(copy.bytes.view());
  }
  return json;
}

Json copy_json(const Explanation& known, Time now) {
  if (!known.copy) return nullptr;
  Json json = copy_json(*known.copy, now);
  if (known.last_load.count() > 0) json["load_ms"] = milliseconds(known.last_load);
  return json;
}

}  // namespace

std::string cluster_page(const Cluster& cluster) {
  const auto ring = cluster.ring();
  const bool slots = ring->options().type == RingType::slots;
  Json members = Json::array();
  const auto shares = ring->shares();
  for (std::size_t i = 0; i < ring->members().size(); ++i) {
    const Member& member = ring->members()[i];
    members.push_back(json_of(member, shares[i], member.name == cluster.self()));
  }
  return text_of({{"self", cluster.self()},
                  {"epoch", ring->epoch()},
                  {"ring", slots ? "slots" : "classic"},
                  {"members", std::move(members)}});
}

std::string groups_page(const Groups& groups, const Feeds& feeds) {
  Json list = Json::array();
  groups.for_each([&](Group& group) { list.push_back(json_of(group, feeds)); });
  return text_of({{"groups", std::move(list)}});
}

Result<std::string> group_page(const Groups& groups, const Feeds& feeds, std::string_view name) {
  if (const Group* group = groups.find(name)) return text_of(json_of(*group, feeds));
  return std::unexpected(groups.missing(name));
}

Result<std::string> why_page(const Groups& groups, const Cluster& cluster, const Scheduler& clock,
                             const KeyView& key) {
  const Group* group = groups.find(key.group);
  if (group == nullptr) return std::unexpected(groups.missing(key.group));
  const auto ring = cluster.ring();
  const Explanation known = group->explain(key);
  Json json{{"group", key.group}, {"key", key.name}, {"node", cluster.self()}};
  if (!ring->empty()) {
    const Member& owner = ring->owner(key);
    json["owner"] = {
        {"name", owner.name}, {"http", owner.http}, {"self", owner.name == cluster.self()}};
    json["ring"] = ring_json(*ring, key);
  }
  json["copy"] = copy_json(known, clock.now());
  json["in_flight"] = known.in_flight;
  json["last_departure"] = departure_name(known.departure);
  return text_of(json);
}

}  // namespace ringcache
