// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include <ringcache/sql.h>

namespace ringcache::testing {

/// A folder of its own for one test.
class TemporaryFolder {
 public:
  TemporaryFolder() { std::filesystem::create_directories(path_); }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  const std::filesystem::path path_ = std::filesystem::temp_directory_path() /
                                      ("ringcache-" + std::to_string(std::random_device()()) + "-" +
                                       std::to_string(std::random_device()()));
};

/// A second way into the database, past everything under test.
class Sqlite {
 public:
  explicit Sqlite(const std::string& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &db_), SQLITE_OK);
    sqlite3_busy_timeout(db_, 5000);
    run("PRAGMA synchronous = OFF");
  }
  ~Sqlite() { sqlite3_close(db_); }
  Sqlite(const Sqlite&) = delete;
  Sqlite& operator=(const Sqlite&) = delete;

  void run(const std::string& sql) {
    EXPECT_EQ(sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(db_) << " in " << sql;
  }

  /// The first column of the first row, as text.
  std::string text(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(db_, sql.c_str(), -1, &statement, nullptr), SQLITE_OK);
    std::string result = "no row";
    if (sqlite3_step(statement) == SQLITE_ROW) {
      const void* bytes = sqlite3_column_blob(statement, 0);
      const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement, 0));
      result = bytes ? std::string(static_cast<const char*>(bytes), size) : "";
    }
    sqlite3_finalize(statement);
    return result;
  }

 private:
  sqlite3* db_ = nullptr;
};

/// A database of students, and groups over it.
class SchoolTest : public ::testing::Test {
 protected:
  static constexpr const char* kSchema =
      "CREATE TABLE students (name TEXT PRIMARY KEY, score NUMERIC, CHECK (typeof(score) IN ("
      "'text', 'blob', 'null') OR score <= 100));"
      "INSERT INTO students VALUES ('张三', 100), ('张三😀', 90), ('Tom', 12.5), ('none', NULL)";

  SchoolTest() { Sqlite(path).run(kSchema); }

  SqlOptions options() const { return {.name = "school", .dsn = "sqlite:" + path, .pool = 2}; }

  std::shared_ptr<SqlDatabase> open(const SqlOptions& with) { return *SqlDatabase::open(with); }

  static SqlStatements scores() {
    return {.group = "scores",
            .get = "SELECT score FROM students WHERE name = :key",
            .put = "UPDATE students SET score = :value WHERE name = :key",
            .erase = "DELETE FROM students WHERE name = :key"};
  }

  std::shared_ptr<Store> store(const SqlStatements& statements = scores()) {
    auto rows = open(options())->rows(statements);
    EXPECT_TRUE(rows) << rows.error().message;
    return *rows;
  }

  TemporaryFolder folder;
  const std::string path = folder.file("school.db");
};

inline Result<Value> get(Store& store, std::string_view key, const Call& call = {}) {
  return get_blocking(store, KeyView("scores", key), call);
}
inline Result<Value> put(Store& store, std::string_view key, std::string_view value,
                         const Call& call = {}) {
  return put_blocking(store, KeyView("scores", key), {.bytes = Bytes::copy(value)}, call);
}
inline Result<void> erase(Store& store, std::string_view key, const Call& call = {}) {
  return erase_blocking(store, KeyView("scores", key), call);
}

/// The bytes, or the error in words.
inline std::string text_of(const Result<Value>& result) {
  return result ? std::string(result->bytes.view())
                : std::string(errc_name(result.error().code)) + ": " + result.error().message;
}
template <class T>
Errc code_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? Errc::internal : result.error().code;
}

}  // namespace ringcache::testing
