// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

#include <ringcache/store.h>

#include "sql/connection.h"

namespace ringcache {

/// @name Columns that are not part of a group's value
/// They stand behind those that are: when the row ends, an integer of Unix milliseconds by the
/// database's clock, and tags, separated by commas. NULL: none.
/// @{
inline constexpr std::string_view kExpiresAtColumn = "ringcache_expires_at";
inline constexpr std::string_view kTagsColumn = "ringcache_tags";
bool is_beside(std::string_view column) noexcept;
/// @}

/// Rows as values, as they are read at one moment.
class SqlReading {
 public:
  /// Asks for the database's clock if `get` may yield the end of a row, as far as its text says.
  static Result<SqlReading> begin(SqlConnection& connection, const SqlStatement& get);

  /// The value that the columns from `from` on are; Errc::not_found if its end has come.
  Result<Value> value(const SqlRow& row, std::size_t from = 0) const;

 private:
  Result<void> note_beside(Value& value, std::string_view name, const SqlColumn& column) const;
  Result<void> note_end(Value& value, const SqlColumn& column) const;

  Time began_ = BootClock::now();
  std::optional<std::int64_t> clock_ms_;  // at began_
};

}  // namespace ringcache
