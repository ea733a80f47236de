// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <compare>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/log.h>
#include <ringcache/store.h>

#include "sql/driver.h"

namespace ringcache {

/// A statement and what it must be. Shared by the connections, each of which prepares it once.
struct SqlStatement {
  enum class Role : std::uint8_t {
    get,       ///< Reads by :key.
    get_many,  ///< Reads by :keys, and yields the key first.
    put,       ///< Writes :value by :key.
    cas,       ///< Writes :value by :key where there is :expected.
    touch,     ///< Writes :expires_at by :key.
    erase,     ///< Writes by :key.
    trusted    ///< Our own: not checked.
  };
  Role role = Role::trusted;
  std::string label;  ///< What errors call it: "get of group scores".
  std::string text;
};
using SqlStatementPtr = std::shared_ptr<const SqlStatement>;

/// What the connections of one database share.
struct SqlSource {
  std::string name;  ///< Begins every error: "source school".
  const SqlDriver& driver;
  SqlPlace place;
  std::vector<std::string> setup;  ///< Run on every new session.
  Log log;
  mutable std::atomic<bool> reachable = true;  ///< What the log last said.
  /// Grows when a connection finds the database replaced or out of reach. The others then look at
  /// once too, so that answers do not flicker between the old one and the new.
  mutable std::atomic<std::uint64_t> alarms = 0;
};

/// The time a statement has, and whose it is: past the caller's own deadline a read is
/// Errc::deadline_exceeded, past the source's it is Errc::unavailable.
struct SqlLimit {
  Time at = Time::max();
  bool callers = false;

  /// Of a call that is made now.
  static SqlLimit until(Time callers_deadline, Duration sources_timeout);
};

/// One session, opened when it is first needed and opened again, with growing pauses, when it is
/// lost or its database has been replaced. Belongs to one thread. A std::bad_alloc may leave it,
/// and the session must then be dropped.
class SqlConnection {
  static constexpr int kAttemptsMax = 4;  // a transaction has so many statements to be outdated

  struct Key {
    SqlStatementPtr statement;  // kept, so that no other can come to lie at its address
    std::size_t keys = 0;       // in a list of its parameters
    friend auto operator<=>(const Key&, const Key&) = default;
  };

 public:
  explicit SqlConnection(std::shared_ptr<const SqlSource> source);
  ~SqlConnection();
  SqlConnection(const SqlConnection&) = delete;
  SqlConnection& operator=(const SqlConnection&) = delete;

  /// Until when everything that follows may take.
  void set_limit(const SqlLimit& limit);
  /// The same, as for a call that is made now.
  void set_deadline(Time callers);

  /// Makes sure of a session; Errc::unavailable says why there is none. `writing` looks closely
  /// whether its database is still the one at its place.
  Result<void> connect(bool writing);

  /// Prepares a statement, or finds it prepared, and tells what it is. Errc::invalid_argument when
  /// it cannot be prepared, or is not what its role asks for.
  Result<StatementShape> check(const SqlStatementPtr& statement);

  /// Runs a query that may yield one row; false when it yields none. More are an error.
  using OnOneRow = std::function<void(const SqlRow& row)>;
  Result<bool> query(const SqlStatementPtr& statement, const SqlParameters& parameters,
                     const OnOneRow& on_row);
  /// Runs a query for all its rows.
  Result<void> query_all(const SqlStatementPtr& statement, const SqlParameters& parameters,
                         const OnOneRow& on_row);
  /// Runs a statement; how many rows it changed.
  Result<std::int64_t> execute(const SqlStatementPtr& statement, const SqlParameters& parameters);

  /// The database's clock at `now`, in Unix milliseconds: asked for once in a while, and never
  /// behind, but for what it has been set since.
  Result<std::int64_t> clock(Time now);

  /// Runs `body`, which answers a Result, in one transaction that is committed if it succeeds. An
  /// error means that nothing was written, unless it is Errc::unknown. Where a statement turns out
  /// to have been prepared for another schema, all of it runs once more.
  template <class Body>
  auto transaction(Body body) -> decltype(body()) {
    std::optional<Key> before;
    for (int attempts = 1;; ++attempts) {
      auto result = attempt_transaction(body);
      auto outdated = result ? std::optional<Key>() : take_outdated();
      if (!outdated) return result;
      if (outdated == before || attempts == kAttemptsMax)
        return result.error().code = Errc::invalid_argument, result;
      before = std::move(outdated);
    }
  }

  /// SqlSession::heard_by() of the session, if there is one.
  bool heard_by(Time end) { return session_ && session_->heard_by(end); }

  void drop();

 private:
  template <class Body>
  auto attempt_transaction(Body& body) -> decltype(body()) {
    if (auto begun = begin(); !begun) return std::unexpected(not_applied(begun.error()));
    in_transaction_ = true;
    auto result = body();
    in_transaction_ = false;
    if (!result) {
      rollback();
      return std::unexpected(not_applied(result.error()));
    }
    if (auto committed = commit(); !committed) return std::unexpected(committed.error());
    return result;
  }

  static Error not_applied(Error error);
  Result<void> begin();
  Result<void> commit();
  void rollback();
  void look(bool writing);
  void lose();
  Result<void> reopen();
  Result<void> open();
  Tried<void> open_session();
  Tried<void> set_up(const std::string& sql);
  Error not_opened(const Failure& failure);
  Error unreachable(std::string why);
  Result<SqlPrepared*> prepare(const Key& key);
  Result<SqlPrepared*> prepared(const Key& key);
  Result<std::int64_t> run(const SqlStatementPtr& statement, const SqlParameters& parameters,
                           const OnRow& on_row);
  Result<std::int64_t> attempt(const Key& key, const SqlParameters& parameters, const OnRow& on_row,
                               bool& may_repeat);
  Error failed(const Key& key, const Failure& failure);
  std::optional<Key> take_outdated();
  Errc code_of(Trouble trouble) const;
  Error error(Errc code, std::string_view label, std::string_view message) const;

  const std::shared_ptr<const SqlSource> source_;
  Time deadline_ = Time::max();  // the session looks at it while it waits and works
  bool callers_deadline_ = false;
  bool in_transaction_ = false;
  std::unique_ptr<SqlSession> session_;
  std::map<Key, std::unique_ptr<SqlPrepared>> prepared_;  // destroyed before the session
  std::optional<Key> mistaken_;  // the statement that last did not fit, or not what it met
  const SqlStatementPtr clock_;
  std::int64_t clock_ms_ = 0;
  std::optional<Time> clock_read_at_;  // a moment before
  std::uint64_t alarms_heard_ = 0;
  Time looked_at_{};
  Time retry_at_{};
  Duration pause_{0};
  Error last_error_;
};

}  // namespace ringcache
