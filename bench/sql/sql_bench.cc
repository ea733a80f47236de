// SPDX-License-Identifier: Apache-2.0
// What a get costs beyond SQLite itself. CPU times are the whole process's, so that the
// connections' threads count; the last argument of a Store's benchmark is how many calls are in
// flight.
#include <benchmark/benchmark.h>
#include <sqlite3.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <random>
#include <semaphore>
#include <string>

#include <ringcache/sql.h>

namespace ringcache {
namespace {

constexpr int kRows = 10'000;
constexpr std::string_view kGet = "SELECT v FROM t WHERE k = :key";

/// A file with 10,000 rows of 64 bytes, removed with this object.
class Fixture {
 public:
  Fixture() {
    sqlite3_open(path.c_str(), &db);
    run("CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT NOT NULL) WITHOUT ROWID; BEGIN");
    for (int i = 0; i < kRows; ++i)
      run("INSERT INTO t VALUES ('" + key(i) + "', '" + std::string(64, 'v') + "')");
    run("COMMIT; PRAGMA journal_mode = WAL");
  }
  ~Fixture() {
    sqlite3_close(db);
    for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(path + part);
  }
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  static std::string key(int i) { return "user:" + std::to_string(1'000'000 + i % kRows); }
  void run(const std::string& sql) { sqlite3_exec(db, sql.c_str(), nullptr, nullptr, nullptr); }

  const std::string path =
      (std::filesystem::temp_directory_path() / ("sql_bench_" + std::to_string(getpid()))).string();
  sqlite3* db = nullptr;
};

/// The same random order for everybody.
class Keys {
 public:
  std::string next() { return Fixture::key(static_cast<int>(random_() % kRows)); }

 private:
  std::mt19937 random_{1};
};

void BM_PlainSqliteGet(benchmark::State& state) {
  Fixture fixture;
  Keys keys;
  sqlite3_stmt* get = nullptr;
  sqlite3_prepare_v2(fixture.db, kGet.data(), -1, &get, nullptr);
  for (auto _ : state) {
    const std::string key = keys.next();
    sqlite3_bind_text(get, 1, key.data(), static_cast<int>(key.size()), SQLITE_STATIC);
    sqlite3_step(get);
    const char* bytes = reinterpret_cast<const char*>(sqlite3_column_text(get, 0));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(get, 0));
    benchmark::DoNotOptimize(Bytes::copy({bytes, size}));
    sqlite3_step(get);
    sqlite3_reset(get);
  }
  sqlite3_finalize(get);
}
BENCHMARK(BM_PlainSqliteGet)->MeasureProcessCPUTime()->UseRealTime();

/// Keeps `in_flight` calls under way.
template <class Start>
void keep_in_flight(benchmark::State& state, std::ptrdiff_t in_flight, Start start) {
  std::counting_semaphore<> free(in_flight);
  for (auto _ : state) {
    free.acquire();
    start([&free](const Result<Value>& result) {
      if (!result) std::terminate();
      free.release();
    });
  }
  for (std::ptrdiff_t i = 0; i < in_flight; ++i) free.acquire();
}

void BM_RowsGet(benchmark::State& state) {
  Fixture fixture;
  Keys keys;
  const auto database = *SqlDatabase::open({.name = "bench",
                                            .dsn = "sqlite:" + fixture.path,
                                            .pool = static_cast<unsigned>(state.range(0))});
  const auto rows = *database->rows({.group = "bench", .get = std::string(kGet)});
  keep_in_flight(state, state.range(1), [&](Done<Value> done) {
    rows->get(KeyView("bench", keys.next()), {}, std::move(done));
  });
}
BENCHMARK(BM_RowsGet)
    ->Args({1, 1})
    ->Args({1, 64})
    ->Args({8, 64})
    ->MeasureProcessCPUTime()
    ->UseRealTime();

void BM_KvPut(benchmark::State& state) {
  const std::string path = std::filesystem::temp_directory_path() / "sql_bench_kv";
  Keys keys;
  {
    const auto kv = *open_kv({.path = path});
    keep_in_flight(state, state.range(0), [&](Done<Value> done) {
      kv->put(KeyView("kv", keys.next()), {.bytes = Bytes::copy(std::string(64, 'v'))}, {},
              std::move(done));
    });
  }
  for (const char* part : {"", "-wal", "-shm"}) std::filesystem::remove(path + part);
}
BENCHMARK(BM_KvPut)->Arg(1)->Arg(16)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace ringcache
