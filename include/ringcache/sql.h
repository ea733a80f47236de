// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include <ringcache/log.h>
#include <ringcache/store.h>

namespace ringcache {

struct SqlOptions {
  std::string name;   ///< What errors call this source.
  std::string dsn;    ///< "sqlite:PATH".
  unsigned pool = 8;  ///< Connections, each with a thread of its own.
  /// How long a statement may wait for a connection and run.
  Duration timeout = std::chrono::seconds(2);
  unsigned queued_max = 10'000;  ///< Statements that may wait; above it Errc::overloaded.
  Log log;
};

/// What a group does to its rows. `:key`, and in `put` also `:value`, are bound, never pasted.
struct SqlStatements {
  std::string group;  ///< What errors call this group.
  std::string get;    ///< One column = the raw value; several = a JSON object by column name.
  std::string put;    ///< Optional; without it the group is read-only.
  std::string erase;  ///< Optional.
};

/// One database and its connections, shared by the groups whose rows it holds. Thread-safe.
class SqlDatabase {
 public:
  /// Errc::unavailable when it cannot be opened, Errc::invalid_argument for a dsn we cannot read.
  static Result<std::shared_ptr<SqlDatabase>> open(SqlOptions options);
  ~SqlDatabase();

  /// A Store over one group's rows. The statements are prepared once to see that they can be:
  /// Errc::invalid_argument names source, group and statement otherwise.
  Result<std::shared_ptr<Store>> rows(SqlStatements statements);

 private:
  struct Impl;
  explicit SqlDatabase(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

/// The durable group `kv`: any key, any bytes, with a ttl if asked, in an SQLite file at `path`,
/// which is made if it is not there.
Result<std::shared_ptr<Store>> open_kv(const std::string& path, Log log = {});

}  // namespace ringcache
