// SPDX-License-Identifier: Apache-2.0
#include "logging.h"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <nlohmann/json.hpp>

namespace ringcache {
namespace {

spdlog::level::level_enum level_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warn:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::off:
      break;
  }
  return spdlog::level::off;
}

std::string json_line(std::string_view component, std::string_view message) {
  const nlohmann::ordered_json fields{{"component", component}, {"message", message}};
  const std::string text = fields.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return text.substr(1);  // the pattern writes the opening brace with time and level
}

}  // namespace

Log make_log(const std::string& level, const std::string& format) {
  auto logger = std::make_shared<spdlog::logger>(
      "ringcached", std::make_shared<spdlog::sinks::stderr_color_sink_mt>());
  const bool json = format == "json";
  logger->set_level(spdlog::level::trace);  // Log filters
  logger->flush_on(spdlog::level::trace);
  logger->set_pattern(json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%v)"
                           : "%H:%M:%S.%e %^%-5l%$ %v");
  return Log(
      [logger, json](LogLevel at, std::string_view component, std::string_view message) {
        if (json)
          logger->log(level_of(at), json_line(component, message));
        else
          logger->log(level_of(at), "{:<6} {}", component, message);
      },
      log_level_from_name(level));
}

}  // namespace ringcache
