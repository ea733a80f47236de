// SPDX-License-Identifier: Apache-2.0
#include "sql/postgres_address.h"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>
#include <ranges>

namespace ringcache {
namespace {

using Host = PostgresAddress::Host;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

std::vector<std::string> entries(std::string_view list) {
  std::vector<std::string> all;
  for (const auto entry : std::views::split(list, ','))
    all.emplace_back(entry.begin(), entry.end());
  return all;
}

/// A list of one holds for every host.
std::string entry(const std::vector<std::string>& list, std::size_t host) {
  return list.empty() ? "" : list[std::min(host, list.size() - 1)];
}

/// Lists that do not fit each other stay as they are: libpq says what is wrong with them.
std::vector<Host> apart(const Host& lists) {
  const auto names = entries(lists.name), addresses = entries(lists.address);
  auto ports = entries(lists.port);
  const std::size_t count = std::max({names.size(), addresses.size(), std::size_t{1}});
  const auto fits = [&](const auto& list) { return list.empty() || list.size() == count; };
  if (!fits(names) || !fits(addresses) || (ports.size() != 1 && !fits(ports))) return {lists};
  if (ports.size() > 1) std::ranges::replace(ports, "", "5432");
  std::vector<Host> hosts;
  for (std::size_t i = 0; i < count; ++i)
    hosts.push_back({entry(names, i), entry(addresses, i), entry(ports, i)});
  return hosts;
}

std::string value(const PostgresAddress& address, std::string_view name) {
  const auto found = std::ranges::find(address.common, name, [](const auto& o) { return o.first; });
  return found == address.common.end() ? "" : found->second;
}

PostgresAddress address_of(const PQconninfoOption* options) {
  PostgresAddress address;
  Host lists;
  for (; options->keyword; ++options) {
    const std::string_view name = options->keyword;
    if (!options->val || !*options->val) continue;
    if (name == "host")
      lists.name = options->val;
    else if (name == "hostaddr")
      lists.address = options->val;
    else if (name == "port")
      lists.port = options->val;
    else
      address.common.emplace_back(name, options->val);
  }
  // To find a standby, and only then another, libpq has to see all hosts.
  const bool is_one = value(address, "target_session_attrs") == "prefer-standby";
  address.hosts = is_one ? std::vector{lists} : apart(lists);
  return address;
}

}  // namespace

PostgresAddress::Options PostgresAddress::options(std::size_t host) const {
  Options all = common;
  const auto& [name, address, port] = hosts[host];
  if (!name.empty()) all.emplace_back("host", name);
  if (!address.empty()) all.emplace_back("hostaddr", address);
  if (!port.empty()) all.emplace_back("port", port);
  return all;
}

std::string PostgresAddress::host_label(std::size_t host) const {
  const auto& [name, address, port] = hosts[host];
  return (name.empty() ? address : name) + (port.empty() ? "" : ":" + port);
}

std::string PostgresAddress::label() const {
  const std::string user = value(*this, "user");
  std::string label = "postgresql://" + (user.empty() ? "" : user + "@");
  for (std::size_t i = 0; i < hosts.size(); ++i) label += (i ? "," : "") + host_label(i);
  return label + "/" + value(*this, "dbname");
}

Result<PostgresAddress> parse_postgres_dsn(std::string_view dsn) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(
      PQconninfoParse(std::string(dsn).c_str(), &message));
  PQfreemem(message);  // it may quote a password
  if (!options || !dsn.contains("://"))
    return fail(Errc::invalid_argument,
                "the dsn is malformed: write postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
  return address_of(options.get());
}

}  // namespace ringcache
