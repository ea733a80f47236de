// SPDX-License-Identifier: Apache-2.0
#include <ringcache/log.h>

#include <array>

namespace ringcache {

std::string_view log_level_name(LogLevel level) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"debug", "info", "warn", "error", "off"};
  return kNames.at(static_cast<std::size_t>(level));
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
