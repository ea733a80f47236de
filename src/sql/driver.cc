// SPDX-License-Identifier: Apache-2.0
#include "sql/driver.h"

#include <algorithm>
#include <array>
#include <bit>

#include <ringcache/sql.h>

namespace ringcache {

Result<SqlAddress> parse_dsn(std::string_view dsn) {
  const std::array drivers{&sqlite_driver(), &mysql_driver(), &postgres_driver()};
  const std::string_view scheme = dsn.substr(0, dsn.find(':'));
  // Not the dsn itself: it may hold a password.
  std::string known;
  for (const SqlDriver* driver : drivers) {
    if (scheme.size() < dsn.size() && std::ranges::count(driver->schemes, scheme) > 0) {
      Result<SqlPlace> place = driver->locate(dsn);
      if (!place) return std::unexpected(place.error());
      return SqlAddress{driver, std::move(*place)};
    }
    known += (known.empty() ? "" : ", ") + std::string(driver->example);
  }
  return fail(Errc::invalid_argument, "the dsn must be like one of these: " + known);
}

Tried<std::unique_ptr<SqlSession>> open_one_of(const SqlPlace& place, std::size_t hosts,
                                               Time deadline, const OpenHost& open) {
  const auto count = static_cast<unsigned>(hosts);
  const unsigned first = *place.host;
  std::string why;
  for (unsigned i = 0; i < count; ++i) {
    const unsigned host = (first + i) % count;
    const Time now = BootClock::now();
    auto session = open(host, now + (deadline - now) / (count - i));
    if (session) return place.host->store(host), std::move(session);
    why += (i ? "; " : "") + session.error().message;
  }
  return std::unexpected(Failure{Trouble::broken, std::move(why)});
}

Result<void> check_sql_dsn(std::string_view dsn) {
  const auto address = parse_dsn(dsn);
  if (!address) return std::unexpected(address.error());
  return {};
}

SqlBound SqlParameters::bound(std::string_view name, std::size_t& next_key) const {
  const auto number = [](std::optional<std::int64_t> of) {
    return of ? SqlBound(*of) : SqlBound(std::monostate());
  };
  if (name == "value") return SqlBlob{value};
  if (name == "expected") return SqlBlob{expected};
  if (name == "keys") return keys[next_key++ % keys.size()];
  if (name == "ttl") return number(ttl_ms);
  if (name == "expires_at") return number(expires_at);
  if (name == "tags" && tags.empty()) return std::monostate();
  return name == "tags" ? tags : key;
}

std::vector<std::string_view> padded(std::span<const std::string> keys) {
  std::vector<std::string_view> all(keys.begin(), keys.end());
  all.resize(std::bit_ceil(all.size()), all.back());
  return all;
}

StatementShape shape_of(const SqlText& text) {
  StatementShape shape{.empty = text.empty, .further = text.further, .writes = text.writes};
  for (const std::string& marker : text.markers)
    if (std::ranges::count(shape.parameters, marker) == 0) shape.parameters.push_back(marker);
  return shape;
}

}  // namespace ringcache
