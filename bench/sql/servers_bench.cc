// SPDX-License-Identifier: Apache-2.0
// What a row costs beyond the client library itself, over real servers on loopback: this process's
// CPU for each row, one by one and 256 in a query. Plain code has a prepared statement and one
// connection, and puts each row where its key was asked for; in the caller's thread, or in one of
// its own, as anything has it whose caller must not block. A source has its queue, deadlines and
// exact types beside.
#include <benchmark/benchmark.h>
#include <libpq-fe.h>
#include <mysql.h>

#include <cstring>
#include <memory>
#include <random>
#include <semaphore>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
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
  std::vector<std::string> names(std::int64_t count) {
    std::vector<std::string> all;
    for (std::int64_t i = 0; i < count; ++i) all.push_back(next());
    return all;
  }

 private:
  std::mt19937 random_{1};
};

using Rows = std::unordered_map<std::string_view, std::string>;

class PlainMariadb {
 public:
  explicit PlainMariadb(std::size_t count) : bound_(count) {
    mysql_ = mysql_init(nullptr);
    mysql_real_connect(mysql_, "127.0.0.1", "ringcache", "secret word", "school",
                       server<MariadbServer>().port(), nullptr, 0);
    std::string text = "SELECT k, v FROM t WHERE k IN (?";
    for (std::size_t i = 1; i < count; ++i) text += ", ?";
    text += ")";
    statement_ = mysql_stmt_init(mysql_);
    mysql_stmt_prepare(statement_, text.data(), text.size());
    for (int i = 0; i < 2; ++i) {
      out_[i].buffer_type = MYSQL_TYPE_STRING;
      out_[i].buffer = buffers_[i];
      out_[i].buffer_length = sizeof buffers_[i];
      out_[i].length = &lengths_[i];
    }
  }
  ~PlainMariadb() {
    mysql_stmt_close(statement_);
    mysql_close(mysql_);
  }

  void get(std::span<const std::string> names, Rows& rows) {
    for (std::size_t i = 0; i < names.size(); ++i) {
      rows[names[i]];
      bound_[i].buffer_type = MYSQL_TYPE_STRING;
      bound_[i].buffer = const_cast<char*>(names[i].data());
      bound_[i].buffer_length = names[i].size();
      bound_[i].length = &bound_[i].buffer_length;
    }
    mysql_stmt_bind_param(statement_, bound_.data());
    mysql_stmt_execute(statement_);
    mysql_stmt_bind_result(statement_, out_);
    while (mysql_stmt_fetch(statement_) == 0)
      rows.find({buffers_[0], lengths_[0]})->second.assign(buffers_[1], lengths_[1]);
  }

 private:
  MYSQL* mysql_;
  MYSQL_STMT* statement_;
  std::vector<MYSQL_BIND> bound_;
  MYSQL_BIND out_[2]{};
  char buffers_[2][256];
  unsigned long lengths_[2];
};

class PlainPostgres {
 public:
  explicit PlainPostgres(std::size_t)
      : connection_(PQconnectdb(server<PostgresServer>().dsn().c_str())) {
    PQclear(PQprepare(connection_, "get", "SELECT k, v FROM t WHERE k = ANY ($1)", 0, nullptr));
  }
  ~PlainPostgres() { PQfinish(connection_); }

  void get(std::span<const std::string> names, Rows& rows) {
    std::string array = "{";
    for (const std::string& name : names) {
      rows[name];
      array += (array.size() > 1 ? ",\"" : "\"") + name + "\"";
    }
    array += "}";
    const char* values[] = {array.c_str()};
    PGresult* result = PQexecPrepared(connection_, "get", 1, values, nullptr, nullptr, 1);
    for (int row = 0; row < PQntuples(result); ++row)
      rows.find(text(result, row, 0))->second.assign(text(result, row, 1));
    PQclear(result);
  }

 private:
  static std::string_view text(const PGresult* result, int row, int column) {
    return {PQgetvalue(result, row, column),
            static_cast<std::size_t>(PQgetlength(result, row, column))};
  }

  PGconn* connection_;
};

template <class Plain>
void BM_Plain(benchmark::State& state) {
  Plain plain(static_cast<std::size_t>(state.range(0)));
  Keys keys;
  for (auto _ : state) {
    const auto names = keys.names(state.range(0));
    Rows rows;
    plain.get(names, rows);
    if (rows.begin()->second.empty()) return state.SkipWithError("a get failed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Plain<PlainMariadb>)->Arg(1)->Arg(kBatch)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(BM_Plain<PlainPostgres>)->Arg(1)->Arg(kBatch)->MeasureProcessCPUTime()->UseRealTime();

template <class Plain>
void BM_PlainThread(benchmark::State& state) {
  Plain plain(static_cast<std::size_t>(state.range(0)));
  std::vector<std::string> names;
  Rows rows;
  std::binary_semaphore asked(0), answered(0);
  std::jthread thread([&](const std::stop_token& stop) {
    while (asked.acquire(), !stop.stop_requested()) {
      plain.get(names, rows);
      answered.release();
    }
  });
  Keys keys;
  for (auto _ : state) {
    rows.clear();
    names = keys.names(state.range(0));
    asked.release();
    answered.acquire();
  }
  thread.request_stop();
  asked.release();
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_PlainThread<PlainMariadb>)
    ->Arg(1)
    ->Arg(kBatch)
    ->MeasureProcessCPUTime()
    ->UseRealTime();
BENCHMARK(BM_PlainThread<PlainPostgres>)
    ->Arg(1)
    ->Arg(kBatch)
    ->MeasureProcessCPUTime()
    ->UseRealTime();

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
    const auto names = keys.names(state.range(0));
    std::vector<KeyView> views;
    for (const std::string& name : names) views.emplace_back("bench", name);
    const auto values = get_many_blocking(*rows, views);
    if (!values || !values->front()) return state.SkipWithError("a get failed");
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_Source<MariadbServer>)->Arg(1)->Arg(kBatch)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(BM_Source<PostgresServer>)->Arg(1)->Arg(kBatch)->MeasureProcessCPUTime()->UseRealTime();

/// `start(done)` again and again, so many of them under way.
template <class Start>
void keep_in_flight(benchmark::State& state, std::ptrdiff_t count, Start start) {
  std::counting_semaphore<> free(count);
  for (auto _ : state) {
    free.acquire();
    start([&free](const auto&) { free.release(); });
  }
  for (std::ptrdiff_t i = 0; i < count; ++i) free.acquire();
}

/// As many calls under way as keep the connection's thread busy: no call then costs the two
/// switches of thread that an idle process pays for it.
template <class Server>
void BM_SourceBusy(benchmark::State& state) {
  const auto rows = store<Server>();
  Keys keys;
  keep_in_flight(state, 4, [&](auto done) {
    const auto names = keys.names(state.range(0));
    std::vector<KeyView> views;
    for (const std::string& name : names) views.emplace_back("bench", name);
    rows->get_many(views, {}, done);
  });
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(BM_SourceBusy<MariadbServer>)->Arg(kBatch)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(BM_SourceBusy<PostgresServer>)->Arg(kBatch)->MeasureProcessCPUTime()->UseRealTime();

/// Single gets, 64 of them under way.
template <class Server>
void BM_SourceCrowd(benchmark::State& state) {
  const auto rows = store<Server>();
  Keys keys;
  keep_in_flight(state, 64, [&](auto done) { rows->get(KeyView("bench", keys.next()), {}, done); });
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_SourceCrowd<MariadbServer>)->MeasureProcessCPUTime()->UseRealTime();
BENCHMARK(BM_SourceCrowd<PostgresServer>)->MeasureProcessCPUTime()->UseRealTime();

}  // namespace
}  // namespace ringcache
