// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include <ringcache/config.h>

namespace ringcache {

/// One scalar of a configuration, wherever it came from. Lists of scalars are joined with commas.
struct ConfigEntry {
  std::string
      path;  ///< "groups.scores.get"; items of a list of maps by position: "members.0.name".
  std::string value;
  std::string where;  ///< FILE:LINE, variable or flag.
};

/// Flattens a YAML file, in its order. Adds to `errors` what is not YAML, given twice, or too deep.
std::vector<ConfigEntry> read_yaml_entries(const std::string& file,
                                           std::vector<ConfigError>& errors);

}  // namespace ringcache
