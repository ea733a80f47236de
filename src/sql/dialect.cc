// SPDX-License-Identifier: Apache-2.0
#include "sql/dialect.h"

#include <array>

namespace ringcache {

Result<SqlAddress> parse_dsn(std::string_view dsn) {
  const std::array dialects{&sqlite_dialect()};
  const std::size_t colon = dsn.find(':');
  for (const SqlDialect* dialect : dialects) {
    if (colon == std::string_view::npos || dsn.substr(0, colon) != dialect->scheme) continue;
    Result<std::string> location = dialect->locate(dsn.substr(colon + 1));
    if (!location) return std::unexpected(location.error());
    return SqlAddress{dialect, std::move(*location)};
  }
  // Not the dsn itself: it may hold a password.
  return fail(Errc::invalid_argument,
              "the dsn must be sqlite:PATH, for example sqlite:school.db; other databases are not "
              "supported yet");
}

}  // namespace ringcache
