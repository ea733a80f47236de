// SPDX-License-Identifier: Apache-2.0
#include "sql/rows.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "base/utf8.h"
#include "sql/places.h"
#include "sql/reading.h"
#include "sql/render.h"

namespace ringcache {
namespace {

using Role = SqlStatement::Role;

/// Of one query. More would wait for each other longer than another query takes.
constexpr std::size_t kKeysMax = 256;

SqlStatementPtr make(Role role, const char* verb, const std::string& group,
                     const std::string& text) {
  if (text.empty()) return nullptr;
  return std::make_shared<SqlStatement>(
      SqlStatement{.role = role, .label = std::string(verb) + " of group " + group, .text = text});
}

/// Key columns are text, and not every database takes text that is not UTF-8.
Result<void> check_key(std::string_view name, const std::string& group) {
  if (valid_utf8(name)) return {};
  return fail(Errc::invalid_argument, "keys of group " + group + " must be UTF-8");
}

std::unexpected<Error> no_row() { return fail(Errc::not_found, "no row for this key"); }

Result<Value> read_row(SqlConnection& connection, const SqlStatementPtr& get,
                       std::string_view key) {
  const auto reading = SqlReading::begin(connection, *get);
  if (!reading) return std::unexpected(reading.error());
  Result<Value> value = no_row();
  const auto found =
      connection.query(get, {.key = key}, [&](const SqlRow& row) { value = reading->value(row); });
  if (!found) return std::unexpected(found.error());
  return value;
}

/// The rows of one query, on their way to those who asked for them.
class Rows {
 public:
  Rows(const SqlReading& reading, std::span<const std::string> names)
      : reading_(reading), places_(names), values_(names.size(), Value{}), found_(names.size()) {}

  void take(const SqlRow& row) {
    has_any_ = true;
    const Bytes rendered = is_bytes(row.columns[0]) ? Bytes() : render(key_of(row));
    const std::string_view key =
        is_bytes(row.columns[0]) ? bytes_of(row.columns[0]) : rendered.view();
    has_strays_ |= !places_.each(key, [&](std::size_t i) { take(row, i); });
  }

  bool has_any() const noexcept { return has_any_; }
  /// Some row's key is none of those asked for byte for byte.
  bool has_strays() const noexcept { return has_strays_; }
  bool has(std::size_t index) const noexcept { return found_[index]; }
  Result<Value>& operator[](std::size_t index) noexcept { return values_[index]; }

  /// The results of all keys, also of those that got no row.
  Values finish() {
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (!found_[i] && values_[i] && values_[i]->bytes.is_null()) values_[i] = no_row();
    return std::move(values_);
  }

 private:
  static SqlRow key_of(const SqlRow& row) { return {row.names, row.columns.first(1)}; }

  void take(const SqlRow& row, std::size_t index) {
    values_[index] =
        found_[index] ? fail(Errc::invalid_argument, "get_many yields more than one row for a key")
                      : reading_.value(row, 1);
    found_[index] = true;
  }

  const SqlReading reading_;
  const SqlPlaces places_;
  Values values_;
  std::vector<bool> found_;
  bool has_any_ = false;
  bool has_strays_ = false;
};

/// One that keeps all from being read together may be read alone, or fail alone.
bool is_of_one_key(const Error& error) {
  return error.code == Errc::invalid_argument || error.code == Errc::too_large;
}

Values read_each(SqlConnection& connection, const SqlStatementPtr& get,
                 std::span<const std::string> names) {
  Values values;
  for (const std::string& name : names) values.push_back(read_row(connection, get, name));
  return values;
}

Result<Rows> query_rows(SqlConnection& connection, const SqlStatementPtr& get_many,
                        std::span<const std::string> names) {
  const auto reading = SqlReading::begin(connection, *get_many);
  if (!reading) return std::unexpected(reading.error());
  Rows rows(*reading, names);
  const auto keys = padded(names);
  const auto read =
      connection.query_all(get_many, {.keys = keys}, [&](const SqlRow& row) { rows.take(row); });
  if (!read) return std::unexpected(read.error());
  return rows;
}

/// Keys that got no row although others did, which the database may take for equal to those. Asked
/// for without them they find a row then, and each is asked for alone.
Result<void> read_lookalikes(SqlConnection& connection, const SqlStatementPtr& get,
                             const SqlStatementPtr& get_many, std::span<const std::string> names,
                             Rows& rows) {
  std::vector<std::string> left;
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (rows.has(i)) continue;
    left.push_back(names[i]);
    places.push_back(i);
  }
  if (left.empty() || !rows.has_any()) return {};
  if (!rows.has_strays()) {
    const auto again = query_rows(connection, get_many, left);
    if (!again) return std::unexpected(again.error());
    if (!again->has_any()) return {};
  }
  for (std::size_t i = 0; i < left.size(); ++i)
    rows[places[i]] = read_row(connection, get, left[i]);
  return {};
}

Result<Values> read_rows(SqlConnection& connection, const SqlStatementPtr& get,
                         const SqlStatementPtr& get_many, std::span<const std::string> names) {
  if (names.size() == 1) return read_each(connection, get, names);
  auto rows = query_rows(connection, get_many, names);
  if (!rows && is_of_one_key(rows.error())) return read_each(connection, get, names);
  if (!rows) return std::unexpected(rows.error());
  if (auto read = read_lookalikes(connection, get, get_many, names, *rows); !read)
    return std::unexpected(read.error());
  return rows->finish();
}

Result<Values> read_all(SqlConnection& connection, const SqlStatementPtr& get,
                        const SqlStatementPtr& get_many, std::span<const std::string> names) {
  if (names.size() <= kKeysMax) return read_rows(connection, get, get_many, names);
  Values all;
  all.reserve(names.size());
  for (; !names.empty(); names = names.subspan(std::min(names.size(), kKeysMax))) {
    auto part = read_rows(connection, get, get_many, names.first(std::min(names.size(), kKeysMax)));
    if (!part) return part;
    std::ranges::move(*part, std::back_inserter(all));
  }
  return all;
}

/// Loads those who wait, with a connection that one of them got. That one may be in a greater hurry
/// than the others.
void load(SqlConnection& connection, const SqlStatementPtr& get, const SqlStatementPtr& get_many,
          SqlBatches& batches) {
  std::vector<SqlBatches::Get> gets = batches.take();
  if (gets.empty()) return;
  std::vector<std::string> names;
  for (SqlBatches::Get& waiting : gets) names.push_back(std::move(waiting.name));
  connection.set_deadline(std::ranges::max_element(gets, {}, &SqlBatches::Get::deadline)->deadline);
  Result<Values> values = read_rows(connection, get, get_many, names);
  batches.loaded();
  for (std::size_t i = 0; i < gets.size(); ++i)
    gets[i].done(values ? std::move((*values)[i]) : std::unexpected(values.error()));
}

/// A row's end in the terms of its database.
Result<std::optional<std::int64_t>> end_of_row(SqlConnection& connection, Time expires_at) {
  if (expires_at == Time::max()) return std::nullopt;
  const Time now = BootClock::now();
  const auto clock = connection.clock(now);
  if (!clock) return std::unexpected(clock.error());
  return *clock + std::chrono::ceil<std::chrono::milliseconds>(expires_at - now).count();
}

/// The answer is read back in the same transaction: the database may have changed what it was
/// given, and whoever gets the key later must find what this answer says.
Result<Value> write_row(SqlConnection& connection, const SqlStatementPtr& write,
                        const SqlStatementPtr& get, SqlParameters parameters, Time expires_at,
                        const Error& without_row) {
  const auto end = end_of_row(connection, expires_at);
  if (!end) return std::unexpected(end.error());
  parameters.expires_at = *end;
  const auto changed = connection.execute(write, parameters);
  if (!changed) return std::unexpected(changed.error());
  if (*changed == 0) return std::unexpected(without_row);
  auto row = read_row(connection, get, parameters.key);
  if (!row && row.error().code == Errc::not_found)
    return fail(Errc::invalid_argument, write->label +
                                            " wrote a row that its get does not find; nothing was "
                                            "written");
  return row;
}

Result<void> erase_row(SqlConnection& connection, const SqlStatementPtr& erase,
                       std::string_view key) {
  const auto changed = connection.execute(erase, {.key = key});
  if (!changed) return std::unexpected(changed.error());
  if (*changed == 0) return no_row();
  return {};
}

/// A value must not depend on how it was read.
Result<void> alike(const StatementShape& one, const StatementShape& many,
                   const std::string& label) {
  const std::span<const std::string> columns = std::span(many.columns).subspan(1);
  if (columns.size() == 1 && one.columns.size() == 1) return {};
  if (std::ranges::equal(one.columns, columns)) return {};
  return fail(Errc::invalid_argument,
              label + ": behind the key it must yield the columns of get, called the same");
}

/// What a write keeps, the get must find: copies would outlive their row otherwise.
Result<void> check_write(SqlConnection& connection, const StatementShape& get,
                         const SqlStatementPtr& statement, const std::string& source) {
  const auto shape = connection.check(statement);
  if (!shape) return std::unexpected(shape.error());
  for (const auto& [parameter, column] :
       {std::pair("expires_at", kExpiresAtColumn), std::pair("tags", kTagsColumn)})
    if (std::ranges::count(shape->parameters, parameter) != 0 &&
        std::ranges::count(get.columns, column) == 0)
      return fail(Errc::invalid_argument, source + statement->label + ": it writes :" + parameter +
                                              ", but get yields no column " + std::string(column));
  return {};
}

}  // namespace

SqlRows::SqlRows(std::shared_ptr<SqlPool> pool, SqlStatements statements)
    : pool_(std::move(pool)),
      group_(statements.group),
      get_(make(Role::get, "get", group_, statements.get)),
      get_many_(make(Role::get_many, "get_many", group_, statements.get_many)),
      put_(make(Role::put, "put", group_, statements.put)),
      cas_(make(Role::cas, "cas", group_, statements.cas)),
      touch_(make(Role::touch, "touch", group_, statements.touch)),
      erase_(make(Role::erase, "delete", group_, statements.erase)),
      batches_(std::make_shared<SqlBatches>(statements.batch_window, kKeysMax)) {}

Result<void> SqlRows::check() {
  return pool_->wait(
      [name = pool_->source().name + ", ", get = get_, get_many = get_many_,
       writes = std::array{put_, cas_, touch_, erase_}](SqlConnection& connection) -> Result<void> {
        const auto one = connection.check(get);
        if (!one) return std::unexpected(one.error());
        for (const SqlStatementPtr& statement : writes)
          if (statement)
            if (auto sound = check_write(connection, *one, statement, name); !sound) return sound;
        if (!get_many) return {};
        const auto many = connection.check(get_many);
        if (!many) return std::unexpected(many.error());
        return alike(*one, *many, name + get_many->label);
      });
}

Result<void> SqlRows::usable(const KeyView& key) const { return check_key(key.name, group_); }

std::unexpected<Error> SqlRows::missing(const char* statement) const {
  return fail(Errc::unsupported,
              "group " + group_ + " has no " + statement + " statement: it is configured without");
}

void SqlRows::get(const KeyView& key, const Call& call, Done<Value> done) {
  if (auto sound = usable(key); !sound) return done(std::unexpected(sound.error()));
  if (get_many_) return gather(key, call, std::move(done));
  pool_->read<Value>(call, std::move(done),
                     [get = get_, name = std::string(key.name)](SqlConnection& connection) {
                       return read_row(connection, get, name);
                     });
}

/// Each get asks for a connection; whoever has one first takes the others along, whose connections
/// then find nothing to do.
void SqlRows::gather(const KeyView& key, const Call& call, Done<Value> done) {
  const std::uint64_t number = batches_->add(std::string(key.name), call.deadline, std::move(done));
  pool_->read<void>(
      call,
      [batches = batches_, number](Result<void> connected) {
        if (connected) return;
        if (auto waiting = batches->cancel(number)) waiting(std::unexpected(connected.error()));
      },
      [get = get_, get_many = get_many_, batches = batches_](SqlConnection& connection) {
        load(connection, get, get_many, *batches);
        return Result<void>();
      });
}

void SqlRows::get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) {
  if (!get_many_) return get_each(keys, call, std::move(done));
  if (keys.size() < 2) return Store::get_many(keys, call, std::move(done));
  std::vector<std::string> names;
  for (const KeyView& key : keys) {
    if (auto sound = usable(key); !sound) return Store::get_many(keys, call, std::move(done));
    names.emplace_back(key.name);
  }
  pool_->read<Values>(
      call, std::move(done),
      [get = get_, get_many = get_many_, names = std::move(names)](SqlConnection& connection) {
        return read_all(connection, get, get_many, names);
      });
}

void SqlRows::get_each(std::span<const KeyView> keys, const Call& call, Done<Values> done) {
  pool_->read_each(keys, call, std::move(done),
                   [get = get_, group = group_](SqlConnection& connection,
                                                const std::string& name) -> Result<Value> {
                     if (auto sound = check_key(name, group); !sound)
                       return std::unexpected(sound.error());
                     return read_row(connection, get, name);
                   });
}

/// Whether the group has the statement, and the statement takes what is to be kept.
Result<void> SqlRows::writable(const SqlStatementPtr& statement, const char* name,
                               const KeyView& key, const Value& value) const {
  if (!statement) return missing(name);
  if (auto sound = usable(key); !sound) return sound;
  const auto takes = [&](const char* parameter) { return statement->text.contains(parameter); };
  if (value.expires_at != Time::max() && !takes(":expires_at"))
    return fail(Errc::unsupported,
                "group " + group_ + " keeps no ttl: its " + name + " writes no :expires_at");
  if (!value.tags.is_null() && !takes(":tags"))
    return fail(Errc::unsupported,
                "group " + group_ + " keeps no tags: its " + name + " writes no :tags");
  return {};
}

/// `without_row` is the answer where it changes no row.
void SqlRows::write(const SqlStatementPtr& statement, Error without_row, const KeyView& key,
                    Value value, Bytes expected, const Call& call, Done<Value> done) {
  pool_->write<Value>(
      call, std::move(done),
      [get = get_, statement, without_row = std::move(without_row), name = std::string(key.name),
       value = std::move(value), expected = std::move(expected)](SqlConnection& connection) {
        const SqlParameters parameters{.key = name,
                                       .value = value.bytes.view(),
                                       .expected = expected.view(),
                                       .tags = value.tags.view()};
        return connection.transaction([&] {
          return write_row(connection, statement, get, parameters, value.expires_at, without_row);
        });
      });
}

void SqlRows::put(const KeyView& key, Value value, const Call& call, Done<Value> done) {
  if (auto sound = writable(put_, "put", key, value); !sound)
    return done(std::unexpected(sound.error()));
  write(put_,
        {Errc::not_found, "no row for this key; a put with INSERT … ON CONFLICT would make one"},
        key, std::move(value), {}, call, std::move(done));
}

void SqlRows::compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                              Done<Value> done) {
  if (auto sound = writable(cas_, "cas", key, value); !sound)
    return done(std::unexpected(sound.error()));
  write(cas_, {Errc::precondition_failed, "the row has another value by now"}, key,
        std::move(value), std::move(expected.bytes), call, std::move(done));
}

void SqlRows::touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) {
  const Value end{.expires_at = expires_at};
  if (auto sound = writable(touch_, "touch", key, end); !sound)
    return done(std::unexpected(sound.error()));
  write(touch_, no_row().error(), key, end, {}, call, std::move(done));
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
