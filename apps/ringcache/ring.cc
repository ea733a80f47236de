// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "cli.h"
#include "client.h"
#include "explain.h"
#include "table.h"

namespace ringcache {
namespace {

std::string names(const Json& cluster) {
  std::string list;
  for (const Json& member : cluster["members"])
    list += (list.empty() ? "" : ", ") + member["name"].get<std::string>();
  return list;
}

/// What every member itself believes; 1 if they do not agree.
int differences(const Cli& cli, const Json& cluster) {
  Table table({"NODE", "EPOCH", "SEES"});
  bool agree = true;
  for (const Json& member : cluster["members"]) {
    const auto other = Client(member["http"]).get_json("/v1/cluster");
    agree &= other && names(*other) == names(cluster);
    table.add({member["name"], other ? (*other)["epoch"].dump() : "-",
               other ? names(*other) : other.error().message});
  }
  table.print(std::cout);
  if (cli.format == Format::table) std::cout << (agree ? "all agree\n" : "they do not agree\n");
  return agree ? kDone : kFailed;
}

int ring(const Cli& cli, bool diff) {
  const auto cluster = Client(cli.endpoint).get_json("/v1/cluster");
  if (!cluster) return report(cluster.error());
  if (diff) return differences(cli, *cluster);
  if (cli.format == Format::json) return std::cout << *cluster << '\n', kDone;
  std::cout << (*cluster)["ring"].get<std::string>() << " ring, epoch " << (*cluster)["epoch"]
            << '\n';
  Table table({"NAME", "WEIGHT", "SHARE"});
  for (const Json& member : (*cluster)["members"])
    table.add({member["name"], member["weight"].dump(), percent(member["share"])});
  table.print(std::cout);
  return kDone;
}

int owner(const Cli& cli, const std::string& group, const std::string& key) {
  const auto page = Client(cli.endpoint).get_json(why_path(group, key));
  if (!page) return report(page.error());
  if (!page->contains("owner"))
    return report({Errc::unavailable, "the node has no ring yet; try again"});
  Json answer{{"group", group}, {"key", key}};
  answer.update((*page)["ring"]);
  answer["owner"] = (*page)["owner"]["name"];
  if (cli.format == Format::json) return std::cout << answer << '\n', kDone;
  std::cout << key << ": " << ring_words((*page)["ring"]) << ", owner "
            << answer["owner"].get<std::string>() << '\n';
  return kDone;
}

}  // namespace

void add_ring(Cli& cli) {
  const auto diff = std::make_shared<bool>(false);
  const auto key = std::make_shared<std::pair<std::string, std::string>>();
  CLI::App* sub = cli.app.add_subcommand("ring", "how the keys are divided, and who owns one");
  sub->fallthrough();
  sub->add_flag("--diff", *diff, "ask every member what it sees, and compare");
  CLI::App* find = sub->add_subcommand("owner", "the owner of a key and its place on the ring");
  find->fallthrough();
  find->add_option("GROUP", key->first)->required();
  find->add_option("KEY", key->second)->required();
  sub->callback([&cli, find, diff, key] {
    cli.exit_code = find->parsed() ? owner(cli, key->first, key->second) : ring(cli, *diff);
  });
}

}  // namespace ringcache
