// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace ringcache {

/// Why an operation failed. Every front door maps these to its own wire codes
/// (docs/http.md and docs/grpc.md have the tables).
enum class Errc : std::uint8_t {
  not_found,            ///< The source says the key does not exist.
  no_such_group,        ///< No group of that name is configured on this node.
  invalid_argument,     ///< The caller's mistake; repeating it cannot help.
  too_large,            ///< Key or value above the configured limit.
  unsupported,          ///< The group's source cannot do this (read-only, keeps no ttl).
  precondition_failed,  ///< The value is not the one that the write was to replace.
  overloaded,           ///< Shed by a limit; repeat later.
  deadline_exceeded,    ///< A read that was not answered before its deadline.
  unavailable,  ///< Owner or source unreachable. A write was NOT applied; repeating is safe.
  unknown,      ///< A write that may or may not have been applied, now or later.
  internal,     ///< A bug, or a loader that threw.
};

/// The code's name as it appears on every wire and in every log: "not_found", …
std::string_view errc_name(Errc code) noexcept;

/// The inverse of errc_name(); names nobody knows become Errc::internal.
Errc errc_from_name(std::string_view name) noexcept;

/// A failure in words for the person who must act on it. Never holds a value or a password.
struct Error {
  Errc code = Errc::internal;
  std::string message;
  /// Of a refusal that knows it: when asking again may help. 0: nobody knows.
  std::chrono::nanoseconds retry_after{0};

  friend bool operator==(const Error&, const Error&) = default;
};

/// Either a T or the reason why not. Ignoring one is a compile error wherever it is returned.
template <class T>
using Result = std::expected<T, Error>;

/// Sugar for `return fail(Errc::not_found, "…")` out of any function returning a Result.
[[nodiscard]] inline std::unexpected<Error> fail(Errc code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message)});
}

}  // namespace ringcache
