// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/config.h>

namespace ringcache {

/// One key that a configuration may have.
struct ConfigSetting {
  /// What is wrong with a value, or nothing.
  using Wrong = std::optional<std::string>;

  std::string_view path;  ///< `*` stands for a name or a position, handed on as `star`.
  Wrong (*apply)(Config& config, std::string_view star, const std::string& value);
};

/// All of them, by section.
std::span<const ConfigSetting> config_settings();

/// The section of that name, made on first sight, so that sections keep the order of the file.
template <class Section, class Name>
Section& named_section(std::vector<Section>& sections, std::string_view name, Name name_of) {
  const auto found = std::ranges::find_if(sections, [&](Section& s) { return name_of(s) == name; });
  if (found != sections.end()) return *found;
  name_of(sections.emplace_back()) = name;
  return sections.back();
}

/// The source, or group, of that name, made on first sight.
Config::SourceSection& source_section(Config& config, std::string_view name);
Config::GroupSection& group_section(Config& config, std::string_view name);

}  // namespace ringcache
