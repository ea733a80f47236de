// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include <ringcache/sql.h>

#include "sql/pool.h"

namespace ringcache {

/// The rows of one group as a Store.
class SqlRows final : public Store {
 public:
  SqlRows(std::shared_ptr<SqlPool> pool, SqlStatements statements);

  /// Prepares the statements once, on a connection of the pool; waits for it.
  Result<void> check();

  void get(const KeyView& key, const Call& call, Done<Value> done) override;
  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override;
  void erase(const KeyView& key, const Call& call, Done<void> done) override;

 private:
  Result<void> usable(const KeyView& key) const;
  std::unexpected<Error> missing(const char* statement) const;

  const std::shared_ptr<SqlPool> pool_;
  const std::string group_;
  const SqlStatementPtr get_, put_, erase_;  // put_ and erase_ may be null
};

}  // namespace ringcache
