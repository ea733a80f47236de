// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/database_server.h"

namespace ringcache::testing {

class PostgresServer final : public DatabaseServer {
 public:
  static bool installed() { return std::filesystem::exists(tool("postgres")); }

  /// `more` is put on its command line.
  explicit PostgresServer(std::vector<std::string> more = {}) : more_(std::move(more)) {
    give_folder_away();
    run_to_end({tool("initdb"), "--pgdata=" + data(), "--username=admin", "--auth-local=trust",
                "--auth-host=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"});
    start();
    run("CREATE ROLE ringcache LOGIN PASSWORD 'secret word'");
    run("CREATE DATABASE school OWNER ringcache");
    database_ = "school";
  }

  using DatabaseServer::dsn;
  std::string dsn(std::uint16_t port) const override {
    return "postgresql://ringcache:secret%20word@127.0.0.1:" + std::to_string(port) + "/school";
  }

 protected:
  const char* user() const override { return "postgres"; }
  std::vector<std::string> command() const override {
    std::vector<std::string> words{
        tool("postgres"), "-D", data(),      "-p", std::to_string(port()), "-k",
        folder(),         "-h", "127.0.0.1", "-c", "shared_buffers=16MB"};
    words.insert(words.end(), more_.begin(), more_.end());
    return words;
  }
  std::vector<std::string> client(const std::string& sql) const override {
    return {"psql",
            "--no-psqlrc",
            "--quiet",
            "--host=" + folder(),
            "-v",
            "ON_ERROR_STOP=1",
            "--port=" + std::to_string(port()),
            "--username=admin",
            "--dbname=" + database_,
            "--command=" + sql};
  }

 private:
  static std::string tool(const std::string& name) { return "/usr/lib/postgresql/15/bin/" + name; }

  const std::vector<std::string> more_;
  std::string database_ = "postgres";
};

}  // namespace ringcache::testing
