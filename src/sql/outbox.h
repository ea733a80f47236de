// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace ringcache {

inline constexpr std::string_view kOutbox = "ringcache_outbox";
/// A look reads so many rows at most.
inline constexpr std::size_t kOutboxRowsMax = 1000;

/// A table to be fed, with its names as statements write them: quoted by its database.
struct FedTable {
  std::string id;     ///< Begins the names of all that is made for it.
  std::string group;  ///< A string, quoted.
  std::string table;
  std::string column;      ///< The key.
  std::string schema;      ///< Where the outbox is, with a dot behind it; may be empty.
  bool has_bytes = false;  ///< The column holds bytes, not what can be text.
};

/// Something that is made in the database.
struct FeedPart {
  std::string name;
  std::string what;  ///< "trigger T on students"
  std::string create;
  std::string drop;  ///< Empty: goes with another.
  std::string grant;
  bool compound = false;
};

/// What is different about outboxes from database to database: one constant for each.
///
/// A change must reach the outbox in the transaction that makes it, with the key as a get binds it:
/// its text in UTF-8, or its bytes. No write of a stranger may fail for it: triggers run with the
/// rights of whoever installed them, and find the outbox whatever the stranger's search path is.
/// A key that is NULL means all of the group; rows whose key is NULL are nobody's.
struct SqlOutbox {
  std::string_view read;  ///< Yields id, group, key and age in milliseconds, oldest first.
  std::string_view
      listen;  ///< Makes a session hear of changes; empty where there is no such thing.
  /// Of the table :key, for each column: table (quoted), name, name (quoted), "bytes" or "text",
  /// and FedTable::schema.
  std::string_view columns;
  std::string_view present;  ///< Yields the names of all parts that there are.
  FeedPart (*outbox)(const FedTable& table);
  std::vector<FeedPart> (*triggers)(const FedTable& table);
};

extern const SqlOutbox kSqliteOutbox, kMysqlOutbox, kPostgresOutbox;

}  // namespace ringcache
