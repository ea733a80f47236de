// SPDX-License-Identifier: Apache-2.0
#include "sql/mysql_address.h"

#include "base/units.h"
#include "base/uri.h"

namespace ringcache {
namespace {

constexpr std::string_view kForm = "mysql://USER:PASSWORD@HOST:PORT/DATABASE";

std::unexpected<Error> wrong(std::string_view what) {
  return fail(Errc::invalid_argument,
              "the dsn " + std::string(what) + ": write " + std::string(kForm));
}

bool decode(std::string_view text, std::string& into) {
  return percent_decode(text, PlusMeans::plus, into) && !into.contains('\0');
}

/// Splits at the last `at`, as a password may hold one that was not encoded.
bool read_login(std::string_view login, MysqlAddress& address) {
  const std::size_t colon = login.find(':');
  if (!decode(login.substr(0, colon), address.user)) return false;
  return colon == std::string_view::npos || decode(login.substr(colon + 1), address.password);
}

bool read_host(std::string_view text, MysqlAddress& address) {
  const bool has_port = text.find(':', text.rfind(']') + 1) != std::string_view::npos;
  const auto host = parse_host_port(has_port ? std::string(text) : std::string(text) + ":3306");
  if (!host || host->host.empty()) return false;
  address.hosts.push_back({host->host, host->port});
  return true;
}

bool read_hosts(std::string_view hosts, MysqlAddress& address) {
  while (!hosts.empty()) {
    const std::string_view host = hosts.substr(0, hosts.find(','));
    if (!read_host(host, address)) return false;
    hosts.remove_prefix(std::min(host.size() + 1, hosts.size()));
  }
  return true;
}

Result<void> read_option(const std::string& name, const std::string& value, MysqlAddress& address) {
  using Tls = MysqlAddress::Tls;
  if (name == "tls" && (value == "off" || value == "on" || value == "verify"))
    address.tls = value == "off" ? Tls::off : value == "on" ? Tls::on : Tls::verify;
  else if (name == "tls")
    return fail(Errc::invalid_argument, "tls in the dsn must be off, on or verify");
  else if (name == "ca")
    address.ca = value;
  else if (name == "cert")
    address.certificate = value;
  else if (name == "key")
    address.key = value;
  else if (name == "socket")
    address.socket = value;
  else
    return fail(Errc::invalid_argument,
                "the dsn has an unknown option: there are tls, ca, cert, key and socket");
  return {};
}

Result<void> read_options(std::string_view query, MysqlAddress& address) {
  const auto fields = parse_query(query);
  if (!fields) return wrong("has malformed options");
  for (const auto& [name, value] : *fields)
    if (auto read = read_option(name, value, address); !read) return read;
  const bool has_files = !(address.ca + address.certificate + address.key).empty();
  if (has_files && address.tls == MysqlAddress::Tls::off)
    return fail(Errc::invalid_argument,
                "ca, cert and key in the dsn do nothing by themselves: add tls=verify or tls=on");
  return {};
}

}  // namespace

std::string MysqlAddress::host_label(std::size_t host) const {
  if (!socket.empty()) return socket;
  return hosts[host].name + ":" + std::to_string(hosts[host].port);
}

std::string MysqlAddress::label() const {
  std::string text = "mysql://" + user + "@";
  for (std::size_t i = 0; i < hosts.size(); ++i) text += (i ? "," : "") + host_label(i);
  return text + "/" + database;
}

Result<MysqlAddress> parse_mysql_dsn(std::string_view dsn) {
  MysqlAddress address;
  std::string_view rest = dsn.substr(dsn.find(':') + 1);
  if (!rest.starts_with("//")) return wrong("is not a URL");
  rest.remove_prefix(2);
  const std::string_view main = rest.substr(0, rest.rfind('?'));
  const std::string_view query = rest.substr(std::min(main.size() + 1, rest.size()));
  const std::size_t at = main.rfind('@');
  const std::size_t slash = main.find('/', at == std::string_view::npos ? 0 : at);
  if (slash == std::string_view::npos) return wrong("names no database");
  if (at != std::string_view::npos && !read_login(main.substr(0, at), address))
    return wrong("has a malformed user or password");
  const std::size_t hosts = at == std::string_view::npos ? 0 : at + 1;
  if (!read_hosts(main.substr(hosts, slash - hosts), address)) return wrong("has a malformed host");
  if (!decode(main.substr(slash + 1), address.database) || address.database.empty())
    return wrong("names no database");
  if (auto read = read_options(query, address); !read) return std::unexpected(read.error());
  if (address.hosts.empty()) address.hosts.push_back({.name = "localhost"});
  return address;
}

}  // namespace ringcache
