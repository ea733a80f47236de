// SPDX-License-Identifier: Apache-2.0
// What goes to a database is encrypted if the dsn says so, and goes to nobody else.
#include <set>

#include "databases.h"
#include "sql/connection.h"
#include "support/certificates.h"

namespace ringcache {
namespace {

using namespace ringcache::testing;
using namespace std::chrono_literals;

const Certificates& certificates() {
  static const Certificates made;
  return made;
}

/// Servers that can encrypt, made for all tests of this file. Each has a user `holder`, who has no
/// password, but a certificate to show.
MariadbServer& mariadb_with_tls() {
  static const auto server = [] {
    auto made = std::make_unique<MariadbServer>(
        std::vector<std::string>{"--ssl-ca=" + certificates().certificate("ca"),
                                 "--ssl-cert=" + certificates().certificate("server"),
                                 "--ssl-key=" + certificates().key("server")});
    made->run(
        "CREATE USER holder@'127.0.0.1' REQUIRE X509; GRANT ALL ON school.* TO "
        "holder@'127.0.0.1'");
    return made;
  }();
  return *server;
}
PostgresServer& postgres_with_tls() {
  static const auto server = [] {
    const std::string who = certificates().write("who",
                                                 "local all all trust\n"
                                                 "hostssl all holder 127.0.0.1/32 cert\n"
                                                 "host all all 127.0.0.1/32 scram-sha-256\n");
    certificates().give_key_away("server", "postgres");
    auto made = std::make_unique<PostgresServer>(
        std::vector<std::string>{"-c", "ssl=on", "-c", "hba_file=" + who, "-c",
                                 "ssl_ca_file=" + certificates().certificate("ca"), "-c",
                                 "ssl_cert_file=" + certificates().certificate("server"), "-c",
                                 "ssl_key_file=" + certificates().key("server")});
    made->run("CREATE ROLE holder LOGIN");
    return made;
  }();
  return *server;
}

class TlsTest : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!Certificates::installed()) GTEST_SKIP() << "openssl is not installed";
    if (is_mariadb() ? !mariadb() : !postgres()) GTEST_SKIP() << GetParam() << " is not installed";
  }

  static bool is_mariadb() { return GetParam() == std::string_view("mariadb"); }
  static DatabaseServer& server() {
    if (is_mariadb()) return mariadb_with_tls();
    return postgres_with_tls();
  }
  static DatabaseServer& server_without() {
    if (is_mariadb()) return *mariadb();
    return *postgres();
  }

  static std::string encrypted(const std::string& dsn) {
    return dsn + (is_mariadb() ? "?tls=on" : "?sslmode=require");
  }
  /// Only with whom that authority vouches for, whatever it is called.
  static std::string vouched(const std::string& dsn, const std::string& authority) {
    return dsn + (is_mariadb() ? "?tls=on&ca=" : "?sslmode=verify-ca&sslrootcert=") +
           certificates().certificate(authority);
  }
  /// Only with the host of that name.
  static std::string verified(const std::string& dsn, const std::string& authority) {
    return dsn + (is_mariadb() ? "?tls=verify&ca=" : "?sslmode=verify-full&sslrootcert=") +
           certificates().certificate(authority);
  }

  /// What encrypts the session, or why there is none.
  static std::string cipher(const std::string& dsn) {
    const auto rows =
        *(*SqlDatabase::open({.name = "school", .dsn = dsn, .pool = 1, .timeout = 10s}))
             ->rows({.group = "ciphers",
                     .get = is_mariadb()
                                ? "SELECT variable_value FROM information_schema.session_status "
                                  "WHERE variable_name = 'Ssl_cipher' AND :key = 'k'"
                                : "SELECT cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid() AND "
                                  ":key = 'k'"});
    const auto got = get(*rows, "k");
    EXPECT_TRUE(got || got.error().code == Errc::unavailable) << got.error().message;
    return got ? text_of(got) : got.error().message;
  }
};

INSTANTIATE_TEST_SUITE_P(All, TlsTest, ::testing::Values("mariadb", "postgres"), name_of);

TEST_P(TlsTest, ASessionIsEncryptedIfTheDsnSaysSo) {
  EXPECT_TRUE(cipher(encrypted(server().dsn())).starts_with("TLS_"));
}

TEST_P(TlsTest, ASessionIsKept) {
  const auto address = *parse_dsn(encrypted(server().dsn()));
  SqlConnection connection(
      std::make_shared<SqlSource>("source school", *address.driver, address.place));
  connection.set_limit({.at = BootClock::now() + 10s});
  const auto statement = std::make_shared<SqlStatement>(
      SqlStatement{.label = "test",
                   .text = is_mariadb() ? "SELECT CONNECTION_ID()" : "SELECT pg_backend_pid()"});
  std::set<std::int64_t> sessions;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(connection.connect(true));
    ASSERT_TRUE(*connection.query(statement, {}, [&](const SqlRow& row) {
      sessions.insert(std::get<std::int64_t>(row.columns[0]));
    }));
  }
  EXPECT_EQ(sessions.size(), 1u);
}

TEST_P(TlsTest, AServerThatTheAuthorityVouchesForIsTaken) {
  EXPECT_TRUE(cipher(verified(server().dsn(), "ca")).starts_with("TLS_"));
}

TEST_P(TlsTest, AServerThatTheAuthorityDoesNotVouchForIsRefused) {
  for (const auto how : {vouched, verified}) {
    const std::string why = cipher(how(server().dsn(), "stranger"));
    EXPECT_NE(why.find("certificate"), std::string::npos) << why;
  }
}

TEST_P(TlsTest, WithoutAnAuthorityInTheDsnAServerOfAnUnknownOneIsRefused) {
  const std::string why =
      cipher(server().dsn() + (is_mariadb() ? "?tls=verify" : "?sslmode=verify-full"));
  EXPECT_NE(why.find("certificate"), std::string::npos) << why;
}

TEST_P(TlsTest, AServerWhoseCertificateDoesNotNameTheHostIsRefused) {
  std::string dsn = server().dsn();
  dsn.replace(dsn.find("127.0.0.1"), 9, "localhost");
  const std::string why = cipher(verified(dsn, "ca"));
  EXPECT_NE(why.find("certificate"), std::string::npos) << why;
  EXPECT_TRUE(cipher(vouched(dsn, "ca")).starts_with("TLS_"));
}

TEST_P(TlsTest, AServerThatCannotEncryptIsRefused) {
  const std::string why = cipher(encrypted(server_without().dsn()));
  EXPECT_NE(why.find("SSL"), std::string::npos) << why;
  const std::string still = cipher(verified(server_without().dsn(), "ca"));
  EXPECT_NE(still.find("SSL"), std::string::npos) << still;
}

TEST_P(TlsTest, AnAuthorityThatCannotBeReadIsRefusedByItsName) {
  const std::string why = cipher(verified(server().dsn(), "missing"));
  EXPECT_NE(why.find("missing.pem"), std::string::npos) << why;
}

TEST_P(TlsTest, AClientShowsItsCertificate) {
  std::string dsn = server().dsn();
  dsn.replace(dsn.find("ringcache:secret%20word"), 23, "holder");
  dsn = verified(dsn, "ca");
  const std::string own = (is_mariadb() ? "&cert=" : "&sslcert=") +
                          certificates().certificate("holder") +
                          (is_mariadb() ? "&key=" : "&sslkey=") + certificates().key("holder");
  EXPECT_TRUE(cipher(dsn + own).starts_with("TLS_")) << cipher(dsn + own);
  EXPECT_FALSE(cipher(dsn).starts_with("TLS_"));
}

}  // namespace
}  // namespace ringcache
