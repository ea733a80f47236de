// SPDX-License-Identifier: Apache-2.0
#include <ringcache/sql.h>

#include "sql/rows.h"

namespace ringcache {

struct SqlDatabase::Impl {
  std::shared_ptr<SqlPool> pool;
};

namespace {

Result<void> sound(const SqlOptions& options) {
  const std::string name = "source " + options.name;
  if (options.pool == 0) return fail(Errc::invalid_argument, name + ": pool must be at least 1");
  if (options.timeout <= Duration{0})
    return fail(Errc::invalid_argument, name + ": timeout must be more than 0");
  return {};
}

Result<void> sound(const SqlSource& source, const SqlStatements& statements) {
  const std::string name = source.name + ", group " + statements.group;
  if (statements.get.empty())
    return fail(Errc::invalid_argument, name + ": a get statement is needed");
  for (const std::string* text :
       {&statements.get, &statements.get_many, &statements.put, &statements.erase})
    if (text->contains('\0'))
      return fail(Errc::invalid_argument, name + ": a statement must not hold NUL");
  return {};
}

}  // namespace

SqlDatabase::SqlDatabase(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqlDatabase::~SqlDatabase() = default;

Result<std::shared_ptr<SqlDatabase>> SqlDatabase::open(SqlOptions options) {
  if (auto valid = sound(options); !valid) return std::unexpected(valid.error());
  auto address = parse_dsn(options.dsn);
  if (!address)
    return fail(address.error().code, "source " + options.name + ": " + address.error().message);
  auto source = std::make_shared<SqlSource>("source " + options.name, *address->driver);
  source->place = std::move(address->place);
  source->place.row_bytes_max = options.row_bytes_max;
  source->place.timeout = options.timeout;
  source->log = options.log;
  auto pool = std::make_shared<SqlPool>(std::move(source),
                                        SqlPool::Options{.connections = options.pool,
                                                         .timeout = options.timeout,
                                                         .queued_max = options.queued_max});
  return std::shared_ptr<SqlDatabase>(
      new SqlDatabase(std::make_shared<Impl>(Impl{std::move(pool)})));
}

Result<void> SqlDatabase::check() {
  return impl_->pool->wait([](SqlConnection&) { return Result<void>(); });
}

Result<std::shared_ptr<Store>> SqlDatabase::rows(SqlStatements statements) {
  if (auto valid = sound(impl_->pool->source(), statements); !valid)
    return std::unexpected(valid.error());
  auto rows = std::make_shared<SqlRows>(impl_->pool, std::move(statements));
  const auto checked = rows->check();
  if (!checked && checked.error().code == Errc::invalid_argument)
    return std::unexpected(checked.error());
  return rows;
}

}  // namespace ringcache
