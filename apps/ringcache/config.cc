// SPDX-License-Identifier: Apache-2.0
#include <ringcache/config.h>

#include <iostream>
#include <memory>

#include "cli.h"

namespace ringcache {
namespace {

int check(const std::string& file) {
  const auto config = load_config(file, environment_overrides(), {});
  if (config) return std::cout << file << " is fine\n", kDone;
  for (const ConfigError& error : config.error())
    std::cerr << error.where << ": " << error.message << '\n';
  return kFailed;
}

}  // namespace

void add_config(Cli& cli) {
  const auto file = std::make_shared<std::string>();
  CLI::App* sub = cli.app.add_subcommand("config", "configuration files");
  sub->require_subcommand(1);
  CLI::App* checking = sub->add_subcommand("check", "report every mistake in a file");
  checking->add_option("FILE", *file)->required();
  checking->callback([&cli, file] { cli.exit_code = check(*file); });
}

}  // namespace ringcache
