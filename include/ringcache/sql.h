// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <ringcache/log.h>
#include <ringcache/store.h>

namespace ringcache {

struct SqlOptions {
  std::string name;  ///< What errors call this source.
  /// "sqlite:PATH", a file that exists; "mysql://USER:PASSWORD@HOST:PORT/DATABASE", or mariadb://;
  /// "postgresql://USER:PASSWORD@HOST:PORT/DATABASE". docs/sources.md has the options.
  std::string dsn;
  unsigned pool = 8;  ///< Connections, each with a thread of its own.
  /// How long a statement may wait for a connection and run, together; then it is stopped.
  Duration timeout = std::chrono::seconds(2);
  unsigned queued_max = 10'000;  ///< Statements that may wait; above it Errc::overloaded.
  /// A row or a bound value above this is Errc::too_large instead of being read.
  std::size_t row_bytes_max = std::size_t{64} << 20;
  Log log;
};

/// Whether that can be a dsn: says what is wrong with it, and what would be right, and never holds
/// a part of it that may be a password.
Result<void> check_sql_dsn(std::string_view dsn);

/// What a group does to its rows. `:key`, in writes also `:value` and what they name, and in
/// `get_many` instead `:keys` are bound, never pasted, as text (the database converts it to its
/// column's type); a value that is not UTF-8 is bound as bytes, and so is one that holds NUL.
/// Writes change one row, which is read back by `get` in the same transaction: their answer.
struct SqlStatements {
  std::string group;  ///< What errors call this group.
  /// Yields at most one row. One column is the raw value: text and blobs byte for byte, numbers as
  /// text, NULL as a value of no bytes (no row at all is Errc::not_found). Several columns are a
  /// JSON object in their order: NULL is null, blobs and text that is not UTF-8 are base64.
  /// Behind these there may be `ringcache_expires_at`, the row's own end as Unix milliseconds by
  /// the database's clock, and `ringcache_tags`, separated by commas. NULL: none.
  std::string get;
  /// Optional: reads several rows, `… WHERE name IN (:keys)`, the key first and then what `get`
  /// yields. What is asked for together is then one query, and so are single gets that meet.
  std::string get_many;
  /// How long a get waits for others to go along with while another is being loaded.
  Duration batch_window = std::chrono::microseconds(500);
  /// Optional; without it the group is read-only. Where it uses `:expires_at` (Unix milliseconds,
  /// NULL for no end) a put may have a ttl, where it uses `:tags` (NULL for none) it may have tags.
  std::string put;
  /// Optional: compare-and-set. As `put`, for a row whose value is `:expected`.
  std::string cas;
  /// Optional: gives a row `:expires_at`.
  std::string touch;
  std::string erase;  ///< Optional.
};

/// One database and its connections, shared by the groups whose rows it holds. Thread-safe.
///
/// A database that cannot be reached, now or later, is no end: calls answer Errc::unavailable with
/// the reason, the log says it once, and the connections are opened again when it is back (looked
/// for at least once a second while there are calls). docs/sources.md has the errors.
class SqlDatabase {
 public:
  /// Starts the threads; connections are opened by the first calls. Errc::invalid_argument for a
  /// dsn or a number that cannot be right.
  static Result<std::shared_ptr<SqlDatabase>> open(SqlOptions options);
  ~SqlDatabase();

  /// Opens a connection now, for whoever wants to know; waits at most SqlOptions::timeout.
  Result<void> check();

  /// A Store over one group's rows, which keeps the connections alive. The statements are prepared
  /// once to see that they can be: Errc::invalid_argument names source, group and statement
  /// otherwise. Where the database cannot be reached now, that waits for the first call.
  /// Keys must be UTF-8 (Errc::invalid_argument).
  /// A write that a constraint forbids is Errc::invalid_argument, one that meets no row
  /// Errc::not_found. Waits at most SqlOptions::timeout.
  Result<std::shared_ptr<Store>> rows(SqlStatements statements);

 private:
  struct Impl;
  explicit SqlDatabase(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

struct KvOptions {
  std::string path;   ///< The SQLite file. It and its folder are made if they are not there.
  unsigned pool = 4;  ///< Connections, each with a thread of its own.
  Duration timeout = std::chrono::seconds(2);
  unsigned queued_max = 10'000;
  Log log;
};

/// The durable group `kv`: any key, any bytes, with a ttl if asked. A write that was answered
/// survives a power loss. Expiry is judged by the clock of the machine that holds the file; expired
/// rows are removed by and by. Several processes of one machine may share the file.
/// Errc::unavailable when it cannot be made or opened.
Result<std::shared_ptr<Store>> open_kv(KvOptions options);

}  // namespace ringcache
