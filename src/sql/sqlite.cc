// SPDX-License-Identifier: Apache-2.0
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>  // has <sqlite3.h> in a namespace: the two cannot meet

#include <algorithm>
#include <filesystem>
#include <thread>

#include "sql/dialect.h"

namespace ringcache {
namespace {

namespace api = sqlite_api;

// SOCI hides the type information of its classes, which the sanitizer's check of a cast would need.
__attribute__((no_sanitize("vptr"))) api::sqlite3* handle(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

__attribute__((no_sanitize("vptr"))) api::sqlite3_stmt* handle(soci::statement& statement) {
  return static_cast<soci::sqlite3_statement_backend*>(statement.get_backend())->stmt_;
}

/// SQLite takes a URI where a name is asked for. It lets us forbid to make the file without a race,
/// and it keeps spaces and quotes away from SOCI's own parsing of the connection string.
std::string uri_of(const SqlPlace& place) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string uri = "file:";
  for (const char c : place.location) {
    if (std::isalnum(static_cast<unsigned char>(c)) || std::string_view("/._-").contains(c)) {
      uri += c;
    } else {
      uri += '%';
      uri += kHex[static_cast<unsigned char>(c) >> 4];
      uri += kHex[static_cast<unsigned char>(c) & 15];
    }
  }
  return uri + (place.create ? "?mode=rwc" : "?mode=rw");
}

Result<std::string> locate(std::string_view rest) {
  if (rest.empty() || rest.contains('\0'))
    return fail(Errc::invalid_argument, "the dsn names no file: write sqlite:PATH");
  if (rest == ":memory:")
    return fail(Errc::invalid_argument,
                "sqlite::memory: would be another database for each connection of the pool: name a "
                "file");
  if (rest.starts_with("//"))
    return fail(Errc::invalid_argument,
                "write sqlite:PATH, for example sqlite:school.db or sqlite:/var/lib/school.db, not "
                "sqlite://…");
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(rest, error);
  if (error) return fail(Errc::invalid_argument, "no such path: " + error.message());
  return path.lexically_normal().string();
}

int wait_for_lock(void* deadline, int tries) {
  const Duration left = *static_cast<const Time*>(deadline) - BootClock::now();
  if (left <= Duration{0}) return 0;
  const Duration pause = std::chrono::milliseconds(std::min(1 << std::min(tries, 5), 20));
  std::this_thread::sleep_for(std::min(pause, left));
  return 1;
}

int stop_when_late(void* deadline) {
  return BootClock::now() >= *static_cast<const Time*>(deadline) ? 1 : 0;
}

std::unique_ptr<soci::session> connect(const SqlPlace& place, const Time* deadline) {
  constexpr int kStepsBetweenLooks = 1000;  // about 20 µs
  auto session = std::make_unique<soci::session>(soci::sqlite3, "dbname=" + uri_of(place));
  api::sqlite3* db = handle(*session);
  void* const time = const_cast<Time*>(deadline);
  api::sqlite3_busy_handler(db, wait_for_lock, time);
  api::sqlite3_progress_handler(db, kStepsBetweenLooks, stop_when_late, time);
  api::sqlite3_limit(db, SQLITE_LIMIT_LENGTH, static_cast<int>(place.row_bytes_max));
  return session;
}

std::string why_unreachable(const SqlPlace& place, const soci::soci_error& error) {
  std::error_code ignored;
  const std::filesystem::path path = place.location;
  if (std::filesystem::is_directory(path, ignored)) return place.location + " is a directory";
  if (!place.create && !std::filesystem::exists(path, ignored))
    return "no such database file: " + place.location;
  return place.location + ": " + error.get_error_message();
}

bool moved(soci::session& session) {
  int has_moved = 0;
  const int code =
      api::sqlite3_file_control(handle(session), "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
  return code == SQLITE_OK && has_moved != 0;
}

/// Whether `rest`, what stands behind a statement, holds another one. Asks SQLite, which knows what
/// a comment is.
bool holds_statement(api::sqlite3* db, std::string_view rest) {
  api::sqlite3_stmt* statement = nullptr;
  const int code =
      api::sqlite3_prepare_v2(db, rest.data(), static_cast<int>(rest.size()), &statement, nullptr);
  const bool holds = code != SQLITE_OK || statement != nullptr;
  api::sqlite3_finalize(statement);
  return holds;
}

StatementShape inspect(soci::session& session, soci::statement& prepared, std::string_view text) {
  StatementShape shape;
  api::sqlite3_stmt* statement = handle(prepared);
  shape.empty = statement == nullptr;
  if (shape.empty) return shape;
  for (int i = 1; i <= api::sqlite3_bind_parameter_count(statement); ++i) {
    const char* name = api::sqlite3_bind_parameter_name(statement, i);
    const std::string_view marker = name ? name : "?";
    shape.parameters.emplace_back(marker.starts_with(':') ? marker.substr(1) : marker);
  }
  for (int i = 0; i < api::sqlite3_column_count(statement); ++i)
    shape.columns.emplace_back(api::sqlite3_column_name(statement, i));
  shape.writes = api::sqlite3_stmt_readonly(statement) == 0;
  const std::size_t length = std::string_view(api::sqlite3_sql(statement)).size();
  shape.further = holds_statement(handle(session), text.substr(std::min(length, text.size())));
  return shape;
}

SqlColumn column(soci::statement& prepared, int index) {
  api::sqlite3_stmt* row = handle(prepared);
  const auto bytes = [&](const void* data) {
    const auto size = static_cast<std::size_t>(api::sqlite3_column_bytes(row, index));
    return data ? std::string_view(static_cast<const char*>(data), size) : std::string_view();
  };
  switch (api::sqlite3_column_type(row, index)) {
    case SQLITE_INTEGER:
      return std::int64_t{api::sqlite3_column_int64(row, index)};
    case SQLITE_FLOAT:
      return api::sqlite3_column_double(row, index);
    case SQLITE_TEXT:
      return bytes(api::sqlite3_column_text(row, index));
    case SQLITE_BLOB:
      return SqlBlob{bytes(api::sqlite3_column_blob(row, index))};
    default:
      return std::monostate();
  }
}

Trouble trouble_of(int code, int extended) {
  switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Trouble::busy;
    case SQLITE_INTERRUPT:
      return Trouble::late;
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
      return Trouble::refused;
    case SQLITE_ERROR:
    case SQLITE_SCHEMA:
      return Trouble::mistake;
    case SQLITE_READONLY:
      return extended == SQLITE_READONLY_DBMOVED ? Trouble::broken : Trouble::read_only;
    case SQLITE_TOOBIG:
      return Trouble::too_large;
    case SQLITE_FULL:
      return Trouble::full;
    default:
      return Trouble::broken;
  }
}

Failure failure(soci::session& session, const soci::soci_error& error) {
  const auto* own = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  if (!own) return {Trouble::broken, error.get_error_message()};
  api::sqlite3* db = handle(session);
  // SOCI's what() holds the bound values; SQLite's words do not.
  return {trouble_of(own->result() & 0xff, api::sqlite3_extended_errcode(db)),
          api::sqlite3_errmsg(db)};
}

}  // namespace

const SqlDialect& sqlite_dialect() {
  static constexpr SqlDialect kDialect{.scheme = "sqlite",
                                       .begin_write = "BEGIN IMMEDIATE",
                                       .probe = "SELECT count(*) FROM sqlite_schema",
                                       .one_writer = true,
                                       .locate = locate,
                                       .connect = connect,
                                       .why_unreachable = why_unreachable,
                                       .moved = moved,
                                       .inspect = inspect,
                                       .column = column,
                                       .failure = failure};
  return kDialect;
}

}  // namespace ringcache
