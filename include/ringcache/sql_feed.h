// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <ringcache/sql.h>

namespace ringcache {

/// A row that somebody has changed.
struct SqlChange {
  std::string group;
  std::optional<std::string> key;  ///< None: any key of the group may have changed.

  friend bool operator==(const SqlChange&, const SqlChange&) = default;
};

struct SqlFeedOptions {
  std::string name;  ///< What the log calls the source.
  std::string dsn;   ///< As SqlOptions::dsn.
  /// How often the outbox is looked at. PostgreSQL tells us of a change, too.
  Duration poll = std::chrono::milliseconds(100);
  Duration timeout = std::chrono::seconds(2);  ///< Of a statement.
  /// Whether this node is the one that reads the outbox; asked before each look. Two that do are
  /// harmless, their work is done twice.
  std::function<bool()> elected;
  /// Makes every node forget these, each named once, and answers when all of them have; after an
  /// error it is asked again. The answer may come after the feed has ended.
  std::function<void(std::vector<SqlChange>, Done<void>)> on_change;
  Log log;
};

struct SqlFeedStats {
  bool elected = false;        ///< When it last looked; only then the others mean something.
  std::uint64_t changes = 0;   ///< Rows of the outbox that all nodes have acknowledged.
  std::uint64_t failures = 0;  ///< Looks that did not succeed.
  /// How long ago the oldest change was made that is known and not acknowledged; 0: there is none.
  Duration lag{0};
  Duration last_lag{0};  ///< How old the oldest of the last acknowledged ones had become.
  std::string trouble;   ///< What keeps it from working; empty: nothing.
};

/// What is changed in a database past us: triggers on the users' tables write the key of each
/// changed row to a table, the *outbox*, in the transaction that changes it. A feed reads the
/// outbox, oldest first, tells `on_change`, and then deletes exactly what it has read. There is no
/// position to be kept or lost: what was not acknowledged is still there for whoever looks next.
///
/// Has a session and a thread of its own, both idle while another node is elected. A database that
/// is away, or has no outbox, is said once in the log and tried again. Ages are counted by the
/// clock of the database. Thread-safe.
class SqlFeed {
 public:
  /// Errc::invalid_argument for a dsn that cannot be right.
  static Result<std::unique_ptr<SqlFeed>> start(SqlFeedOptions options);
  /// No call begins afterwards.
  ~SqlFeed();

  SqlFeedStats stats() const;

 private:
  class Impl;
  explicit SqlFeed(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Which table's rows are a group's, and which of its columns is the key.
struct SqlFeedTable {
  std::string group;
  std::string table;  ///< In PostgreSQL also SCHEMA.TABLE.
  std::string key;
};

/// One statement of a setup.
struct SqlFeedStep {
  std::string what;       ///< "trigger T on students"
  std::string statement;  ///< Without a semicolon at its end.
  bool compound = false;  ///< Has semicolons within, for which MariaDB's client needs DELIMITER.
  std::string grant;      ///< The right that it takes, if it is one that can be granted.
};

/// Installs and removes what feeds the outbox. Not thread-safe.
class SqlFeedSetup {
 public:
  using Steps = std::vector<SqlFeedStep>;

  /// Errc::unavailable says why the database cannot be opened.
  static Result<std::unique_ptr<SqlFeedSetup>> open(const SqlOptions& source);
  ~SqlFeedSetup();

  /// What is missing, in its order: nothing once it is installed. Changes nothing.
  /// Errc::invalid_argument names a table or column that is not there.
  Result<Steps> installation(const SqlFeedTable& table);
  /// What is there of it, likewise; the outbox itself goes with the last feed.
  Result<Steps> removal(const SqlFeedTable& table);
  /// An error has the database's reason, and the right that the step takes.
  Result<void> run(const SqlFeedStep& step);

 private:
  class Impl;
  explicit SqlFeedSetup(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringcache
