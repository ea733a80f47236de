// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include <ringcache/sql.h>

#include "sql/pool.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;

// Unix milliseconds; SQLite reads its clock once per statement.
#define RINGCACHE_KV_NOW "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)"
#define RINGCACHE_KV_ROW            \
  " WHERE key = CAST(:key AS BLOB)" \
  " AND (expires_at IS NULL OR expires_at > " RINGCACHE_KV_NOW ")"

/// Keys are bound as text, which SQLite takes byte for byte, and values as text where they are; the
/// CAST makes them the blobs they are.
constexpr std::string_view kGet =
    "SELECT value, expires_at - " RINGCACHE_KV_NOW " FROM kv" RINGCACHE_KV_ROW;
constexpr std::string_view kPut =
    "INSERT INTO kv (key, value, expires_at)"
    " VALUES (CAST(:key AS BLOB), CAST(:value AS BLOB), " RINGCACHE_KV_NOW
    " + :ttl)"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at";
constexpr std::string_view kCas =
    "UPDATE kv SET value = CAST(:value AS BLOB), expires_at = " RINGCACHE_KV_NOW
    " + :ttl" RINGCACHE_KV_ROW " AND value = CAST(:expected AS BLOB)";
constexpr std::string_view kTouch =
    "UPDATE kv SET expires_at = " RINGCACHE_KV_NOW " + :ttl" RINGCACHE_KV_ROW;
constexpr std::string_view kErase = "DELETE FROM kv" RINGCACHE_KV_ROW;
constexpr int kSweepRows = 500;
constexpr std::string_view kSweep =
    "DELETE FROM kv WHERE key IN (SELECT key FROM kv WHERE expires_at <= " RINGCACHE_KV_NOW
    " LIMIT ";
#undef RINGCACHE_KV_ROW
#undef RINGCACHE_KV_NOW
constexpr Duration kSweepEvery = 10s;

const std::vector<std::string> kSetup{
    "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
    "CREATE TABLE IF NOT EXISTS kv (key BLOB PRIMARY KEY, value BLOB NOT NULL, expires_at INTEGER)"
    " WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS kv_expires_at ON kv (expires_at) WHERE expires_at IS NOT NULL"};

SqlStatementPtr statement(const char* label, std::string_view text) {
  return std::make_shared<SqlStatement>(
      SqlStatement{.role = SqlStatement::Role::trusted, .label = label, .text = std::string(text)});
}

/// What the calls need, shared with them because they may end after the store.
struct KvStatements {
  SqlStatementPtr get = statement("get", kGet);
  SqlStatementPtr put = statement("put", kPut);
  SqlStatementPtr cas = statement("cas", kCas);
  SqlStatementPtr touch = statement("touch", kTouch);
  SqlStatementPtr erase = statement("delete", kErase);
  SqlStatementPtr sweep =
      statement("sweep", std::string(kSweep) + std::to_string(kSweepRows) + ")");
  std::atomic<Duration::rep> sweep_at = 0;  // since the clock's epoch
};

class KvStore final : public Store {
 public:
  explicit KvStore(std::shared_ptr<SqlPool> pool) : pool_(std::move(pool)) {}

  void get(const KeyView& key, const Call& call, Done<Value> done) override;
  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override;
  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override;
  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                       Done<Value> done) override;
  void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) override;
  void erase(const KeyView& key, const Call& call, Done<void> done) override;

 private:
  void sweep_if_due();

  const std::shared_ptr<SqlPool> pool_;
  const std::shared_ptr<KvStatements> statements_ = std::make_shared<KvStatements>();
};

Result<Value> read_key(SqlConnection& connection, const SqlStatementPtr& get,
                       std::string_view key) {
  Value value{.loaded_at = BootClock::now()};
  const auto found = connection.query(get, {.key = key}, [&](const SqlRow& row) {
    value.bytes = Bytes::copy(std::get<SqlBlob>(row.columns[0]).bytes);
    if (const auto* left = std::get_if<std::int64_t>(&row.columns[1]))
      value.expires_at = saturating_add(value.loaded_at, std::chrono::milliseconds(*left));
  });
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(Errc::not_found, "no such key");
  return value;
}

std::optional<std::int64_t> ttl_ms(Time expires_at, Time now) {
  if (expires_at == Time::max()) return std::nullopt;
  return std::max<std::int64_t>(
      std::chrono::ceil<std::chrono::milliseconds>(expires_at - now).count(), 0);
}

Result<Value> write_key(SqlConnection& connection, const SqlStatementPtr& write,
                        std::string_view key, std::string_view expected, Value value) {
  value.loaded_at = BootClock::now();
  const SqlParameters parameters{.key = key,
                                 .value = value.bytes.view(),
                                 .expected = expected,
                                 .ttl_ms = ttl_ms(value.expires_at, value.loaded_at)};
  const auto written =
      connection.transaction([&] { return connection.execute(write, parameters); });
  if (!written) return std::unexpected(written.error());
  if (*written == 0) return fail(Errc::precondition_failed, "the key has another value by now");
  return value;
}

Result<Value> touch_key(SqlConnection& connection, const KvStatements& statements,
                        std::string_view key, Time expires_at) {
  return connection.transaction([&]() -> Result<Value> {
    const SqlParameters parameters{.key = key, .ttl_ms = ttl_ms(expires_at, BootClock::now())};
    const auto touched = connection.execute(statements.touch, parameters);
    if (!touched) return std::unexpected(touched.error());
    return read_key(connection, statements.get, key);
  });
}

std::optional<Error> no_tags(const Value& value) {
  if (value.tags.is_null()) return std::nullopt;
  return Error{Errc::unsupported, "the kv store keeps no tags"};
}

Result<void> erase_key(SqlConnection& connection, const SqlStatementPtr& erase,
                       std::string_view key) {
  const auto erased =
      connection.transaction([&] { return connection.execute(erase, {.key = key}); });
  if (!erased) return std::unexpected(erased.error());
  if (*erased == 0) return fail(Errc::not_found, "no such key");
  return {};
}

void KvStore::get(const KeyView& key, const Call& call, Done<Value> done) {
  pool_->read<Value>(
      call, std::move(done),
      [statements = statements_, name = std::string(key.name)](SqlConnection& connection) {
        return read_key(connection, statements->get, name);
      });
  sweep_if_due();
}

void KvStore::get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) {
  pool_->read_each(keys, call, std::move(done),
                   [statements = statements_](SqlConnection& connection, const std::string& name) {
                     return read_key(connection, statements->get, name);
                   });
  sweep_if_due();
}

void KvStore::put(const KeyView& key, Value value, const Call& call, Done<Value> done) {
  if (auto error = no_tags(value)) return done(std::unexpected(std::move(*error)));
  pool_->write<Value>(call, std::move(done),
                      [statements = statements_, name = std::string(key.name),
                       value = std::move(value)](SqlConnection& connection) mutable {
                        return write_key(connection, statements->put, name, {}, std::move(value));
                      });
  sweep_if_due();
}

void KvStore::compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                              Done<Value> done) {
  if (auto error = no_tags(value)) return done(std::unexpected(std::move(*error)));
  pool_->write<Value>(
      call, std::move(done),
      [statements = statements_, name = std::string(key.name), expected = std::move(expected.bytes),
       value = std::move(value)](SqlConnection& connection) mutable {
        return write_key(connection, statements->cas, name, expected.view(), std::move(value));
      });
}

void KvStore::touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) {
  pool_->write<Value>(call, std::move(done),
                      [statements = statements_, name = std::string(key.name),
                       expires_at](SqlConnection& connection) {
                        return touch_key(connection, *statements, name, expires_at);
                      });
}

void KvStore::erase(const KeyView& key, const Call& call, Done<void> done) {
  pool_->write<void>(
      call, std::move(done),
      [statements = statements_, name = std::string(key.name)](SqlConnection& connection) {
        return erase_key(connection, statements->erase, name);
      });
}

/// A store that nobody calls does not grow, so calls are what drives the sweep. A sweep that filled
/// its batch leaves the next call to go on.
void KvStore::sweep_if_due() {
  const Time now = BootClock::now();
  Duration::rep due = statements_->sweep_at.load();
  if (now.time_since_epoch().count() < due) return;
  const Duration::rep next = (now + kSweepEvery).time_since_epoch().count();
  if (!statements_->sweep_at.compare_exchange_strong(due, next)) return;
  pool_->write<std::int64_t>(
      {}, [](const Result<std::int64_t>&) {},
      [statements = statements_](SqlConnection& connection) {
        auto swept =
            connection.transaction([&] { return connection.execute(statements->sweep, {}); });
        if (swept && *swept >= kSweepRows) statements->sweep_at = 0;
        return swept;
      });
}

/// A new folder survives a power loss once the folder that names it is on the disk; SQLite sees to
/// the file, not to its folder.
void sync_folders(std::filesystem::path folder) {
  for (; folder.has_relative_path(); folder = folder.parent_path()) {
    const int descriptor = ::open(folder.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) continue;
    ::fsync(descriptor);
    ::close(descriptor);
  }
}

Result<std::string> prepare_place(const std::string& path) {
  if (path.empty() || path.contains('\0'))
    return fail(Errc::invalid_argument, "the kv store needs the path of a file");
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error).lexically_normal();
  if (!error && std::filesystem::create_directories(absolute.parent_path(), error))
    sync_folders(absolute.parent_path());
  if (error) return fail(Errc::unavailable, "kv: the folder of " + path + ": " + error.message());
  return absolute.string();
}

}  // namespace

Result<std::shared_ptr<Store>> open_kv(KvOptions options) {
  auto place = prepare_place(options.path);
  if (!place) return std::unexpected(place.error());
  auto source = std::make_shared<SqlSource>("kv", sqlite_driver());
  source->place = {.location = *place, .label = *place, .create = true, .timeout = options.timeout};
  source->setup = kSetup;
  source->log = options.log;
  auto pool = std::make_shared<SqlPool>(std::move(source),
                                        SqlPool::Options{.connections = options.pool,
                                                         .timeout = options.timeout,
                                                         .queued_max = options.queued_max});
  // One connection ahead of the others makes the file, and what is wrong shows now.
  if (auto opened = pool->wait([](SqlConnection&) { return Result<void>(); }); !opened)
    return std::unexpected(opened.error());
  return std::make_shared<KvStore>(std::move(pool));
}

}  // namespace ringcache
