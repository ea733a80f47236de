// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>

namespace ringcache {
namespace {

struct Flag {
  const char* name;
  const char* key;
  const char* help;
};

constexpr std::array kFlags{
    Flag{"--name", "node.name", "stable name of this node"},
    Flag{"--advertise", "node.advertise", "HOST:PORT where other nodes reach our gRPC door"},
    Flag{"--listen-http", "listen.http", "HOST:PORT of the HTTP door"},
    Flag{"--listen-grpc", "listen.grpc", "HOST:PORT of the gRPC door"},
    Flag{"--etcd", "membership.endpoints", "HOST:PORT[,…] of the etcd members"},
    Flag{"--data-dir", "node.data_dir", "folder of the durable group kv"},
    Flag{"--log-level", "log.level", "debug, info, warn or error"},
    Flag{"--log-format", "log.format", "text or json"},
};

}  // namespace

std::expected<Arguments, int> parse_arguments(int argc, char** argv) {
  CLI::App app("ringcached: a node of a ringcache cluster");
  Arguments arguments;
  app.set_version_flag("--version", "ringcached " RINGCACHE_VERSION);
  app.add_option("--config", arguments.config_file, "configuration file (YAML)");
  app.add_flag("--check-config", arguments.check_only, "report every mistake in it and end");
  for (const Flag& flag : kFlags)
    app.add_option_function<std::string>(
        flag.name,
        [&arguments, key = flag.key](const std::string& value) { arguments.flags[key] = value; },
        flag.help);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& mistake) {
    return std::unexpected(app.exit(mistake) == 0 ? 0 : 1);
  }
  return arguments;
}

std::optional<Config> configure(const Arguments& arguments) {
  auto config = load_config(arguments.config_file, environment_overrides(), arguments.flags);
  if (config) return std::move(*config);
  for (const ConfigError& error : config.error())
    std::cerr << error.where << ": " << error.message << '\n';
  return {};
}

}  // namespace ringcache
