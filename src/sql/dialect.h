// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <ringcache/result.h>
#include <ringcache/scheduler.h>

namespace soci {
class session;
class soci_error;
class statement;
}  // namespace soci

namespace ringcache {

struct SqlBlob {
  std::string_view bytes;
};
/// One column of a row with its exact type; std::monostate is NULL. Views end with the row.
using SqlColumn =
    std::variant<std::monostate, std::int64_t, double, std::string_view /*text*/, SqlBlob>;

/// What a statement went wrong by; each database has its own numbers for these.
enum class Trouble : std::uint8_t {
  busy,       ///< Locked by another connection until our deadline.
  late,       ///< Stopped at our deadline.
  refused,    ///< A constraint or a type forbids this value.
  mistake,    ///< The statement does not fit the schema, or not the data it met.
  read_only,  ///< The database takes no writes from us.
  too_large,
  full,   ///< No room; nothing was written.
  broken  ///< The connection, or what is behind it, can no longer be used.
};

struct Failure {
  Trouble trouble = Trouble::broken;
  std::string message;  ///< The database's own words, without any bound value.
};

/// What the database itself says of a prepared statement.
struct StatementShape {
  std::vector<std::string> parameters;  ///< Without the colon; other markers as written.
  std::vector<std::string> columns;
  bool empty = false;    ///< Nothing but space and comments.
  bool further = false;  ///< A second statement follows.
  bool writes = false;
};

/// How to reach a database.
struct SqlPlace {
  std::string location;  ///< In the dialect's own form; for SQLite an absolute path.
  bool create = false;   ///< Make what is not there.
  std::size_t row_bytes_max = std::size_t{64} << 20;
};

/// All that differs between the databases behind SOCI: one constant per backend. Functions that
/// take a session throw soci::soci_error.
struct SqlDialect {
  std::string_view scheme;       ///< Of the dsn: "sqlite".
  std::string_view begin_write;  ///< Starts a transaction that will write.
  std::string_view probe;        ///< A query that succeeds on any sound database.
  bool one_writer;               ///< The database takes one writing transaction at a time.

  /// The dsn after "SCHEME:" as a location.
  Result<std::string> (*locate)(std::string_view rest);
  /// Opens a session on which waits for locks and running statements end at `*deadline`, which may
  /// change between statements and outlives the session.
  std::unique_ptr<soci::session> (*connect)(const SqlPlace& place, const Time* deadline);
  /// Why connecting failed, in words for the person who must act on it.
  std::string (*why_unreachable)(const SqlPlace& place, const soci::soci_error& error);
  /// The session still works, but on a database that is no longer the one at its place.
  bool (*moved)(soci::session& session);
  StatementShape (*inspect)(soci::session& session, soci::statement& statement,
                            std::string_view text);
  SqlColumn (*column)(soci::statement& statement, int index);
  Failure (*failure)(soci::session& session, const soci::soci_error& error);
};

const SqlDialect& sqlite_dialect();

/// Splits "SCHEME:REST" and finds the dialect; Errc::invalid_argument names those there are.
struct SqlAddress {
  const SqlDialect* dialect;
  std::string location;
};
Result<SqlAddress> parse_dsn(std::string_view dsn);

}  // namespace ringcache
