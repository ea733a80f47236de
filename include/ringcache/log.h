// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace ringcache {

enum class LogLevel : std::uint8_t { debug, info, warn, error, off };

/// "debug", "info", …
std::string_view log_level_name(LogLevel level) noexcept;
/// The inverse; names nobody knows are `info`.
LogLevel log_level_from_name(std::string_view name) noexcept;

/// Where the library's few words go. The library itself never prints: an embedder passes a sink,
/// the daemon passes spdlog. A Log is a small handle (copies share sink and level); a default-made
/// one is silent. Messages name keys at most at debug level, and never hold values or passwords.
/// Thread-safe if the sink is.
class Log {
 public:
  using Sink = std::function<void(LogLevel, std::string_view component, std::string_view message)>;

  Log() = default;
  explicit Log(Sink sink, LogLevel level = LogLevel::info)
      : state_(std::make_shared<State>(std::move(sink), level)) {}

  /// The same sink and level under another component name ("etcd", "http", …).
  Log named(std::string component) const;

  void set_level(LogLevel level) const;
  bool enabled(LogLevel level) const noexcept { return state_ && level >= state_->level.load(); }
  void write(LogLevel level, std::string_view message) const;

  void debug(std::string_view message) const { write(LogLevel::debug, message); }
  void info(std::string_view message) const { write(LogLevel::info, message); }
  void warn(std::string_view message) const { write(LogLevel::warn, message); }
  void error(std::string_view message) const { write(LogLevel::error, message); }

 private:
  struct State {
    State(Sink s, LogLevel l) : sink(std::move(s)), level(l) {}
    Sink sink;
    std::atomic<LogLevel> level;
  };
  std::shared_ptr<State> state_;
  std::string component_;
};

}  // namespace ringcache
