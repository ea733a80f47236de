// SPDX-License-Identifier: Apache-2.0
#include <ringcache/log.h>

#include <algorithm>
#include <array>

namespace ringcache {
namespace {

constexpr std::array<std::string_view, 5> kNames{"debug", "info", "warn", "error", "off"};

}  // namespace

std::string_view log_level_name(LogLevel level) noexcept {
  return kNames[static_cast<std::size_t>(level)];
}

LogLevel log_level_from_name(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kNames, name);
  return found == kNames.end() ? LogLevel::info : static_cast<LogLevel>(found - kNames.begin());
}

Log Log::named(std::string component) const {
  Log other = *this;
  other.component_ = std::move(component);
  return other;
}

void Log::set_level(LogLevel level) const {
  if (state_) state_->level = level;
}

void Log::write(LogLevel level, std::string_view message) const {
  if (enabled(level)) state_->sink(level, component_, message);
}

}  // namespace ringcache
