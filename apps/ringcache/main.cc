// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "cli.h"

int main(int argc, char** argv) {
  using namespace ringcache;
  const std::map<std::string, Format> formats{
      {"table", Format::table}, {"json", Format::json}, {"raw", Format::raw}};
  Cli cli;
  cli.app.set_version_flag("--version", "ringcache " RINGCACHE_VERSION);
  cli.app.require_subcommand(1);
  cli.app.add_option("--endpoint", cli.endpoint, "a node's HTTP door")
      ->envname("RINGCACHE_ENDPOINT")
      ->capture_default_str();
  cli.app.add_option("-o,--output", cli.format, "table, json or raw")
      ->transform(CLI::CheckedTransformer(formats).description("FORM"));
  for (const auto add : {add_get, add_put, add_del, add_mget, add_invalidate, add_why, add_nodes,
                         add_ring, add_groups, add_config, add_source, add_demo, add_replay})
    add(cli);
  try {
    cli.app.parse(argc, argv);
  } catch (const CLI::ParseError& mistake) {
    return cli.app.exit(mistake) == 0 ? kDone : kFailed;
  }
  return cli.exit_code;
}
