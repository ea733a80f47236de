// SPDX-License-Identifier: Apache-2.0
// A member of Galera that takes connections and refuses to begin statements, as one does that has
// lost the others. What a whole cluster does is in tests/system/galera_test.py.
#include "databases.h"
#include "sql/connection.h"

namespace ringcache {
namespace {

using namespace ringcache::testing;
using namespace std::chrono_literals;

constexpr const char* kProvider = "/usr/lib/galera/libgalera_smm.so";

/// A cluster of one, made for all tests of this file.
MariadbServer& member() {
  static MariadbServer server(
      {"--wsrep-on=ON", std::string("--wsrep-provider=") + kProvider,
       "--wsrep-cluster-address=gcomm://", "--wsrep-node-address=127.0.0.1",
       "--wsrep-provider-options=gcache.size=8M;gmcast.listen_addr=tcp://127.0.0.1:" +
           std::to_string(free_port(first_port() + 8)),
       "--binlog-format=ROW", "--innodb-autoinc-lock-mode=2"});
  return server;
}

class GaleraTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!mariadb() || !std::filesystem::exists(kProvider))
      GTEST_SKIP() << "mariadb-server or galera-4 is not installed";
    member().run(
        "USE school; DROP TABLE IF EXISTS t; CREATE TABLE t (k varchar(9) PRIMARY KEY, v text); "
        "INSERT INTO t VALUES ('k', 'old')");
  }
  void TearDown() override {
    if (!IsSkipped()) take_statements(true);
  }

  static void take_statements(bool take) {
    member().run(std::string("SET GLOBAL wsrep_reject_queries = ") + (take ? "NONE" : "ALL"));
  }
  /// Tells which of its hosts a dsn comes to.
  static std::string port_of(const std::string& dsn) {
    const auto rows =
        open(dsn)->rows({.group = "ports", .get = "SELECT @@port FROM DUAL WHERE :key = 'k'"});
    return text_of(get(**rows, "k"));
  }
  static std::shared_ptr<SqlDatabase> open(const std::string& dsn) {
    return *SqlDatabase::open({.name = "school", .dsn = dsn, .pool = 1, .timeout = 10s});
  }
};

TEST_F(GaleraTest, AMemberThatBeginsNoStatementsIsPassedOver) {
  std::string dsn = member().dsn();
  dsn.insert(dsn.rfind('/'), ",127.0.0.1:" + std::to_string(mariadb()->port()));
  EXPECT_EQ(port_of(dsn), std::to_string(member().port()));
  take_statements(false);
  EXPECT_EQ(port_of(dsn), std::to_string(mariadb()->port()));
}

TEST_F(GaleraTest, WithoutAnotherMemberItIsUnavailableAndSaysWhyUntilItTakesStatements) {
  const auto rows = *open(member().dsn())
                         ->rows({.group = "scores",
                                 .get = "SELECT v FROM t WHERE k = :key",
                                 .put = "UPDATE t SET v = :value WHERE k = :key"});
  take_statements(false);
  const auto refused = put(*rows, "k", "new");
  EXPECT_EQ(code_of(refused), Errc::unavailable);
  EXPECT_NE(refused.error().message.find("WSREP"), std::string::npos) << refused.error().message;
  take_statements(true);
  const Time end = BootClock::now() + 5s;
  while (text_of(get(*rows, "k")) != "old" && BootClock::now() < end) {
  }
  EXPECT_EQ(text_of(put(*rows, "k", "new")), "new");
}

TEST_F(GaleraTest, ACommitThatItDoesNotBeginIsNotApplied) {
  const auto address = *parse_dsn(member().dsn());
  const auto source = std::make_shared<SqlSource>("source school", *address.driver, address.place);
  SqlConnection connection(source);
  connection.set_limit({.at = BootClock::now() + 10s});
  ASSERT_TRUE(connection.connect(true));
  const auto update = std::make_shared<SqlStatement>(
      SqlStatement{.label = "test", .text = "UPDATE t SET v = 'new' WHERE k = :key"});
  const auto refused = connection.transaction([&] {
    auto changed = connection.execute(update, {.key = "k"});
    take_statements(false);
    return changed;
  });
  EXPECT_EQ(code_of(refused), Errc::unavailable);
  take_statements(true);
  const auto rows =
      *open(member().dsn())->rows({.group = "scores", .get = "SELECT v FROM t WHERE k = :key"});
  EXPECT_EQ(text_of(get(*rows, "k")), "old");
}

}  // namespace
}  // namespace ringcache
