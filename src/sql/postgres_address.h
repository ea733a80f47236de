// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ringcache/result.h>

namespace ringcache {

/// What a dsn of PostgreSQL says, which libpq reads, with its hosts apart: libpq would spend all
/// of our time on the first that is silent.
struct PostgresAddress {
  struct Host {
    std::string name, address, port;  ///< As far as they are given.
  };
  using Options = std::vector<std::pair<std::string, std::string>>;

  Options common;
  std::vector<Host> hosts;  ///< At least one.

  /// All that libpq needs for that host.
  Options options(std::size_t host) const;
  std::string host_label(std::size_t host) const;
  std::string label() const;  ///< All but the password.
};

/// Errc::invalid_argument does not quote the dsn, which may hold a password.
Result<PostgresAddress> parse_postgres_dsn(std::string_view dsn);

}  // namespace ringcache
