// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "sqlite_file.h"
#include "support/mariadb_server.h"
#include "support/postgres_server.h"

namespace ringcache::testing {

/// One server for all tests of this program; null where it is not installed.
inline MariadbServer* mariadb() {
  static const auto server =
      MariadbServer::installed() ? std::make_unique<MariadbServer>() : nullptr;
  return server.get();
}
inline PostgresServer* postgres() {
  static const auto server =
      PostgresServer::installed() ? std::make_unique<PostgresServer>() : nullptr;
  return server.get();
}

/// A database of one of the three kinds, past everything under test. Tables are made anew by each
/// test.
class Database {
 public:
  virtual ~Database() = default;
  virtual std::string dsn() const = 0;
  virtual void run(const std::string& sql) = 0;
  /// The type of a column of bytes, of keys compared byte for byte, and of a number like 12.50.
  virtual std::string bytes() const = 0;
  virtual std::string keys() const { return "text"; }
  virtual std::string decimal() const { return "decimal(40, 10)"; }
  virtual std::string real() const { return "double precision"; }
  virtual std::string upsert() const {
    return "INSERT INTO t VALUES (:key, :value) ON CONFLICT (k) DO UPDATE SET v = excluded.v";
  }
  /// A get that takes that long.
  virtual std::string sleep(const std::string& seconds) const = 0;

  void make_table(const std::string& value_type) {
    run("DROP TABLE IF EXISTS t");
    run("CREATE TABLE t (k " + keys() + " PRIMARY KEY, v " + value_type + ")");
    grant();
  }

 protected:
  virtual void grant() {}
};

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase() { Sqlite(path_).run("PRAGMA journal_mode = WAL"); }
  std::string dsn() const override { return "sqlite:" + path_; }
  void run(const std::string& sql) override { Sqlite(path_).run(sql); }
  std::string bytes() const override { return "blob"; }
  std::string decimal() const override { return "text"; }
  std::string sleep(const std::string&) const override {
    return "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE :key <> '') "
           "SELECT count(*) FROM n";
  }

 private:
  TemporaryFolder folder_;
  const std::string path_ = folder_.file("t.db");
};

class MariadbDatabase final : public Database {
 public:
  std::string dsn() const override { return mariadb()->dsn(); }
  void run(const std::string& sql) override {
    mariadb()->run("USE school; SET NAMES utf8mb4; " + sql);
  }
  std::string bytes() const override { return "longblob"; }
  std::string keys() const override {
    return "varchar(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin";
  }
  std::string upsert() const override {
    return "INSERT INTO t VALUES (:key, :value) ON DUPLICATE KEY UPDATE v = VALUES (v)";
  }
  std::string sleep(const std::string& seconds) const override {
    return "SELECT SLEEP(" + seconds + ") FROM DUAL WHERE :key <> ''";
  }
};

class PostgresDatabase final : public Database {
 public:
  std::string dsn() const override { return postgres()->dsn(); }
  void run(const std::string& sql) override { postgres()->run(sql); }
  std::string bytes() const override { return "bytea"; }
  std::string sleep(const std::string& seconds) const override {
    return "SELECT pg_sleep(" + seconds + ")::text WHERE :key <> ''";
  }

 protected:
  void grant() override { run("GRANT ALL ON t TO ringcache"); }
};

/// For tests of what must hold over each kind of database.
class DatabasesTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::string kind = GetParam();
    if (kind == "sqlite") database = std::make_unique<SqliteDatabase>();
    if (kind == "mariadb" && mariadb()) database = std::make_unique<MariadbDatabase>();
    if (kind == "postgres" && postgres()) database = std::make_unique<PostgresDatabase>();
    if (!database) GTEST_SKIP() << kind << " is not installed";
  }

  /// Another one each time, as another node would have it.
  std::shared_ptr<SqlDatabase> open(unsigned pool = 2,
                                    Duration timeout = std::chrono::seconds(10)) const {
    return *SqlDatabase::open(
        {.name = "school", .dsn = database->dsn(), .pool = pool, .timeout = timeout});
  }

  SqlStatements statements() const {
    return {.group = "scores",
            .get = "SELECT v FROM t WHERE k = :key",
            .get_many = "SELECT k, v FROM t WHERE k IN (:keys)",
            .put = database->upsert(),
            .erase = "DELETE FROM t WHERE k = :key"};
  }

  std::shared_ptr<Store> store(const SqlStatements& statements) const {
    auto rows = open()->rows(statements);
    EXPECT_TRUE(rows) << rows.error().message;
    return *rows;
  }
  std::shared_ptr<Store> store() const { return store(statements()); }

  std::unique_ptr<Database> database;
};

inline const auto kDatabases = ::testing::Values("sqlite", "mariadb", "postgres");

inline std::string name_of(const ::testing::TestParamInfo<const char*>& kind) { return kind.param; }

}  // namespace ringcache::testing
