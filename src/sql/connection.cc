// SPDX-License-Identifier: Apache-2.0
#include "sql/connection.h"

#include <algorithm>
#include <thread>

#include "sql/check.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;

/// A lost database is tried again after pauses that double between these two.
constexpr Duration kRetryPauseMin = 50ms;
constexpr Duration kRetryPauseMax = 1s;
/// Reads look this often whether their file is still there; a look costs a system call.
constexpr Duration kLookEvery = 100ms;
constexpr Duration kLockPause = 10ms;
/// How long a database's clock is taken to go on as it was.
constexpr Duration kClockLife = 10s;

/// Another session may do better, perhaps with another server.
bool costs_session(Trouble trouble) {
  return trouble == Trouble::broken || trouble == Trouble::unready;
}

bool no_rows(const SqlRow& /*row*/) { return true; }

}  // namespace

SqlLimit SqlLimit::until(Time callers_deadline, Duration sources_timeout) {
  const Time ours = saturating_add(BootClock::now(), sources_timeout);
  return {.at = std::min(ours, callers_deadline), .callers = callers_deadline < ours};
}

SqlConnection::SqlConnection(std::shared_ptr<const SqlSource> source)
    : source_(std::move(source)),
      clock_(std::make_shared<SqlStatement>(
          SqlStatement{.label = "clock", .text = std::string(source_->driver.clock)})) {}

SqlConnection::~SqlConnection() { drop(); }

void SqlConnection::drop() {
  prepared_.clear();
  session_.reset();
}

/// The others had better look too.
void SqlConnection::lose() {
  ++source_->alarms;
  drop();
}

void SqlConnection::set_limit(const SqlLimit& limit) {
  deadline_ = limit.at;
  callers_deadline_ = limit.callers;
}

void SqlConnection::set_deadline(Time callers) {
  set_limit(SqlLimit::until(callers, source_->place.timeout));
}

Result<void> SqlConnection::connect(bool writing) {
  if (session_) look(writing);
  if (session_) return {};
  if (BootClock::now() < retry_at_) return std::unexpected(last_error_);
  return open();
}

/// Drops a session whose database is gone: SQLite would go on to read and write a file that was
/// deleted.
void SqlConnection::look(bool writing) {
  if (!session_->usable()) return drop();
  const Time now = BootClock::now();
  const std::uint64_t alarms = source_->alarms;
  if (!writing && alarms == alarms_heard_ && now - looked_at_ < kLookEvery) return;
  alarms_heard_ = alarms;
  looked_at_ = now;
  if (session_->gone()) lose();
}

Result<void> SqlConnection::open() {
  alarms_heard_ = source_->alarms;
  if (auto opened = open_session(); !opened) return std::unexpected(not_opened(opened.error()));
  looked_at_ = BootClock::now();
  clock_read_at_.reset();
  pause_ = Duration{0};
  if (!source_->reachable.exchange(true)) source_->log.info(source_->name + " is back");
  return {};
}

Tried<void> SqlConnection::open_session() {
  auto opened = source_->driver.open(source_->place, &deadline_);
  if (!opened) return std::unexpected(opened.error());
  session_ = std::move(*opened);
  for (const std::string& sql : source_->setup) {
    if (auto ran = set_up(sql); !ran) {
      ran.error().message = source_->place.label + ": " + ran.error().message;
      return ran;
    }
  }
  return {};
}

/// Of two processes that make one SQLite file at the same time one is told at once that it is
/// locked, as not every statement waits for a lock.
Tried<void> SqlConnection::set_up(const std::string& sql) {
  for (;;) {
    auto ran = session_->run(sql);
    const bool locked = !ran && ran.error().trouble == Trouble::busy;
    if (!locked || BootClock::now() + kLockPause >= deadline_) return ran;
    std::this_thread::sleep_for(kLockPause);
  }
}

Error SqlConnection::not_opened(const Failure& failure) {
  if (failure.trouble != Trouble::busy && failure.trouble != Trouble::late)
    return unreachable(failure.message);
  drop();  // it is there, only locked: the next call may try at once
  return {code_of(failure.trouble), source_->name + ": " + failure.message};
}

Error SqlConnection::unreachable(std::string why) {
  drop();
  ++source_->alarms;
  pause_ = std::clamp(pause_ * 2, kRetryPauseMin, kRetryPauseMax);
  retry_at_ = BootClock::now() + pause_;
  last_error_ = {Errc::unavailable, source_->name + ": " + std::move(why)};
  if (source_->reachable.exchange(false))
    source_->log.error(last_error_.message + "; calls are refused until it can be opened");
  return last_error_;
}

Result<SqlPrepared*> SqlConnection::prepare(const Key& key) {
  if (const auto found = prepared_.find(key); found != prepared_.end()) return found->second.get();
  auto made = session_->prepare(key.statement->text, std::max<std::size_t>(key.keys, 1));
  if (!made) {
    const Trouble trouble = made.error().trouble;
    if (costs_session(trouble) || !session_->usable()) lose();
    const Errc code = trouble == Trouble::mistake ? Errc::invalid_argument : code_of(trouble);
    return std::unexpected(error(code, key.statement->label, made.error().message));
  }
  if (std::string wrong = mistake_in(*key.statement, (*made)->shape()); !wrong.empty())
    return std::unexpected(error(Errc::invalid_argument, key.statement->label, wrong));
  return prepared_.emplace(key, std::move(*made)).first->second.get();
}

Result<StatementShape> SqlConnection::check(const SqlStatementPtr& statement) {
  auto prepared = prepare({statement});
  if (!prepared) return std::unexpected(prepared.error());
  return (*prepared)->shape();
}

/// A statement that was found right once and is not any more has met another schema: that is the
/// database's state, not the caller's mistake.
Result<SqlPrepared*> SqlConnection::prepared(const Key& key) {
  auto prepared = prepare(key);
  if (!prepared && prepared.error().code == Errc::invalid_argument)
    prepared.error().code = Errc::unavailable;
  return prepared;
}

Result<std::int64_t> SqlConnection::clock(Time now) {
  if (!clock_read_at_ || now >= *clock_read_at_ + kClockLife) {
    const auto read = query(
        clock_, {}, [&](const SqlRow& row) { clock_ms_ = std::get<std::int64_t>(row.columns[0]); });
    if (!read) return std::unexpected(read.error());
    clock_read_at_ = now;
  }
  return clock_ms_ +
         std::chrono::duration_cast<std::chrono::milliseconds>(now - *clock_read_at_).count();
}

/// The call before may have cost the session. A transaction does not go on in another one.
Result<void> SqlConnection::reopen() {
  if (session_) return {};
  if (in_transaction_) return fail(Errc::unavailable, source_->name + ": the connection is lost");
  return open();
}

/// A connection may have ended while nobody used it, and be told so only now; a statement may be
/// told that the schema is another. What only reads is then read again. In a transaction that is
/// for the whole of it.
Result<std::int64_t> SqlConnection::run(const SqlStatementPtr& statement,
                                        const SqlParameters& parameters, const OnRow& on_row) {
  const Key key{statement, parameters.keys.size()};
  bool may_repeat = false;
  if (auto opened = reopen(); !opened) return std::unexpected(opened.error());
  auto ran = attempt(key, parameters, on_row, may_repeat);
  if (ran || in_transaction_) return ran;
  bool outdated = take_outdated().has_value();
  if (may_repeat && (outdated || !session_) && reopen()) {
    ran = attempt(key, parameters, on_row, may_repeat);
    outdated = !ran && take_outdated();
  }
  if (outdated) ran.error().code = Errc::invalid_argument;
  return ran;
}

Result<std::int64_t> SqlConnection::attempt(const Key& key, const SqlParameters& parameters,
                                            const OnRow& on_row, bool& may_repeat) {
  auto prepared = this->prepared(key);
  may_repeat = !session_;
  if (!prepared) return std::unexpected(prepared.error());
  bool has_begun = false;  // to yield rows
  auto ran = (*prepared)->run(parameters, [&](const SqlRow& row) {
    has_begun = true;
    return on_row(row);
  });
  if (ran) return *ran;
  const Trouble trouble = ran.error().trouble;
  may_repeat = (costs_session(trouble) || trouble == Trouble::mistake) && !has_begun &&
               !(*prepared)->shape().writes;
  return std::unexpected(failed(key, ran.error()));
}

Result<bool> SqlConnection::query(const SqlStatementPtr& statement, const SqlParameters& parameters,
                                  const OnOneRow& on_row) {
  int rows = 0;
  const auto ran = run(statement, parameters, [&](const SqlRow& row) {
    if (++rows == 1) on_row(row);
    return rows == 1;
  });
  if (!ran) return std::unexpected(ran.error());
  if (rows > 1)
    return std::unexpected(
        error(Errc::invalid_argument, statement->label, "it yields more than one row for a key"));
  return rows == 1;
}

Result<void> SqlConnection::query_all(const SqlStatementPtr& statement,
                                      const SqlParameters& parameters, const OnOneRow& on_row) {
  const auto ran = run(statement, parameters, [&](const SqlRow& row) { return on_row(row), true; });
  if (!ran) return std::unexpected(ran.error());
  return {};
}

Result<std::int64_t> SqlConnection::execute(const SqlStatementPtr& statement,
                                            const SqlParameters& parameters) {
  return run(statement, parameters, no_rows);
}

/// What a statement that was prepared failed by.
Error SqlConnection::failed(const Key& key, const Failure& failure) {
  Error result = error(code_of(failure.trouble), key.statement->label, failure.message);
  if (failure.trouble == Trouble::mistake) {
    prepared_.erase(key);
    mistaken_ = key;
  }
  if (costs_session(failure.trouble) || failure.trouble == Trouble::read_only ||
      !session_->usable())
    lose();
  return result;
}

/// The statement that was mistaken, if it is sound when it is prepared anew: then it was prepared
/// for another schema, or, if that happens twice, it is what it met, such as malformed JSON in a
/// row.
std::optional<SqlConnection::Key> SqlConnection::take_outdated() {
  auto key = std::exchange(mistaken_, std::nullopt);
  if (!key || !session_ || !prepare(*key)) return std::nullopt;
  return key;
}

Errc SqlConnection::code_of(Trouble trouble) const {
  switch (trouble) {
    case Trouble::busy:
    case Trouble::late:
      return callers_deadline_ ? Errc::deadline_exceeded : Errc::unavailable;
    case Trouble::refused:
      return Errc::invalid_argument;
    case Trouble::read_only:
      return Errc::unsupported;
    case Trouble::too_large:
      return Errc::too_large;
    default:
      return Errc::unavailable;
  }
}

Error SqlConnection::error(Errc code, std::string_view label, std::string_view message) const {
  return {code, source_->name + ", " + std::string(label) + ": " + std::string(message)};
}

Error SqlConnection::not_applied(Error error) {
  if (error.code == Errc::deadline_exceeded) error.code = Errc::unavailable;
  return error;
}

Result<void> SqlConnection::begin() {
  const std::string_view begin = source_->driver.begin_write;
  const auto begun = session_->run(begin);
  if (begun) return {};
  const bool is_lost = costs_session(begun.error().trouble);
  if (is_lost || !session_->usable()) lose();
  if (is_lost && open() && session_->run(begin)) return {};
  return std::unexpected(error(code_of(begun.error().trouble), "begin", begun.error().message));
}

/// A commit that was kept from beginning has changed nothing and is rolled back; one that broke
/// may have reached the disk.
Result<void> SqlConnection::commit() {
  const auto committed = session_->run("COMMIT");
  if (committed) return {};
  const Failure& failure = committed.error();
  const bool undecided = failure.trouble == Trouble::broken ||
                         failure.trouble == Trouble::mistake || !session_->usable();
  undecided ? drop() : rollback();
  return std::unexpected(not_applied(
      error(undecided ? Errc::unknown : code_of(failure.trouble), "commit", failure.message)));
}

/// Where this fails, closing the session does what it should have done.
void SqlConnection::rollback() {
  set_limit({.at = saturating_add(BootClock::now(), source_->place.timeout)});
  if (session_ && !session_->run("ROLLBACK")) drop();
}

}  // namespace ringcache
