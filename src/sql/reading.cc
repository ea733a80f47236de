// SPDX-License-Identifier: Apache-2.0
#include "sql/reading.h"

#include <algorithm>

#include "sql/render.h"

namespace ringcache {

bool is_beside(std::string_view column) noexcept {
  return column == kExpiresAtColumn || column == kTagsColumn;
}

namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; }

/// Databases may fold case, and a star names every column.
bool may_yield_end(std::string_view text) {
  return text.contains('*') || !std::ranges::search(text, kExpiresAtColumn, {}, lower).empty();
}

}  // namespace

Result<SqlReading> SqlReading::begin(SqlConnection& connection, const SqlStatement& get) {
  SqlReading reading;
  if (!may_yield_end(get.text)) return reading;
  const auto clock = connection.clock(reading.began_);
  if (!clock) return std::unexpected(clock.error());
  reading.clock_ms_ = *clock;
  return reading;
}

Result<Value> SqlReading::value(const SqlRow& row, std::size_t from) const {
  Value value{.loaded_at = began_};
  std::size_t columns = row.columns.size();
  for (; columns > from + 1 && is_beside(row.names[columns - 1]); --columns)
    if (auto noted = note_beside(value, row.names[columns - 1], row.columns[columns - 1]); !noted)
      return std::unexpected(noted.error());
  if (value.expires_at <= began_) return fail(Errc::not_found, "the row's end has come");
  value.bytes = render({row.names, row.columns.first(columns)}, from);
  return value;
}

Result<void> SqlReading::note_beside(Value& value, std::string_view name,
                                     const SqlColumn& column) const {
  if (std::holds_alternative<std::monostate>(column)) return {};
  if (name == kExpiresAtColumn) return note_end(value, column);
  const auto* text = std::get_if<std::string_view>(&column);
  if (!text) return fail(Errc::invalid_argument, "ringcache_tags must be text");
  value.tags = Bytes::copy(*text);
  return {};
}

Result<void> SqlReading::note_end(Value& value, const SqlColumn& column) const {
  const auto* end = std::get_if<std::int64_t>(&column);
  if (!end)
    return fail(Errc::invalid_argument,
                "ringcache_expires_at must be an integer: milliseconds since 1970");
  if (!clock_ms_)
    return fail(Errc::invalid_argument, "ringcache_expires_at must be named in the statement");
  // Neither sum nor difference of what a row may hold need fit.
  constexpr std::int64_t kMost = std::chrono::milliseconds(std::chrono::years(100)).count();
  const std::int64_t left = std::clamp(*end, *clock_ms_, *clock_ms_ + kMost) - *clock_ms_;
  value.expires_at = saturating_add(began_, std::chrono::milliseconds(left));
  return {};
}

}  // namespace ringcache
