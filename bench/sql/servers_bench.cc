// SPDX-License-Identifier: Apache-2.0
// What a row costs beyond the client library itself, over real servers on loopback: this process's
// CPU for each row, one by one and 256 in a query. Plain code has a prepared statement, one
// connection, and the caller's thread; a source has its queue, deadlines and exact types beside.
#include <benchmark/benchmark.h>
#include <libpq-fe.h>
#include <mysql.h>

#include <cstring>
#include <memory>
#include <random>
#include <semaphore>
#include <string>
#include <vector>

#include <ringcache/sql.h>

#include "support/mariadb_server.h"
#include "support/postgres_server.h"

namespace ringcache {
namespace {

using testing::MariadbServer;
using testing::PostgresServer;

constexpr int kRows = 10'000;
constexpr int kBatch = 256;

std::string key(int i) { return "user:" + std::to_string(1'000'000 + i % kRows); }

/// A tenth of them: a command line takes no more at once.
std::string rows(int tenth) {
  std::string all;
  for (int i = kRows / 10 * tenth; i < kRows / 10 * (tenth + 1); ++i)
    all += (all.empty() ? "('" : ", ('") + key(i) + "', '" + std::string(64, 'v') + "')";
  return all;
}

template <class Server>
Server& server() {
  static const auto made = [] {
    auto started = std::make_unique<Server>();
    const bool is_mariadb = std::is_same_v<Server, MariadbServer>;
    started->run(std::string(is_mariadb ? "USE school; " : "") +
                 "CREATE TABLE t (k varchar(40) PRIMARY KEY, v varchar(200) NOT NULL)");
    for (int tenth = 0; tenth < 10; ++tenth)
      started->run((is_mariadb ? "INSERT INTO school.t VALUES " : "INSERT INTO t VALUES ") +
                   rows(tenth));
    if (!is_mariadb) started->run("GRANT ALL ON t TO ringcache");
    return started;
  }();
  return *made;
}

/// The same random order for everybody.
class Keys {
 public:
  std::string next() { return key(static_cast<int>(random_() % kRows)); }
  std::vector<std::string> batch() {
    std::vector<std::string> all;
    for (int i = 0; i < kBatch; ++i) all.push_back(next());
    return all;
  }

 private:
  std::mt19937 random_{1};
};

void BM_PlainMariadb(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  MYSQL* mysql = mysql_init(nullptr);
  if (!mysql_real_connect(mysql, "127.0.0.1", "ringcache", "secret word", "school",
                          server<MariadbServer>().port(), nullptr, 0))
    return state.SkipWithError(mysql_error(mysql));
  std::string text = "SELECT k, v FROM t WHERE k IN (?";
  for (std::size_t i = 1; i < count; ++i) text += ", ?";
  text += ")";
  MYSQL_STMT* statement = mysql_stmt_init(mysql);
  mysql_stmt_prepare(statement, text.data(), text.size());
  std::vector<MYSQL_BIND> bound(count);
  MYSQL_BIND out[2]{};
  char buffers[2][256];
  unsigned long lengths[2];
  for (int i = 0; i < 2; ++i) {
    out[i].buffer_type = MYSQL_TYPE_STRING;
    out[i].buffer = buffers[i];
    out[i].buffer_length = sizeof buffers[i];
    out[i].length = &lengths[i];
  }
  Keys keys;
  for (auto _ : state) {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i) names.push_back(keys.next());
    for (std::size_t i = 0; i < count; ++i) {
      bound[i].buffer_type = MYSQL_TYPE_STRING;
      bound[i].buffer = names[i].data();
      bound[i].buffer_length = names[i].size();
      bound[i].length = &bound[i].buffer_length;
    }
    mysql_stmt_bind_param(statement, bound.data());
    mysql_stmt_execute(statement);
    mysql_stmt_bind_result(statement, out);
    while (mysql_stmt_fetch(statement) == 0)
      benchmark::DoNotOptimize(Bytes::copy({buffers[1], lengths[1]}));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  mysql_stmt_close(statement);
  mysql_close(mysql);
}
BENCHMARK(BM_PlainMariadb)->Arg(1)->Arg(kBatch)->MeasureProcessCPUTime()->UseRealTime();

void BM_PlainPostgres(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0));
  PGconn* connection = PQconnectdb(server<PostgresServer>().dsn().c_str());
  if (PQstatus(connection) != CONNECTION_OK) return state.SkipWithError("no connection");
  PQclear(PQprepare(connection, "get", "SELECT k, v FROM t WHERE k = ANY ($1)", 0, nullptr));
  Keys keys;
  for (auto _ : state) {
    std::string array = "{";
    for (std::size_t i = 0; i < count; ++i) array += (i ? ",\"" : "\"") + keys.next() + "\"";
    array += "}";
    const char* values[] = {array.c_str()};
    PGresult* result = PQexecPrepared(connection, "get", 1, values, nullptr, nullptr, 1);
    for (int row = 0; row < PQntuples(result); ++row)
      benchmark::DoNotOptimize(Bytes::copy(
          {PQgetvalue(result, row, 1), static_cast<std::size_t>(PQgetlength(result, row, 1))}));
    PQclear(result);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  PQfinish(connection);
}
BENCHMARK(BM_PlainPostgres)->Arg(1)->Arg(kBatch)->MeasureProcessCPUTime()->UseRealTime();

template <class Server>
std::shared_ptr<Store> store() {
  return *(*SqlDatabase::open({.name = "bench", .dsn = server<Server>().dsn(), .pool = 1}))
              ->rows({.group = "bench",
                      .get = "SELECT v FROM t WHERE k = :key",
                      .get_many = "SELECT k, v FROM t WHERE k IN (:keys)"});
}

/// One call at a time, as the plain code does it.
template <class Server>
void BM_Source(benchmark::State& state) {
  const auto rows = store<Server>();
  Keys keys;
  for (auto _ : state) {
    std::vector<std::string> names;
    for (int i = 0; i < state.range(0); ++i) names.push_back(keys.next());
    std::vector<KeyView> views;
    for (const std::string& name : names) views.emplace_back("bench", name);
    const auto values = get_many_blocking(*rows, views);
    if (!values || !values->front()) return state.SkipWithError("a get failed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Source<MariadbServer>)->Arg(1)->Arg(kBatch)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(BM_Source<PostgresServer>)->Arg(1)->Arg(kBatch)->MeasureProcessCPUTime()->UseRealTime();

/// Single gets, 64 of them under way.
template <class Server>
void BM_SourceCrowd(benchmark::State& state) {
  constexpr std::ptrdiff_t kInFlight = 64;
  const auto rows = store<Server>();
  Keys keys;
  std::counting_semaphore<> free(kInFlight);
  for (auto _ : state) {
    free.acquire();
    rows->get(KeyView("bench", keys.next()), {}, [&free](const Result<Value>&) { free.release(); });
  }
  for (std::ptrdiff_t i = 0; i < kInFlight; ++i) free.acquire();
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SourceCrowd<MariadbServer>)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(BM_SourceCrowd<PostgresServer>)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace ringcache
