// SPDX-License-Identifier: Apache-2.0
#include <libpq-fe.h>
#include <poll.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "sql/driver.h"
#include "sql/patience.h"
#include "sql/postgres_address.h"
#include "sql/postgres_trouble.h"

namespace ringcache {
namespace {

constexpr SqlSyntax kSyntax{
    .numbered = true, .arrays = true, .dollar_quotes = true, .own_markers = "$"};

// Of pg_type.dat, where they stand for ever.
enum TypeOf : Oid {
  kBool = 16,
  kBytea = 17,
  kName = 19,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kOid = 26,
  kJson = 114,
  kFloat4 = 700,
  kFloat8 = 701,
  kUnknown = 705,
  kByteaArray = 1001,
  kBpchar = 1042,
  kVarchar = 1043,
};

/// Of these, the database's binary form is the bytes as they are.
bool is_text(Oid type) {
  return type == kText || type == kVarchar || type == kBpchar || type == kName || type == kJson ||
         type == kUnknown;
}
bool is_raw(Oid type) { return is_text(type) || type == kBytea; }

struct Clear {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, Clear>;

struct Finish {
  void operator()(PGconn* connection) const noexcept { PQfinish(connection); }
};

/// The first line, and no more: others hold values.
std::string first_line(const char* text) {
  const std::string_view all = text ? text : "";
  return std::string(all.substr(0, all.find('\n')));
}

/// The connection, which waits nowhere by itself.
class Link {
 public:
  Link(PGconn* connection, const Time* deadline) : connection_(connection), deadline_(deadline) {}

  PGconn* handle() const noexcept { return connection_.get(); }
  /// A prepared statement that nobody has any more, for forgotten() to give back.
  void forget(std::string name) { forgotten_.push_back(std::move(name)); }
  std::vector<std::string> forgotten() { return std::exchange(forgotten_, {}); }
  bool usable() const noexcept { return !lost_ && PQstatus(handle()) == CONNECTION_OK; }

  /// Ends what PQconnectStart() began.
  Tried<void> connect(Time deadline) {
    for (PostgresPollingStatusType wants = PGRES_POLLING_WRITING; wants != PGRES_POLLING_OK;
         wants = PQconnectPoll(handle())) {
      if (wants == PGRES_POLLING_FAILED) return broken(first_line(PQerrorMessage(handle())));
      const short event = wants == PGRES_POLLING_READING ? POLLIN : POLLOUT;
      if (wait_for_socket(PQsocket(handle()), event, deadline) == 0)
        return broken("no answer in time");
    }
    PQsetnonblocking(handle(), 1);
    return {};
  }

  /// Hands what was queued to the system.
  Tried<void> flush() {
    for (int left = PQflush(handle()); left != 0; left = PQflush(handle())) {
      if (left < 0) return broken(first_line(PQerrorMessage(handle())));
      // The other side may be kept from reading by what it has to say.
      const short came = wait_for_socket(PQsocket(handle()), POLLIN | POLLOUT, *deadline_);
      if (came == 0) return late();
      if ((came & POLLIN) && !PQconsumeInput(handle()))
        return broken(first_line(PQerrorMessage(handle())));
    }
    return {};
  }

  /// The next result of what was sent; null at its end.
  Tried<ResultPtr> result() {
    while (PQisBusy(handle())) {
      if (wait_for_socket(PQsocket(handle()), POLLIN, *deadline_) == 0)
        return std::unexpected(late().error());
      if (!PQconsumeInput(handle()))
        return std::unexpected(broken(first_line(PQerrorMessage(handle()))).error());
    }
    return ResultPtr(PQgetResult(handle()));
  }

  /// Of a statement that was `sent`, the last result; calls `each` with every one until it answers
  /// false: then nobody reads what is still on its way, and the connection is of no use any more.
  template <class Each>
  Tried<ResultPtr> finish(int sent, Each each) {
    if (!sent) return std::unexpected(broken(first_line(PQerrorMessage(handle()))).error());
    if (auto flushed = flush(); !flushed) return std::unexpected(flushed.error());
    ResultPtr last;
    for (;;) {
      auto next = result();
      if (!next) return next;
      if (!*next) return last;
      const Tried<bool> more = each(**next);
      if (!more) return std::unexpected(more.error());
      last = std::move(*next);
      lost_ |= !*more;
      if (!*more) return last;
    }
  }

  Tried<ResultPtr> finish(int sent) {
    return finish(sent, [](PGresult&) { return Tried<bool>(true); });
  }

  /// Whether a NOTIFY has come since the last look.
  bool notified() {
    if (!PQconsumeInput(handle())) return false;
    bool any = false;
    for (PGnotify* one = PQnotifies(handle()); one; one = PQnotifies(handle())) {
      PQfreemem(one);
      any = true;
    }
    return any;
  }

  /// What a result says went wrong, if it does, with values bound or none.
  Tried<void> sound(const PGresult& result, bool has_values = false) {
    const ExecStatusType status = PQresultStatus(&result);
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE)
      return {};
    const char* state = PQresultErrorField(&result, PG_DIAG_SQLSTATE);
    if (!state) return broken(first_line(PQresultErrorMessage(&result)));
    const bool has_place = PQresultErrorField(&result, PG_DIAG_STATEMENT_POSITION) != nullptr;
    Failure failure =
        postgres_failure(state, first_line(PQresultErrorField(&result, PG_DIAG_MESSAGE_PRIMARY)),
                         has_values && !has_place);
    lost_ |= failure.trouble == Trouble::broken;
    return std::unexpected(std::move(failure));
  }

 private:
  Tried<void> broken(std::string why) {
    lost_ = true;
    return std::unexpected(Failure{Trouble::broken, std::move(why)});
  }
  Tried<void> late() {
    lost_ = true;
    return std::unexpected(Failure{Trouble::late, "no answer in time"});
  }

  const std::unique_ptr<PGconn, Finish> connection_;
  const Time* const deadline_;
  bool lost_ = false;
  std::vector<std::string> forgotten_;
};

int hex_digit(char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; }

/// `\x0a1b…`, as text has bytes.
void read_hex(std::string_view text, std::string& into) {
  into.clear();
  for (std::size_t i = 2; i + 1 < text.size(); i += 2)
    into.push_back(static_cast<char>(hex_digit(text[i]) << 4 | hex_digit(text[i + 1])));
}

void append_hex(std::string_view bytes, std::string& to) {
  constexpr std::string_view kHex = "0123456789abcdef";
  to += "\\\\x";
  for (const char c : bytes) {
    to += kHex[static_cast<unsigned char>(c) >> 4];
    to += kHex[static_cast<unsigned char>(c) & 15];
  }
}

void append_escaped(std::string_view text, std::string& to) {
  const auto is_special = [](char c) { return c == '"' || c == '\\'; };
  for (auto from = text.begin();; ++from) {
    const auto special = std::find_if(from, text.end(), is_special);
    to.append(from, special);
    if (special == text.end()) return;
    to += '\\';
    to += *special;
    from = special;
  }
}

/// As the database writes an array: {"a","b"}.
std::string array_of(std::span<const std::string_view> keys, bool as_bytes) {
  std::string text = "{";
  for (const std::string_view key : keys) {
    text += text.size() > 1 ? ",\"" : "\"";
    as_bytes ? append_hex(key, text) : append_escaped(key, text);
    text += '"';
  }
  return text + "}";
}

/// What is bound, in the form that each parameter's type asks for.
class Arguments {
 public:
  Arguments(const std::vector<std::string>& markers, const std::vector<Oid>& types,
            const SqlParameters& parameters) {
    std::size_t key = 0;
    texts_.reserve(markers.size());  // the values point there
    for (std::size_t i = 0; i < markers.size(); ++i) {
      if (markers[i] == "keys")
        add_text(array_of(parameters.keys, types[i] == kByteaArray));
      else
        std::visit([&](auto bound) { add(bound, types[i]); }, parameters.bound(markers[i], key));
    }
  }

  bool are_sound() const noexcept { return are_sound_; }
  int count() const noexcept { return static_cast<int>(values_.size()); }
  const char* const* values() const noexcept { return values_.data(); }
  const int* lengths() const noexcept { return lengths_.data(); }
  const int* formats() const noexcept { return formats_.data(); }

 private:
  void add(std::monostate, Oid) { put({}, false); }
  void add(std::int64_t number, Oid) { add_text(std::to_string(number)); }
  void add(SqlBlob blob, Oid type) { add(blob.bytes, type); }
  void add(std::string_view bytes, Oid type) {
    if (is_raw(type)) return put(bytes.data() ? bytes : std::string_view(""), true);
    add_text(std::string(bytes));
  }
  /// In its text form a value ends with the first NUL.
  void add_text(std::string text) {
    are_sound_ &= !text.contains('\0');
    put(texts_.emplace_back(std::move(text)), false);
  }
  void put(std::string_view bytes, bool binary) {
    values_.push_back(bytes.data());
    lengths_.push_back(static_cast<int>(bytes.size()));
    formats_.push_back(binary);
  }

  std::vector<std::string> texts_;
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
  bool are_sound_ = true;
};

SqlColumn integer_in(std::string_view digits) {
  std::int64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

class Prepared final : public SqlPrepared {
 public:
  Prepared(std::shared_ptr<Link> link, std::string name, SqlText text, const PGresult& described,
           std::size_t row_bytes_max)
      : link_(std::move(link)), name_(std::move(name)), row_bytes_max_(row_bytes_max) {
    shape_ = shape_of(text);
    markers_ = std::move(text.markers);
    for (int i = 0; i < PQnparams(&described); ++i)
      parameters_.push_back(PQparamtype(&described, i));
    for (int i = 0; i < PQnfields(&described); ++i) add_column(described, i);
    values_.resize(types_.size());
    decoded_.resize(types_.size());
  }

  ~Prepared() override { link_->forget(name_); }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  Tried<std::int64_t> run(const SqlParameters& parameters, const OnRow& on_row) override {
    const Arguments arguments(markers_, parameters_, parameters);
    if (!arguments.are_sound())
      return std::unexpected(
          Failure{Trouble::refused, "a NUL byte, which only text and bytea parameters can hold"});
    const int sent =
        PQsendQueryPrepared(link_->handle(), name_.c_str(), arguments.count(), arguments.values(),
                            arguments.lengths(), arguments.formats(), binary_);
    // Row by row, what yields too many is left early; a list of keys has an end.
    if (!types_.empty() && parameters.keys.empty()) PQsetSingleRowMode(link_->handle());
    is_too_large_ = false;
    auto ended = link_->finish(sent, [&](PGresult& result) { return take(result, on_row); });
    if (!ended) return std::unexpected(ended.error());
    if (is_too_large_)
      return std::unexpected(
          Failure{Trouble::too_large,
                  "the row is longer than " + std::to_string(row_bytes_max_) + " bytes"});
    if (auto sound = link_->sound(**ended, arguments.count() > 0); !sound)
      return std::unexpected(sound.error());
    return changed(ended->get());
  }

 private:
  void add_column(const PGresult& described, int index) {
    shape_.columns.emplace_back(PQfname(&described, index));
    types_.push_back(PQftype(&described, index));
    binary_ &= is_raw(types_.back());
  }

  static std::int64_t changed(PGresult* result) {
    std::int64_t count = 0;
    const std::string_view digits = result ? PQcmdTuples(result) : "";
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count;
  }

  Tried<bool> take(const PGresult& result, const OnRow& on_row) {
    for (int row = 0; row < PQntuples(&result); ++row) {
      if (read_row(result, row) > row_bytes_max_) {
        is_too_large_ = true;
        return false;
      }
      if (!on_row({shape_.columns, values_})) return false;
    }
    return true;
  }

  /// How many bytes it has.
  std::size_t read_row(const PGresult& result, int row) {
    std::size_t bytes = 0;
    for (std::size_t i = 0; i < types_.size(); ++i) {
      const int index = static_cast<int>(i);
      const auto length = static_cast<std::size_t>(PQgetlength(&result, row, index));
      const char* start = PQgetvalue(&result, row, index);
      if (length == 0 && PQgetisnull(&result, row, index))
        values_[i] = std::monostate();
      else
        values_[i] = column({start, length}, i);
      bytes += length;
    }
    return bytes;
  }

  SqlColumn column(std::string_view bytes, std::size_t at) {
    switch (types_[at]) {
      case kBytea:
        if (binary_) return SqlBlob{bytes};
        read_hex(bytes, decoded_[at]);
        return SqlBlob{decoded_[at]};
      case kBool:
        return bytes == "t";
      case kInt2:
      case kInt4:
      case kInt8:
      case kOid:
        return integer_in(bytes);
      case kFloat4:
      case kFloat8:
        return std::strtod(bytes.data(), nullptr);
      default:
        return bytes;
    }
  }

  const std::shared_ptr<Link> link_;
  const std::string name_;
  const std::size_t row_bytes_max_;
  std::vector<std::string> markers_;
  std::vector<Oid> parameters_;  // types
  std::vector<Oid> types_;       // of the columns
  int binary_ = 1;               // the form of all columns
  bool is_too_large_ = false;    // the row that ended the last run
  std::vector<SqlColumn> values_;
  std::vector<std::string> decoded_;
};

class Session final : public SqlSession {
 public:
  Session(std::shared_ptr<Link> link, std::size_t row_bytes_max)
      : link_(std::move(link)), row_bytes_max_(row_bytes_max) {}

  Tried<std::unique_ptr<SqlPrepared>> prepare(std::string_view text, std::size_t keys) override {
    for (const std::string& name : link_->forgotten())
      if (auto freed = run("DEALLOCATE " + name); !freed) return std::unexpected(freed.error());
    SqlText read = read_sql(text, kSyntax, keys);
    const std::string name = "ringcache" + std::to_string(++prepared_);
    if (auto parsed =
            ask(PQsendPrepare(link_->handle(), name.c_str(), read.text.c_str(), 0, nullptr));
        !parsed)
      return std::unexpected(parsed.error());
    const auto described = ask(PQsendDescribePrepared(link_->handle(), name.c_str()));
    if (!described) return std::unexpected(described.error());
    return std::make_unique<Prepared>(link_, name, std::move(read), **described, row_bytes_max_);
  }

  Tried<void> run(std::string_view text) override {
    const auto ran = ask(PQsendQuery(link_->handle(), std::string(text).c_str()));
    if (!ran) return std::unexpected(ran.error());
    return {};
  }

  bool usable() const override { return link_->usable(); }
  bool gone() override {
    return !usable() || (has_news(PQsocket(link_->handle())) && !link_->notified());
  }

  /// It may have come with the answer to a statement.
  bool heard_by(Time end) override {
    if (link_->notified()) return true;
    if (usable()) wait_for_socket(PQsocket(link_->handle()), POLLIN, end);
    return link_->notified() || !usable();
  }

 private:
  Tried<ResultPtr> ask(int sent) {
    auto result = link_->finish(sent);
    if (!result) return result;
    if (auto sound = link_->sound(**result); !sound) return std::unexpected(sound.error());
    return result;
  }

  const std::shared_ptr<Link> link_;
  const std::size_t row_bytes_max_;
  std::uint64_t prepared_ = 0;
};

/// What makes a session behave as all that follows expects. What is like PostgreSQL may not know a
/// setting.
Tried<void> set_up(Session& session, Duration timeout) {
  const std::string time =
      std::to_string(std::chrono::ceil<std::chrono::milliseconds>(timeout).count());
  const std::string settings[] = {"statement_timeout = " + time,
                                  "idle_in_transaction_session_timeout = " + time,
                                  "bytea_output = 'hex'", "extra_float_digits = 1"};
  for (const std::string& setting : settings)
    if (auto set = session.run("SET " + setting); !set && !session.usable()) return set;
  return {};
}

Result<SqlPlace> locate(std::string_view dsn) {
  const auto address = parse_postgres_dsn(dsn);
  if (!address) return std::unexpected(address.error());
  return SqlPlace{.location = std::string(dsn), .label = address->label()};
}

PGconn* start(const PostgresAddress& address, std::size_t host) {
  auto options = address.options(host);
  options.emplace_back("client_encoding", "UTF8");
  options.emplace_back("fallback_application_name", "ringcache");
  std::vector<const char*> names, values;
  for (const auto& [name, value] : options) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  return PQconnectStartParams(names.data(), values.data(), 0);
}

Tried<std::unique_ptr<SqlSession>> open_at(const SqlPlace& place, const PostgresAddress& address,
                                           std::size_t host, const Time* deadline, Time until) {
  auto link = std::make_shared<Link>(start(address, host), deadline);
  const auto failed = [&](const std::string& why) {
    const std::string which = address.hosts.size() > 1 ? address.host_label(host) + ": " : "";
    return std::unexpected(Failure{Trouble::broken, which + why});
  };
  if (!link->handle()) return failed("out of memory");
  PQsetNoticeReceiver(link->handle(), [](void*, const PGresult*) {}, nullptr);  // it would print
  if (PQstatus(link->handle()) == CONNECTION_BAD)
    return failed(first_line(PQerrorMessage(link->handle())));
  if (auto connected = link->connect(until); !connected) return failed(connected.error().message);
  auto session = std::make_unique<Session>(std::move(link), place.row_bytes_max);
  if (auto ready = set_up(*session, place.timeout); !ready) return failed(ready.error().message);
  return session;
}

Tried<std::unique_ptr<SqlSession>> open(const SqlPlace& place, const Time* deadline) {
  const PostgresAddress address = *parse_postgres_dsn(place.location);
  auto session = open_one_of(
      place, address.hosts.size(), *deadline,
      [&](std::size_t host, Time until) { return open_at(place, address, host, deadline, until); });
  if (!session) session.error().message.insert(0, place.label + ": ");
  return session;
}

}  // namespace

const SqlDriver& postgres_driver() {
  static constexpr std::string_view kSchemes[] = {"postgresql", "postgres"};
  static constexpr SqlDriver kDriver{.schemes = kSchemes,
                                     .example = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
                                     .begin_write = "BEGIN",
                                     .clock =
                                         "SELECT (extract(epoch FROM clock_timestamp()) * "
                                         "1000)::bigint",
                                     .outbox = &kPostgresOutbox,
                                     .locate = locate,
                                     .open = open};
  return kDriver;
}

}  // namespace ringcache
