// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <expected>
#include <optional>
#include <string>

#include <ringcache/config.h>

namespace ringcache {

struct Arguments {
  std::string config_file;
  bool check_only = false;
  Overrides flags;
};

/// The command line, or the exit status after --help, --version or a mistake (already said).
std::expected<Arguments, int> parse_arguments(int argc, char** argv);

/// File, environment and flags as one configuration; nothing after mistakes (each said on stderr).
std::optional<Config> configure(const Arguments& arguments);

}  // namespace ringcache
