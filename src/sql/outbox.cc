// SPDX-License-Identifier: Apache-2.0
#include "sql/outbox.h"

#include <initializer_list>

namespace ringcache {
namespace {

/// "a{}c{}" and {"b", "d"} make "abcd".
std::string filled(std::string_view form, std::initializer_list<std::string_view> with) {
  std::string made;
  for (const std::string_view part : with) {
    const std::size_t gap = form.find("{}");
    made.append(form.substr(0, gap)).append(part);
    form.remove_prefix(gap + 2);
  }
  return made.append(form);
}

// An id is never used again: a reader that comes late would delete a row that nobody has seen.
FeedPart sqlite_outbox(const FedTable& /*table*/) {
  return {.name = std::string(kOutbox),
          .what = "table ringcache_outbox",
          .create =
              "CREATE TABLE ringcache_outbox (\n"
              "  id INTEGER PRIMARY KEY AUTOINCREMENT,\n"
              "  group_name TEXT NOT NULL,\n"
              "  key_bytes,\n"
              "  changed_at INTEGER NOT NULL\n"
              "    DEFAULT (CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)))",
          .drop = "DROP TABLE ringcache_outbox"};
}

/// Written by a statement of a trigger, unless it is NULL or `condition` is false.
std::string sqlite_row(const FedTable& table, std::string_view row, std::string_view condition) {
  return filled(
      "  INSERT INTO ringcache_outbox (group_name, key_bytes)\n"
      "    SELECT {}, CAST({}.{} AS TEXT) WHERE {}.{} IS NOT NULL{};\n",
      {table.group, row, table.column, row, table.column, condition});
}

FeedPart sqlite_trigger(const FedTable& table, const std::string& event, const std::string& rows) {
  const std::string name = table.id + '_' + event;
  return {.name = name,
          .what = "trigger " + name + " on " + table.table,
          .create = filled("CREATE TRIGGER {} AFTER {} ON {} BEGIN\n{}END",
                           {name, event, table.table, rows}),
          .drop = "DROP TRIGGER " + name,
          .compound = true};
}

using TriggerText = FeedPart(const FedTable&, const std::string& event, const std::string& rows);
using RowText = std::string(const FedTable&, std::string_view row, std::string_view condition);

/// One for each event; an update tells of the new key too where it meets the condition `renamed`.
std::vector<FeedPart> triggers(const FedTable& table, TriggerText& trigger, RowText& row,
                               const std::string& renamed) {
  const std::string old_row = row(table, "OLD", "");
  return {trigger(table, "insert", row(table, "NEW", "")),
          trigger(table, "update", old_row + row(table, "NEW", renamed)),
          trigger(table, "delete", old_row)};
}

/// Keys are compared as bytes: a collation may take what are two keys for one.
std::vector<FeedPart> sqlite_triggers(const FedTable& table) {
  const std::string renamed =
      filled(" AND CAST(NEW.{} AS BLOB) IS NOT CAST(OLD.{} AS BLOB)", {table.column, table.column});
  return triggers(table, sqlite_trigger, sqlite_row, renamed);
}

FeedPart mysql_outbox(const FedTable& table) {
  return {.name = std::string(kOutbox),
          .what = "table ringcache_outbox",
          .create =
              "CREATE TABLE ringcache_outbox (\n"
              "  id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,\n"
              "  group_name VARCHAR(255) CHARACTER SET utf8mb4 NOT NULL,\n"
              "  key_bytes LONGBLOB,\n"
              "  changed_at DATETIME(3) NOT NULL) ENGINE = InnoDB",
          .drop = "DROP TABLE ringcache_outbox",
          .grant = "GRANT CREATE, DROP, SELECT, INSERT, DELETE ON " + table.schema + "*"};
}

std::string mysql_key(const FedTable& table, std::string_view row) {
  if (table.has_bytes) return filled("CAST({}.{} AS BINARY)", {row, table.column});
  return filled("CAST(CONVERT({}.{} USING utf8mb4) AS BINARY)", {row, table.column});
}

/// INSERT … VALUES rather than SELECT, which would hold a lock of the whole outbox.
std::string mysql_row(const FedTable& table, std::string_view row, std::string_view condition) {
  return filled(
      "  IF {}.{} IS NOT NULL{} THEN\n"
      "    INSERT INTO {}ringcache_outbox (group_name, key_bytes, changed_at)\n"
      "      VALUES ({}, {}, UTC_TIMESTAMP(3));\n"
      "  END IF;\n",
      {row, table.column, condition, table.schema, table.group, mysql_key(table, row)});
}

FeedPart mysql_trigger(const FedTable& table, const std::string& event, const std::string& rows) {
  const std::string name = table.id + '_' + event;
  return {.name = name,
          .what = "trigger " + name + " on " + table.table,
          .create = filled("CREATE TRIGGER {} AFTER {} ON {} FOR EACH ROW BEGIN\n{}END",
                           {name, event, table.table, rows}),
          .drop = "DROP TRIGGER " + name,
          .grant = "GRANT TRIGGER ON " + table.schema + table.table,
          .compound = true};
}

std::vector<FeedPart> mysql_triggers(const FedTable& table) {
  const std::string renamed =
      filled(" AND NOT ({} <=> {})", {mysql_key(table, "NEW"), mysql_key(table, "OLD")});
  return triggers(table, mysql_trigger, mysql_row, renamed);
}

/// The time of the change, not that of its transaction's begin.
FeedPart postgres_outbox(const FedTable& table) {
  return {.name = std::string(kOutbox),
          .what = "table ringcache_outbox",
          .create = filled("CREATE TABLE {}ringcache_outbox (\n"
                           "  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
                           "  group_name text NOT NULL,\n"
                           "  key_bytes bytea,\n"
                           "  changed_at timestamptz NOT NULL DEFAULT clock_timestamp())",
                           {table.schema}),
          .drop = filled("DROP TABLE {}ringcache_outbox", {table.schema}),
          .grant = "GRANT CREATE ON SCHEMA " + table.schema.substr(0, table.schema.size() - 1)};
}

std::string postgres_key(const FedTable& table, std::string_view row) {
  if (table.has_bytes) return filled("{}.{}", {row, table.column});
  return filled("convert_to({}.{}::text, 'UTF8')", {row, table.column});
}

/// A search path of its own, so that nobody can put a table of theirs under the definer's rights.
/// Its triggers go with it, which takes no right on the table.
FeedPart postgres_function(const FedTable& table) {
  return {.name = table.id,
          .what = "function " + table.id,
          .create = filled(
              "CREATE OR REPLACE FUNCTION {}{}() RETURNS trigger LANGUAGE plpgsql\n"
              "  SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $ringcache$\n"
              "DECLARE\n"
              "  old_key bytea;\n"
              "  new_key bytea;\n"
              "BEGIN\n"
              "  IF TG_OP IN ('UPDATE', 'DELETE') THEN old_key := {}; END IF;\n"
              "  IF TG_OP IN ('INSERT', 'UPDATE') THEN new_key := {}; END IF;\n"
              "  IF TG_OP = 'TRUNCATE' OR old_key IS NOT NULL THEN\n"
              "    INSERT INTO {}ringcache_outbox (group_name, key_bytes) VALUES ({}, old_key);\n"
              "  END IF;\n"
              "  IF new_key IS NOT NULL AND new_key IS DISTINCT FROM old_key THEN\n"
              "    INSERT INTO {}ringcache_outbox (group_name, key_bytes) VALUES ({}, new_key);\n"
              "  END IF;\n"
              "  PERFORM pg_notify('ringcache', '');\n"
              "  RETURN NULL;\n"
              "END $ringcache$",
              {table.schema, table.id, postgres_key(table, "OLD"), postgres_key(table, "NEW"),
               table.schema, table.group, table.schema, table.group}),
          .drop = filled("DROP FUNCTION {}{}() CASCADE", {table.schema, table.id}),
          .grant = "GRANT CREATE ON SCHEMA " + table.schema.substr(0, table.schema.size() - 1),
          .compound = true};
}

FeedPart postgres_trigger(const FedTable& table, const std::string& suffix,
                          std::string_view events) {
  const std::string name = table.id + suffix;
  return {.name = name,
          .what = "trigger " + name + " on " + table.table,
          .create = filled("CREATE TRIGGER {} AFTER {} EXECUTE FUNCTION {}{}()",
                           {name, filled(events, {table.table}), table.schema, table.id}),
          .grant = "GRANT TRIGGER ON " + table.table};
}

std::vector<FeedPart> postgres_triggers(const FedTable& table) {
  return {postgres_function(table),
          postgres_trigger(table, "_row", "INSERT OR UPDATE OR DELETE ON {} FOR EACH ROW"),
          postgres_trigger(table, "_truncate", "TRUNCATE ON {} FOR EACH STATEMENT")};
}

}  // namespace

const SqlOutbox kSqliteOutbox{
    .read =
        "SELECT id, group_name, key_bytes,"
        " CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) - changed_at"
        " FROM ringcache_outbox ORDER BY id",
    .columns =
        "SELECT '\"' || replace(t.name, '\"', '\"\"') || '\"', c.name, '\"' || replace(c.name, "
        "'\"', '\"\"') || '\"', 'text', ''"
        " FROM sqlite_schema t, pragma_table_info(t.name) c"
        " WHERE t.type = 'table' AND t.name = :key COLLATE NOCASE ORDER BY c.cid",
    .present = "SELECT name FROM sqlite_schema WHERE name LIKE 'ringcache\\_%' ESCAPE '\\'",
    .outbox = sqlite_outbox,
    .triggers = sqlite_triggers};

const SqlOutbox kMysqlOutbox{
    .read =
        "SELECT id, group_name, key_bytes,"
        " TIMESTAMPDIFF(MICROSECOND, changed_at, UTC_TIMESTAMP(6)) DIV 1000"
        " FROM ringcache_outbox ORDER BY id",
    .columns =
        "SELECT CONCAT('`', REPLACE(table_name, '`', '``'), '`'), column_name,"
        " CONCAT('`', REPLACE(column_name, '`', '``'), '`'),"
        " IF(character_set_name IS NULL AND (data_type LIKE '%binary' OR data_type LIKE"
        " '%blob'), 'bytes', 'text'),"
        " CONCAT('`', REPLACE(table_schema, '`', '``'), '`.')"
        " FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name = :key ORDER BY ordinal_position",
    .present =
        "SELECT trigger_name FROM information_schema.triggers"
        " WHERE trigger_schema = DATABASE() AND trigger_name LIKE 'ringcache_feed_%'"
        " UNION ALL SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = DATABASE() AND table_name = 'ringcache_outbox'",
    .outbox = mysql_outbox,
    .triggers = mysql_triggers};

const SqlOutbox kPostgresOutbox{
    .read =
        "SELECT id, group_name, key_bytes,"
        " (extract(epoch FROM clock_timestamp() - changed_at) * 1000)::bigint"
        " FROM ringcache_outbox ORDER BY id",
    .listen = "LISTEN ringcache",
    .columns =
        "SELECT format('%I.%I', n.nspname, c.relname), a.attname, quote_ident(a.attname),"
        " CASE WHEN a.atttypid = 'bytea'::regtype THEN 'bytes' ELSE 'text' END,"
        " quote_ident(current_schema()) || '.'"
        " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.oid = to_regclass('\"' || replace(:key, '.', '\".\"') || '\"')"
        " AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped"
        " ORDER BY a.attnum",
    .present =
        "WITH here AS (SELECT oid FROM pg_namespace WHERE nspname = current_schema()),"
        " ours AS (SELECT p.proname, t.tgname FROM pg_trigger t"
        " JOIN pg_proc p ON p.oid = t.tgfoid JOIN here ON here.oid = p.pronamespace"
        " WHERE p.proname LIKE 'ringcache_feed_%')"
        " SELECT proname FROM ours UNION SELECT tgname FROM ours UNION"
        " SELECT c.relname FROM pg_class c JOIN here ON here.oid = c.relnamespace"
        " WHERE c.relname = 'ringcache_outbox'",
    .outbox = postgres_outbox,
    .triggers = postgres_triggers};

}  // namespace ringcache
