// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "cli.h"
#include "client.h"
#include "table.h"

namespace ringcache {
namespace {

std::string hit_ratio(const Json& stats) {
  const double hits = stats["hits"], misses = stats["misses"];
  return hits + misses == 0 ? "-" : percent(hits / (hits + misses));
}

/// How far behind the change feed is, where it is read; elsewhere, who reads it.
std::string feed_words(const Json& feed) {
  if (feed.is_null()) return "-";
  if (!feed["elected"]) return "at " + feed["node"].get<std::string>();
  if (!feed["trouble"].is_null()) return "in trouble";
  return std::to_string(feed["lag_ms"].get<std::int64_t>()) + " ms behind";
}

int groups(const Cli& cli) {
  const auto page = Client(cli.endpoint).get_json("/v1/groups");
  if (!page) return report(page.error());
  if (cli.format == Format::json) return std::cout << *page << '\n', kDone;
  Table table({"GROUP", "POLICY", "ENTRIES", "BYTES", "CAPACITY", "HITS", "LOADS", "REFRESHES",
               "STALE", "ERRORS", "REFUSED", "FEED"});
  for (const Json& group : (*page)["groups"]) {
    const Json& stats = group["stats"];
    table.add({group["name"], group["policy"], stats["entries"].dump(), stats["bytes"].dump(),
               group["capacity"].dump(), hit_ratio(stats), stats["loads"].dump(),
               stats["refreshes"].dump(), stats["stales"].dump(), stats["load_errors"].dump(),
               stats["refused"].dump(), feed_words(group["feed"])});
  }
  table.print(std::cout);
  return kDone;
}

}  // namespace

void add_groups(Cli& cli) {
  cli.command("groups", "the groups of a node and how they do", [&cli] { return groups(cli); });
}

}  // namespace ringcache
