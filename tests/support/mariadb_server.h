// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <pwd.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "support/database_server.h"

namespace ringcache::testing {

class MariadbServer final : public DatabaseServer {
 public:
  static bool installed() { return std::filesystem::exists("/usr/sbin/mariadbd"); }

  /// `more` is put on its command line.
  explicit MariadbServer(std::vector<std::string> more = {}) : more_(std::move(more)) {
    run_to_end({"mariadb-install-db", "--no-defaults", "--user=" + account(), "--datadir=" + data(),
                "--auth-root-authentication-method=normal", "--skip-test-db"});
    start();
    run("CREATE DATABASE school CHARACTER SET utf8mb4;"
        "CREATE USER ringcache@localhost IDENTIFIED BY 'secret word';"
        "CREATE USER ringcache@'127.0.0.1' IDENTIFIED BY 'secret word';"
        "GRANT ALL ON school.* TO ringcache@localhost; GRANT ALL ON school.* TO "
        "ringcache@'127.0.0.1'");
  }

  using DatabaseServer::dsn;
  std::string dsn(std::uint16_t port) const override {
    return "mysql://ringcache:secret%20word@127.0.0.1:" + std::to_string(port) + "/school";
  }

 protected:
  std::vector<std::string> command() const override {
    std::vector<std::string> words{"/usr/sbin/mariadbd",
                                   "--no-defaults",
                                   "--user=" + account(),
                                   "--datadir=" + data(),
                                   "--socket=" + socket(),
                                   "--pid-file=" + folder() + "/pid",
                                   "--port=" + std::to_string(port()),
                                   "--bind-address=127.0.0.1",
                                   "--innodb-buffer-pool-size=16M",
                                   "--innodb-log-file-size=16M",
                                   "--innodb-flush-log-at-trx-commit=1",
                                   "--skip-name-resolve"};
    words.insert(words.end(), more_.begin(), more_.end());
    return words;
  }
  std::vector<std::string> client(const std::string& sql) const override {
    return {
        "mariadb", "--no-defaults", "--socket=" + socket(), "--user=root", "--batch", "--execute",
        sql};
  }

 private:
  static std::string account() { return ::getpwuid(::geteuid())->pw_name; }
  std::string socket() const { return folder() + "/socket"; }

  const std::vector<std::string> more_;
};

}  // namespace ringcache::testing
