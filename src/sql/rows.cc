// SPDX-License-Identifier: Apache-2.0
#include "sql/rows.h"

#include <array>

#include "base/utf8.h"
#include "sql/render.h"

namespace ringcache {
namespace {

using Role = SqlStatement::Role;

SqlStatementPtr make(Role role, const char* verb, const std::string& group,
                     const std::string& text) {
  if (text.empty() && role != Role::get) return nullptr;
  return std::make_shared<SqlStatement>(
      SqlStatement{.role = role, .label = std::string(verb) + " of group " + group, .text = text});
}

Result<Value> read_row(SqlConnection& connection, const SqlStatementPtr& get,
                       std::string_view key) {
  Value value{.loaded_at = BootClock::now()};
  const auto found =
      connection.query(get, {.key = key}, [&](const SqlRow& row) { value.bytes = render(row); });
  if (!found) return std::unexpected(found.error());
  if (!*found) return fail(Errc::not_found, "no row for this key");
  return value;
}

/// The answer is read back in the same transaction: the database may have changed what it was
/// given, and whoever gets the key later must find what this answer says.
Result<Value> write_row(SqlConnection& connection, const SqlStatementPtr& put,
                        const SqlStatementPtr& get, std::string_view key, std::string_view value) {
  const auto changed = connection.execute(put, {.key = key, .value = value});
  if (!changed) return std::unexpected(changed.error());
  if (*changed == 0)
    return fail(Errc::not_found,
                "no row for this key; a put with INSERT … ON CONFLICT would make one");
  auto row = read_row(connection, get, key);
  if (!row && row.error().code == Errc::not_found)
    return fail(Errc::invalid_argument,
                put->label + " wrote a row that its get does not find; nothing was written");
  return row;
}

Result<void> erase_row(SqlConnection& connection, const SqlStatementPtr& erase,
                       std::string_view key) {
  const auto changed = connection.execute(erase, {.key = key});
  if (!changed) return std::unexpected(changed.error());
  if (*changed == 0) return fail(Errc::not_found, "no row for this key");
  return {};
}

}  // namespace

SqlRows::SqlRows(std::shared_ptr<SqlPool> pool, SqlStatements statements)
    : pool_(std::move(pool)),
      group_(statements.group),
      get_(make(Role::get, "get", group_, statements.get)),
      put_(make(Role::put, "put", group_, statements.put)),
      erase_(make(Role::erase, "erase", group_, statements.erase)) {}

Result<void> SqlRows::check() {
  const std::array all{get_, put_, erase_};
  return pool_->wait([all](SqlConnection& connection) -> Result<void> {
    for (const SqlStatementPtr& statement : all) {
      if (!statement) continue;
      if (auto sound = connection.check(statement); !sound) return sound;
    }
    return {};
  });
}

/// Key columns are text, and half of what is behind SOCI refuses text that is not UTF-8.
Result<void> SqlRows::usable(const KeyView& key) const {
  if (valid_utf8(key.name)) return {};
  return fail(Errc::invalid_argument, "keys of group " + group_ + " must be UTF-8");
}

std::unexpected<Error> SqlRows::missing(const char* statement) const {
  return fail(Errc::unsupported,
              "group " + group_ + " has no " + statement + " statement: it is configured without");
}

void SqlRows::get(const KeyView& key, const Call& call, Done<Value> done) {
  if (auto sound = usable(key); !sound) return done(std::unexpected(sound.error()));
  pool_->read<Value>(call, std::move(done),
                     [get = get_, name = std::string(key.name)](SqlConnection& connection) {
                       return read_row(connection, get, name);
                     });
}

void SqlRows::put(const KeyView& key, Value value, const Call& call, Done<Value> done) {
  if (!put_) return done(missing("put"));
  if (auto sound = usable(key); !sound) return done(std::unexpected(sound.error()));
  if (value.expires_at != Time::max())
    return done(fail(Errc::unsupported,
                     "group " + group_ + " keeps no ttl: its rows have no column for one"));
  pool_->write<Value>(call, std::move(done),
                      [get = get_, put = put_, name = std::string(key.name),
                       bytes = std::move(value.bytes)](SqlConnection& connection) {
                        return connection.transaction(
                            [&] { return write_row(connection, put, get, name, bytes.view()); });
                      });
}

void SqlRows::erase(const KeyView& key, const Call& call, Done<void> done) {
  if (!erase_) return done(missing("delete"));
  if (auto sound = usable(key); !sound) return done(std::unexpected(sound.error()));
  pool_->write<void>(
      call, std::move(done),
      [erase = erase_, name = std::string(key.name)](SqlConnection& connection) {
        return connection.transaction([&] { return erase_row(connection, erase, name); });
      });
}

}  // namespace ringcache
