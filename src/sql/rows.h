// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <ringcache/sql.h>

#include "sql/batches.h"
#include "sql/pool.h"

namespace ringcache {

/// The rows of one group as a Store.
class SqlRows final : public Store {
 public:
  SqlRows(std::shared_ptr<SqlPool> pool, SqlStatements statements);

  /// Prepares the statements once, on a connection of the pool; waits for it.
  Result<void> check();

  void get(const KeyView& key, const Call& call, Done<Value> done) override;
  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override;
  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override;
  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                       Done<Value> done) override;
  void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) override;
  void erase(const KeyView& key, const Call& call, Done<void> done) override;

 private:
  Result<void> usable(const KeyView& key) const;
  Result<void> writable(const SqlStatementPtr& statement, const char* name, const KeyView& key,
                        const Value& value) const;
  void write(const SqlStatementPtr& statement, Error without_row, const KeyView& key, Value value,
             Bytes expected, const Call& call, Done<Value> done);
  std::unexpected<Error> missing(const char* statement) const;
  void get_each(std::span<const KeyView> keys, const Call& call, Done<Values> done);
  void gather(const KeyView& key, const Call& call, Done<Value> done);

  const std::shared_ptr<SqlPool> pool_;
  const std::string group_;
  const SqlStatementPtr get_, get_many_, put_, cas_, touch_, erase_;  // all but get_ may be null
  const std::shared_ptr<SqlBatches> batches_;
};

}  // namespace ringcache
