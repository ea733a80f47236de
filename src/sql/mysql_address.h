// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/result.h>

namespace ringcache {

/// What a dsn of MySQL or MariaDB says:
/// mysql://USER:PASSWORD@HOST:PORT,HOST2:PORT2/DATABASE?tls=on&ca=FILE&cert=FILE&key=FILE. User,
/// password and database are percent-encoded where they hold anything else than letters and digits.
/// Several hosts are members of one cluster, of which one is used as long as it is there.
struct MysqlAddress {
  struct Host {
    std::string name;
    std::uint16_t port = 3306;
  };
  /// Off; on, with any certificate; or on, with one that names the host and that `ca` vouches for.
  enum class Tls : std::uint8_t { off, on, verify };

  std::string user, password, database;
  std::vector<Host> hosts;
  std::string socket;  ///< The path of a Unix socket, instead of a host.
  Tls tls = Tls::off;
  std::string ca, certificate, key;  ///< Files.

  std::string host_label(std::size_t host) const;
  std::string label() const;  ///< All but the password.
};

/// Errc::invalid_argument says what is wrong, without any part that may be a password.
Result<MysqlAddress> parse_mysql_dsn(std::string_view dsn);

}  // namespace ringcache
