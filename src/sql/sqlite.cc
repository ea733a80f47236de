// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <thread>

#include "base/utf8.h"
#include "sql/driver.h"

namespace ringcache {
namespace {

constexpr SqlSyntax kSyntax{.brackets = true, .own_markers = "?@$"};

/// SQLite takes a URI where a name is asked for. It lets us forbid to make the file without a race.
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

Result<SqlPlace> locate(std::string_view dsn) {
  const std::string_view rest = dsn.substr(dsn.find(':') + 1);
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
  const std::string location = path.lexically_normal().string();
  return SqlPlace{.location = location, .label = location};
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

Trouble trouble_of(int extended) {
  switch (extended & 0xff) {
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

std::unexpected<Failure> failed(sqlite3* db) {
  return std::unexpected(Failure{trouble_of(sqlite3_extended_errcode(db)), sqlite3_errmsg(db)});
}

struct Finalize {
  void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
};
using StatementPtr = std::unique_ptr<sqlite3_stmt, Finalize>;

SqlColumn column(sqlite3_stmt* row, int index) {
  const auto bytes = [&](const void* data) {
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(row, index));
    return data ? std::string_view(static_cast<const char*>(data), size) : std::string_view();
  };
  switch (sqlite3_column_type(row, index)) {
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(row, index)};
    case SQLITE_FLOAT:
      return sqlite3_column_double(row, index);
    case SQLITE_TEXT:
      return bytes(sqlite3_column_text(row, index));
    case SQLITE_BLOB:
      return SqlBlob{bytes(sqlite3_column_blob(row, index))};
    default:
      return std::monostate();
  }
}

class Prepared final : public SqlPrepared {
 public:
  Prepared(sqlite3* db, StatementPtr statement, SqlText text)
      : db_(db), statement_(std::move(statement)), markers_(std::move(text.markers)) {
    text.writes = statement_ && sqlite3_stmt_readonly(statement_.get()) == 0;
    text.empty |= !statement_;
    text.markers = markers_;
    shape_ = shape_of(text);
    for (int i = 0; i < sqlite3_column_count(statement_.get()); ++i)
      shape_.columns.emplace_back(sqlite3_column_name(statement_.get(), i));
    columns_.resize(shape_.columns.size());
  }

  Tried<std::int64_t> run(const SqlParameters& parameters, const OnRow& on_row) override {
    const auto bound = bind(parameters);
    auto ran = bound ? step(on_row) : Tried<std::int64_t>(std::unexpected(bound.error()));
    sqlite3_reset(statement_.get());
    sqlite3_clear_bindings(statement_.get());
    return ran;
  }

 private:
  Tried<void> bind(const SqlParameters& parameters) {
    std::size_t key = 0;
    for (std::size_t i = 0; i < markers_.size(); ++i) {
      const int index = static_cast<int>(i) + 1;
      const int code = std::visit([&](auto bound) { return bind(index, bound); },
                                  parameters.bound(markers_[i], key));
      if (code != SQLITE_OK) return failed(db_);
    }
    return {};
  }

  int bind(int index, std::monostate) { return sqlite3_bind_null(statement_.get(), index); }
  int bind(int index, std::int64_t number) {
    return sqlite3_bind_int64(statement_.get(), index, number);
  }
  int bind(int index, std::string_view text) {
    const char* data = text.data() ? text.data() : "";
    return sqlite3_bind_text64(statement_.get(), index, data, text.size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }

  int bind(int index, SqlBlob blob) {
    const std::string_view bytes = blob.bytes;
    if (!bytes.contains('\0') && valid_utf8(bytes)) return bind(index, bytes);
    return sqlite3_bind_blob64(statement_.get(), index, bytes.data(), bytes.size(), SQLITE_STATIC);
  }

  /// SQLite prepares a statement again by itself when the schema has changed.
  bool has_changed() {
    const int times = sqlite3_stmt_status(statement_.get(), SQLITE_STMTSTATUS_REPREPARE, 0);
    if (times == times_prepared_) return false;
    if (!has_same_names()) return true;
    times_prepared_ = times;
    return false;
  }

  bool has_same_names() const {
    const auto is_same = [&, i = 0](const std::string& name) mutable {
      return name == sqlite3_column_name(statement_.get(), i++);
    };
    return sqlite3_column_count(statement_.get()) == static_cast<int>(columns_.size()) &&
           std::ranges::all_of(shape_.columns, is_same);
  }

  Tried<std::int64_t> step(const OnRow& on_row) {
    for (bool is_first = true;; is_first = false) {
      const int code = sqlite3_step(statement_.get());
      if (code == SQLITE_DONE) return shape_.writes ? sqlite3_changes64(db_) : 0;
      if (code != SQLITE_ROW) return failed(db_);
      if (is_first && has_changed())
        return std::unexpected(Failure{Trouble::mistake, "the columns have changed"});
      for (std::size_t i = 0; i < columns_.size(); ++i)
        columns_[i] = column(statement_.get(), static_cast<int>(i));
      if (!on_row({shape_.columns, columns_})) return 0;
    }
  }

  sqlite3* const db_;
  const StatementPtr statement_;
  const std::vector<std::string> markers_;
  std::vector<SqlColumn> columns_;
  int times_prepared_ = 0;  // again, with the same columns
};

class Session final : public SqlSession {
 public:
  explicit Session(sqlite3* db) : db_(db) {}
  ~Session() override { sqlite3_close_v2(db_); }

  Tried<std::unique_ptr<SqlPrepared>> prepare(std::string_view text, std::size_t keys) override {
    SqlText read = read_sql(text, kSyntax, keys);
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(db_, read.text.data(), static_cast<int>(read.text.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return failed(db_);
    return std::make_unique<Prepared>(db_, StatementPtr(statement), std::move(read));
  }

  Tried<void> run(std::string_view text) override {
    if (sqlite3_exec(db_, std::string(text).c_str(), nullptr, nullptr, nullptr) == SQLITE_OK)
      return {};
    return failed(db_);
  }

  bool gone() override {
    int has_moved = 0;
    const int code = sqlite3_file_control(db_, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved);
    return code == SQLITE_OK && has_moved != 0;
  }

 private:
  sqlite3* const db_;
};

std::string why_unreachable(const SqlPlace& place, sqlite3* db) {
  std::error_code ignored;
  const std::filesystem::path path = place.location;
  if (std::filesystem::is_directory(path, ignored)) return place.location + " is a directory";
  if (!place.create && !std::filesystem::exists(path, ignored))
    return "no such database file: " + place.location;
  return place.location + ": " + (db ? sqlite3_errmsg(db) : "out of memory");
}

void set_up(sqlite3* db, const SqlPlace& place, const Time* deadline) {
  constexpr int kStepsBetweenLooks = 1000;  // about 20 µs
  void* const time = const_cast<Time*>(deadline);
  sqlite3_extended_result_codes(db, 1);
  sqlite3_busy_handler(db, wait_for_lock, time);
  sqlite3_progress_handler(db, kStepsBetweenLooks, stop_when_late, time);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, static_cast<int>(place.row_bytes_max));
}

Tried<std::unique_ptr<SqlSession>> open(const SqlPlace& place, const Time* deadline) {
  constexpr int kFlags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI;
  sqlite3* db = nullptr;
  const int code = sqlite3_open_v2(uri_of(place).c_str(), &db, kFlags, nullptr);
  auto session = std::make_unique<Session>(db);
  if (code != SQLITE_OK)
    return std::unexpected(Failure{Trouble::broken, why_unreachable(place, db)});
  set_up(db, place, deadline);
  if (auto sound = session->run("SELECT count(*) FROM sqlite_schema"); !sound) {
    sound.error().message = place.location + ": " + sound.error().message;
    return std::unexpected(sound.error());
  }
  return session;
}

}  // namespace

const SqlDriver& sqlite_driver() {
  static constexpr std::string_view kSchemes[] = {"sqlite"};
  static constexpr SqlDriver kDriver{.schemes = kSchemes,
                                     .example = "sqlite:school.db",
                                     .begin_write = "BEGIN IMMEDIATE",
                                     .clock =
                                         "SELECT CAST((julianday('now') - 2440587.5) * "
                                         "86400000 AS INTEGER)",
                                     .one_writer = true,
                                     .outbox = &kSqliteOutbox,
                                     .locate = locate,
                                     .open = open};
  return kDriver;
}

}  // namespace ringcache
