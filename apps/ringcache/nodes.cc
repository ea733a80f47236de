// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "cli.h"
#include "client.h"
#include "table.h"

namespace ringcache {
namespace {

int nodes(const Cli& cli) {
  const auto cluster = Client(cli.endpoint).get_json("/v1/cluster");
  if (!cluster) return report(cluster.error());
  if (cli.format == Format::json) return std::cout << *cluster << '\n', kDone;
  Table table({"NAME", "GRPC", "HTTP", "WEIGHT", "SHARE", "ASKED"});
  for (const Json& member : (*cluster)["members"])
    table.add({member["name"], member["grpc"], member["http"], member["weight"].dump(),
               percent(member["share"]), member["self"] ? "*" : ""});
  table.print(std::cout);
  return kDone;
}

}  // namespace

void add_nodes(Cli& cli) {
  cli.command("nodes", "the members of the cluster", [&cli] { return nodes(cli); });
}

}  // namespace ringcache
