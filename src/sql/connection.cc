// SPDX-License-Identifier: Apache-2.0
#include "sql/connection.h"

#include <soci/soci.h>

#include <algorithm>

#include "base/utf8.h"
#include "sql/check.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;

/// A lost database is tried again after pauses that double between these two.
constexpr Duration kRetryPauseMin = 50ms;
constexpr Duration kRetryPauseMax = 1s;
/// Reads look this often whether their file is still there; a look costs a system call.
constexpr Duration kLookEvery = 100ms;
/// Buffers above this are given back after a statement.
constexpr std::size_t kKeptBufferBytes = std::size_t{64} << 10;

SqlStatementPtr own_statement(std::string label, std::string_view text) {
  return std::make_shared<SqlStatement>(SqlStatement{
      .role = SqlStatement::Role::trusted, .label = std::move(label), .text = std::string(text)});
}

bool binary(std::string_view value) { return value.contains('\0') || !valid_utf8(value); }

}  // namespace

/// SOCI binds variables, not values: these live beside the statement that looks at them.
struct SqlConnection::Prepared {
  explicit Prepared(soci::session& session) : statement(session) {}

  void bind(soci::session& session, bool as_blob);
  void set(const SqlParameters& parameters);

  soci::statement statement;
  StatementShape shape;
  std::string key, text;
  std::unique_ptr<soci::blob> blob;
  long long ttl_ms = 0;
  soci::indicator ttl_indicator = soci::i_null;
};

void SqlConnection::Prepared::bind(soci::session& session, bool as_blob) {
  for (const std::string& name : shape.parameters) {
    if (name == "key") {
      statement.exchange(soci::use(key, name));
    } else if (name == "value" && as_blob) {
      blob = std::make_unique<soci::blob>(session);
      statement.exchange(soci::use(*blob, name));
    } else if (name == "value") {
      statement.exchange(soci::use(text, name));
    } else {
      statement.exchange(soci::use(ttl_ms, ttl_indicator, name));
    }
  }
  statement.define_and_bind();
}

void SqlConnection::Prepared::set(const SqlParameters& parameters) {
  key = parameters.key;
  if (blob) {
    blob->trim(0);
    blob->write(0, parameters.value.data(), parameters.value.size());
  } else {
    text = parameters.value;
  }
  ttl_ms = parameters.ttl_ms.value_or(0);
  ttl_indicator = parameters.ttl_ms ? soci::i_ok : soci::i_null;
}

SqlConnection::SqlConnection(std::shared_ptr<const SqlSource> source)
    : source_(std::move(source)),
      begin_(own_statement("begin", source_->dialect.begin_write)),
      commit_(own_statement("commit", "COMMIT")),
      rollback_(own_statement("rollback", "ROLLBACK")) {}

SqlConnection::~SqlConnection() { drop(); }

void SqlConnection::drop() {
  prepared_.clear();
  session_.reset();
}

void SqlConnection::set_limit(const SqlLimit& limit) {
  deadline_ = limit.at;
  callers_deadline_ = limit.callers;
}

Result<void> SqlConnection::connect(bool writing) {
  if (session_) look(writing);
  if (session_) return {};
  if (BootClock::now() < retry_at_) return std::unexpected(last_error_);
  return open();
}

/// Drops a session whose database is no longer the one at its place: SQLite would go on to read and
/// write the file that was deleted.
void SqlConnection::look(bool writing) {
  const Time now = BootClock::now();
  const std::uint64_t alarms = source_->alarms;
  if (!writing && alarms == alarms_heard_ && now - looked_at_ < kLookEvery) return;
  alarms_heard_ = alarms;
  looked_at_ = now;
  if (!source_->dialect.moved(*session_)) return;
  ++source_->alarms;
  drop();
}

Result<void> SqlConnection::open() {
  alarms_heard_ = source_->alarms;
  try {
    session_ = source_->dialect.connect(source_->place, &deadline_);
    for (const std::string& sql : source_->setup) *session_ << sql;
    *session_ << source_->dialect.probe;
  } catch (const soci::soci_error& thrown) {
    return std::unexpected(not_opened(thrown));
  }
  looked_at_ = BootClock::now();
  pause_ = Duration{0};
  if (!source_->reachable.exchange(true)) source_->log.info(source_->name + " is back");
  return {};
}

Error SqlConnection::not_opened(const soci::soci_error& thrown) {
  if (!session_) return unreachable(source_->dialect.why_unreachable(source_->place, thrown));
  const Failure failure = source_->dialect.failure(*session_, thrown);
  const std::string why = source_->place.location + ": " + failure.message;
  if (failure.trouble != Trouble::busy && failure.trouble != Trouble::late) return unreachable(why);
  drop();  // it is there, only locked: the next call may try at once
  return {code_of(failure.trouble), source_->name + ": " + why};
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

Result<SqlConnection::Prepared*> SqlConnection::prepare(const SqlStatementPtr& statement,
                                                        bool blob) {
  const Key key{statement, blob};
  if (const auto found = prepared_.find(key); found != prepared_.end()) return found->second.get();
  auto made = std::make_unique<Prepared>(*session_);
  try {
    made->statement.alloc();
    made->statement.prepare(statement->text);
    made->shape = source_->dialect.inspect(*session_, made->statement, statement->text);
    if (std::string wrong = mistake_in(*statement, made->shape); !wrong.empty())
      return std::unexpected(error(Errc::invalid_argument, *statement, wrong));
    made->bind(*session_, blob);
  } catch (const soci::soci_error& thrown) {
    Failure failure = source_->dialect.failure(*session_, thrown);
    const bool ours = failure.trouble == Trouble::mistake;
    Error wrong = error(ours ? Errc::invalid_argument : code_of(failure.trouble), *statement,
                        failure.message);
    made.reset();
    if (failure.trouble == Trouble::broken) return std::unexpected(unreachable(failure.message));
    return std::unexpected(std::move(wrong));
  }
  return prepared_.emplace(key, std::move(made)).first->second.get();
}

Result<void> SqlConnection::check(const SqlStatementPtr& statement) {
  auto prepared = prepare(statement, false);
  if (!prepared) return std::unexpected(prepared.error());
  return {};
}

/// A statement that was found right once and is not any more has met another schema: that is the
/// database's state, not the caller's mistake.
Result<SqlConnection::Prepared*> SqlConnection::prepared(const SqlStatementPtr& statement,
                                                         const SqlParameters& parameters) {
  const bool blob = statement->role == SqlStatement::Role::put && binary(parameters.value);
  auto prepared = prepare(statement, blob);
  if (!prepared && prepared.error().code == Errc::invalid_argument)
    prepared.error().code = Errc::unavailable;
  return prepared;
}

bool SqlConnection::run(Prepared& prepared, const SqlParameters& parameters) {
  prepared.set(parameters);
  return prepared.statement.execute(true);
}

Result<bool> SqlConnection::query(const SqlStatementPtr& statement, const SqlParameters& parameters,
                                  const OnRow& on_row) {
  auto prepared = this->prepared(statement, parameters);
  if (!prepared) return std::unexpected(prepared.error());
  const Key key{statement};
  try {
    soci::statement& cursor = (*prepared)->statement;
    if (!run(**prepared, parameters)) return false;
    on_row(SqlRow(source_->dialect, cursor, (*prepared)->shape.columns));
    // The last row must be stepped past, or SQLite goes on holding its lock on the file.
    if (cursor.get_backend()->fetch(1) != soci::details::statement_backend::ef_success) return true;
    prepared_.erase(key);
    return std::unexpected(
        error(Errc::invalid_argument, *statement, "it yields more than one row for a key"));
  } catch (const soci::soci_error& thrown) {
    return std::unexpected(failed(key, thrown));
  }
}

Result<std::int64_t> SqlConnection::execute(const SqlStatementPtr& statement,
                                            const SqlParameters& parameters) {
  auto prepared = this->prepared(statement, parameters);
  if (!prepared) return std::unexpected(prepared.error());
  try {
    run(**prepared, parameters);
    const std::int64_t changed = (*prepared)->statement.get_affected_rows();
    if ((*prepared)->text.capacity() > kKeptBufferBytes) std::string().swap((*prepared)->text);
    if ((*prepared)->blob) (*prepared)->blob->trim(0);
    return changed;
  } catch (const soci::soci_error& thrown) {
    return std::unexpected(failed({statement, (*prepared)->blob != nullptr}, thrown));
  }
}

/// What a statement that was prepared failed by. The statement is forgotten: it may have to be
/// prepared for another schema.
Error SqlConnection::failed(const Key& key, const soci::soci_error& thrown) {
  const Failure failure = source_->dialect.failure(*session_, thrown);
  Error result = error(code_of(failure.trouble), *key.statement, failure.message);
  prepared_.erase(key);
  if (failure.trouble == Trouble::broken || failure.trouble == Trouble::read_only) drop();
  // Still sound as a statement: then it is what it met, such as malformed JSON in a row.
  if (failure.trouble == Trouble::mistake && prepare(key.statement, key.blob))
    result.code = Errc::invalid_argument;
  return result;
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

Error SqlConnection::error(Errc code, const SqlStatement& statement,
                           std::string_view message) const {
  return {code, source_->name + ", " + statement.label + ": " + std::string(message)};
}

Error SqlConnection::not_applied(Error error) {
  if (error.code == Errc::deadline_exceeded) error.code = Errc::unavailable;
  return error;
}

Result<void> SqlConnection::begin() {
  auto begun = execute(begin_, {});
  if (!begun) return std::unexpected(begun.error());
  return {};
}

/// A commit that was kept from beginning has changed nothing and is rolled back; one that broke
/// may have reached the disk.
Result<void> SqlConnection::commit() {
  auto prepared = this->prepared(commit_, {});
  if (!prepared) {
    rollback();
    return std::unexpected(not_applied(prepared.error()));
  }
  try {
    run(**prepared, {});
    return {};
  } catch (const soci::soci_error& thrown) {
    const Failure failure = source_->dialect.failure(*session_, thrown);
    const bool undecided =
        failure.trouble == Trouble::broken || failure.trouble == Trouble::mistake;
    undecided ? drop() : rollback();
    return std::unexpected(not_applied(
        error(undecided ? Errc::unknown : code_of(failure.trouble), *commit_, failure.message)));
  }
}

/// Where this fails, closing the session does what it should have done.
void SqlConnection::rollback() {
  set_limit({});
  if (session_ && !execute(rollback_, {})) drop();
}

}  // namespace ringcache
