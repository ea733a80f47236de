// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <ringcache/result.h>
#include <ringcache/scheduler.h>

#include "sql/outbox.h"
#include "sql/text.h"

namespace ringcache {

struct SqlBlob {
  std::string_view bytes;
};
/// One column of a row with its exact type; std::monostate is NULL. What is neither an integer, a
/// binary real, a truth value nor bytes is text: a decimal, for one. Views end with the row.
using SqlColumn = std::variant<std::monostate, std::int64_t, std::uint64_t /*above the other*/,
                               double, bool, std::string_view /*text*/, SqlBlob>;

/// The row under the cursor.
struct SqlRow {
  const std::vector<std::string>& names;
  std::span<const SqlColumn> columns;
};
/// Whether to go on with the next row.
using OnRow = std::function<bool(const SqlRow& row)>;

/// What a statement went wrong by; each database has its own numbers for these.
enum class Trouble : std::uint8_t {
  busy,       ///< Locked by another connection until our deadline.
  late,       ///< Stopped at our deadline.
  refused,    ///< A constraint or a type forbids this value.
  mistake,    ///< The statement does not fit the schema, or not the data it met.
  read_only,  ///< The database takes no writes from us.
  too_large,
  full,     ///< No room; nothing was written.
  unready,  ///< The server begins no statements for now, nor did it this one; another server may.
  broken    ///< The session, or what is behind it, can no longer be used.
};

struct Failure {
  Trouble trouble = Trouble::broken;
  std::string message;  ///< The database's own words, without any bound value.
};
template <class T>
using Tried = std::expected<T, Failure>;

/// What a parameter gets: NULL, a number, text, or bytes, which are text where they can be.
/// Borrowed.
using SqlBound = std::variant<std::monostate, std::int64_t, std::string_view, SqlBlob>;

/// What is bound, to the parameters that the statement has. Borrowed until the run has ended.
struct SqlParameters {
  std::string_view key;
  std::string_view value;
  std::string_view expected;  ///< What a compare-and-set replaces.
  std::string_view tags;      ///< None: NULL.
  std::optional<std::int64_t> ttl_ms;
  std::optional<std::int64_t> expires_at;  ///< Unix milliseconds by the database's clock.
  std::span<const std::string_view> keys;

  /// What the parameter of that name gets. `next_key` counts the uses of :keys.
  SqlBound bound(std::string_view name, std::size_t& next_key) const;
};

/// Keys for a list, up to a power of two with the last one repeated: room for keys that are not
/// asked for costs less than a statement for each number of them. REQUIRES: there is one.
std::vector<std::string_view> padded(std::span<const std::string> keys);

/// What a statement is, as far as the database and its text say.
struct StatementShape {
  std::vector<std::string> parameters;  ///< Without the colon; other markers as written.
  std::vector<std::string> columns;
  bool empty = false;    ///< Nothing but space and comments.
  bool further = false;  ///< A second statement follows.
  bool writes = false;
};
StatementShape shape_of(const SqlText& text);

/// A statement prepared on one session, which outlives it, but may be lost.
class SqlPrepared {
 public:
  virtual ~SqlPrepared() = default;
  const StatementShape& shape() const noexcept { return shape_; }
  /// Runs it to its end, or until `on_row` has seen enough; how many rows it changed.
  virtual Tried<std::int64_t> run(const SqlParameters& parameters, const OnRow& on_row) = 0;

 protected:
  StatementShape shape_;
};

/// One session with a database. Belongs to one thread. Waits for locks, for answers and for
/// statements that run end at the deadline that it was opened with, which may change in between.
class SqlSession {
 public:
  virtual ~SqlSession() = default;
  /// `keys` is how many a list in it will have.
  virtual Tried<std::unique_ptr<SqlPrepared>> prepare(std::string_view text, std::size_t keys) = 0;
  /// A statement without parameters, whose rows are of no interest.
  virtual Tried<void> run(std::string_view text) = 0;
  /// False when a failure has left it in no known state.
  virtual bool usable() const { return true; }
  /// Looks, without waiting, whether its database is no longer at its place: a file may have been
  /// replaced, a server have ended.
  virtual bool gone() = 0;
  /// Waits for what SqlOutbox::listen asked to hear of, and says whether it came, or the session
  /// ended. At once, and false, where a database does not tell.
  virtual bool heard_by(Time /*end*/) { return false; }
};

/// How to reach a database.
struct SqlPlace {
  std::string location;  ///< In the driver's own form.
  std::string label;     ///< What errors and the log call it: without a password.
  bool create = false;   ///< Make what is not there.
  std::size_t row_bytes_max = std::size_t{64} << 20;
  Duration timeout = std::chrono::seconds(2);  ///< Of a statement, for the database to know too.
  /// Where there are several hosts, the one to try first: all connections of a source go to the
  /// same one as long as it is there.
  std::shared_ptr<std::atomic<unsigned>> host = std::make_shared<std::atomic<unsigned>>(0);
};

/// Opens a session with the host of that number, by `until`.
using OpenHost = std::function<Tried<std::unique_ptr<SqlSession>>(std::size_t host, Time until)>;
/// Tries the hosts of a place in turn, beginning with the one that was there last; each has its
/// part of the time. What all of them said, if none is there.
Tried<std::unique_ptr<SqlSession>> open_one_of(const SqlPlace& place, std::size_t hosts,
                                               Time deadline, const OpenHost& open);

/// All that differs between the databases: one constant for each.
struct SqlDriver {
  std::span<const std::string_view> schemes;  ///< Of the dsn: "sqlite".
  std::string_view example;                   ///< A dsn.
  std::string_view begin_write;               ///< Starts a transaction that will write.
  std::string_view clock;                     ///< A query of its clock, in Unix milliseconds.
  bool one_writer = false;  ///< The database takes one writing transaction at a time.
  const SqlOutbox* outbox = nullptr;

  /// The dsn as a place; Errc::invalid_argument without any password in it.
  Result<SqlPlace> (*locate)(std::string_view dsn);
  /// `deadline` outlives the session. Trouble::broken when there is nobody to be reached, in words
  /// for the person who must act on it.
  Tried<std::unique_ptr<SqlSession>> (*open)(const SqlPlace& place, const Time* deadline);
};

const SqlDriver& sqlite_driver();
const SqlDriver& mysql_driver();
const SqlDriver& postgres_driver();

/// Finds the driver of a dsn by its scheme and the place by the rest; Errc::invalid_argument names
/// those there are.
struct SqlAddress {
  const SqlDriver* driver;
  SqlPlace place;
};
Result<SqlAddress> parse_dsn(std::string_view dsn);

}  // namespace ringcache
