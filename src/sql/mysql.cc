// SPDX-License-Identifier: Apache-2.0
#include <errmsg.h>
#include <mysql.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/utf8.h"
#include "sql/driver.h"
#include "sql/mysql_address.h"
#include "sql/mysql_trouble.h"
#include "sql/patience.h"

namespace ringcache {
namespace {

constexpr SqlSyntax kSyntax{.backslashes = true, .hash_comments = true, .own_markers = "?"};

/// The library runs on a stack of its own while it waits; TLS needs more than it would have.
constexpr std::size_t kStackBytes = std::size_t{256} << 10;
/// A column is read at once up to here; what is longer is read again into the room that it needs.
constexpr std::size_t kRoomAtFirst = 512;
constexpr std::size_t kRoomKept = std::size_t{64} << 10;

short events_of(int status) {
  return static_cast<short>((status & MYSQL_WAIT_READ ? POLLIN : 0) |
                            (status & MYSQL_WAIT_WRITE ? POLLOUT : 0) |
                            (status & MYSQL_WAIT_EXCEPT ? POLLPRI : 0));
}

int status_of(short events) {
  return (events & (POLLIN | POLLERR | POLLHUP) ? MYSQL_WAIT_READ : 0) |
         (events & (POLLOUT | POLLERR | POLLHUP) ? MYSQL_WAIT_WRITE : 0) |
         (events & POLLPRI ? MYSQL_WAIT_EXCEPT : 0);
}

/// The connection, in the library's way that waits nowhere by itself.
class Link {
 public:
  explicit Link(const Time* deadline) : deadline_(deadline), mysql_(mysql_init(nullptr)) {}
  ~Link() {
    if (mysql_) close();
  }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  MYSQL* handle() const noexcept { return mysql_; }
  bool usable() const noexcept { return mysql_ && !lost_; }

  /// Begins a call with `start()` and ends it with `go_on(status)`, both of which answer what the
  /// library waits for. False when it does not come by the deadline: the connection is of no use
  /// any more then.
  template <class Start, class GoOn>
  bool wait(Start start, GoOn go_on, Time deadline) {
    for (int status = start(); status != 0;) {
      const short came = wait_for_socket(mysql_get_socket(mysql_), events_of(status), deadline);
      if (came == 0) return give_up(), false;
      status = go_on(status_of(came));
    }
    return true;
  }
  template <class Start, class GoOn>
  bool wait(Start start, GoOn go_on) {
    return wait(start, go_on, *deadline_);
  }

  Failure failure(unsigned code, const char* state, std::string_view message) {
    if (!mysql_) return {Trouble::late, "no answer in time"};
    lost_ |= mysql_session_is_lost(code, state);
    return mysql_failure(code, state, message);
  }
  std::unexpected<Failure> failed() {
    if (!mysql_) return std::unexpected(failure(0, "", ""));
    return std::unexpected(
        failure(mysql_errno(mysql_), mysql_sqlstate(mysql_), mysql_error(mysql_)));
  }

 private:
  /// Statements that are still there are told, and leave the network alone from then on.
  void give_up() {
    ::shutdown(mysql_get_socket(mysql_), SHUT_RDWR);
    close();
  }
  void close() {
    if (lost_ && mysql_get_socket(mysql_) >= 0)
      ::shutdown(mysql_get_socket(mysql_), SHUT_RDWR);  // a farewell could wait for ever
    mysql_close(mysql_);
    mysql_ = nullptr;
  }

  const Time* const deadline_;
  MYSQL* mysql_;
  bool lost_ = false;
};

/// A column of a row, as the library writes it.
class Column {
 public:
  Column(const MYSQL_FIELD& field, MYSQL_BIND& bind)
      : kind_(kind_of(field)), bind_(&bind), is_unsigned_(is_unsigned(field)) {
    bind.is_null = &is_null_;
    bind.length = &length_;
    bind.error = &is_cut_;
    bind.is_unsigned = is_unsigned_;
    if (kind_ == Kind::integer)
      bind_number(MYSQL_TYPE_LONGLONG, &integer_);
    else if (kind_ == Kind::real)
      bind_number(MYSQL_TYPE_DOUBLE, &real_);
    else
      bind_bytes(kind_ == Kind::text || kind_ == Kind::single);
  }

  bool suits(const MYSQL_FIELD& field) const {
    return kind_ == kind_of(field) && is_unsigned_ == is_unsigned(field);
  }

  bool is_longer_than_room() const { return !is_null_ && length_ > room_.size() && is_bytes(); }
  std::size_t length() const { return is_null_ || !is_bytes() ? 0 : length_; }

  /// Reads the whole of what did not fit.
  bool read_again(MYSQL_STMT* statement, unsigned index) {
    make_room(length_);
    return mysql_stmt_fetch_column(statement, bind_, index, 0) == 0;
  }

  SqlColumn value() const {
    if (is_null_) return std::monostate();
    const std::string_view bytes(room_.data(), is_bytes() ? length_ : 0);
    switch (kind_) {
      case Kind::integer:
        if (is_unsigned_ && integer_ < 0) return static_cast<std::uint64_t>(integer_);
        return std::int64_t{integer_};
      case Kind::real:
        return real_;
      case Kind::single:
        return number_in(bytes);
      case Kind::bits:
        return bits_in(bytes);
      case Kind::text:
        return bytes;
      default:
        return SqlBlob{bytes};
    }
  }

  /// A large value leaves no large room behind.
  void shrink() {
    if (room_.size() <= kRoomKept) return;
    std::vector<char>().swap(room_);
    make_room(kRoomAtFirst);
  }

 private:
  enum class Kind : std::uint8_t { integer, real, single, bits, text, blob };

  static Kind kind_of(const MYSQL_FIELD& field) {
    constexpr unsigned kBinary = 63;  // the number of the character set of bytes
    switch (field.type) {
      case MYSQL_TYPE_TINY:
      case MYSQL_TYPE_SHORT:
      case MYSQL_TYPE_INT24:
      case MYSQL_TYPE_LONG:
      case MYSQL_TYPE_LONGLONG:
      case MYSQL_TYPE_YEAR:
        return Kind::integer;
      case MYSQL_TYPE_DOUBLE:
        return Kind::real;
      case MYSQL_TYPE_FLOAT:
        return Kind::single;
      case MYSQL_TYPE_BIT:
        return Kind::bits;
      case MYSQL_TYPE_STRING:
      case MYSQL_TYPE_VAR_STRING:
      case MYSQL_TYPE_VARCHAR:
      case MYSQL_TYPE_TINY_BLOB:
      case MYSQL_TYPE_BLOB:
      case MYSQL_TYPE_MEDIUM_BLOB:
      case MYSQL_TYPE_LONG_BLOB:
        return field.charsetnr == kBinary ? Kind::blob : Kind::text;
      case MYSQL_TYPE_GEOMETRY:
        return Kind::blob;
      default:
        return Kind::text;
    }
  }

  static bool is_unsigned(const MYSQL_FIELD& field) { return (field.flags & UNSIGNED_FLAG) != 0; }

  /// As the database prints it, which for a float is the shortest form: as a double it would grow
  /// digits.
  static SqlColumn number_in(std::string_view digits) {
    double number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
  }
  static SqlColumn bits_in(std::string_view bytes) {
    std::uint64_t number = 0;
    for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
    if (number > INT64_MAX) return number;
    return static_cast<std::int64_t>(number);
  }

  bool is_bytes() const { return kind_ != Kind::integer && kind_ != Kind::real; }

  void bind_number(enum_field_types type, void* to) {
    bind_->buffer_type = type;
    bind_->buffer = to;
  }
  void bind_bytes(bool as_text) {
    bind_->buffer_type = as_text ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
    make_room(kRoomAtFirst);
  }
  void make_room(std::size_t bytes) {
    room_.resize(bytes);
    bind_->buffer = room_.data();
    bind_->buffer_length = bytes;
  }

  Kind kind_;
  MYSQL_BIND* bind_;
  bool is_unsigned_;
  my_bool is_null_ = 0;
  my_bool is_cut_ = 0;
  unsigned long length_ = 0;
  long long integer_ = 0;
  double real_ = 0;
  std::vector<char> room_;
};

class Prepared final : public SqlPrepared {
 public:
  Prepared(std::shared_ptr<Link> link, MYSQL_STMT* statement, SqlText text, std::size_t row_max)
      : link_(std::move(link)), statement_(statement), row_bytes_max_(row_max) {
    shape_ = shape_of(text);
    markers_ = std::move(text.markers);
    bound_.resize(markers_.size());
    numbers_.resize(markers_.size());
    bind_columns();
    for (unsigned i = 0; i < columns_.size(); ++i)
      shape_.columns.emplace_back(statement_->fields[i].name);
  }
  ~Prepared() override { mysql_stmt_close(statement_); }
  Prepared(const Prepared&) = delete;
  Prepared& operator=(const Prepared&) = delete;

  Tried<std::int64_t> run(const SqlParameters& parameters, const OnRow& on_row) override {
    bind(parameters);
    int code = 0;
    if (mysql_stmt_bind_param(statement_, bound_.data())) return failed();
    const bool answered =
        link_->wait([&] { return mysql_stmt_execute_start(&code, statement_); },
                    [&](int status) { return mysql_stmt_execute_cont(&code, statement_, status); });
    if (answered && mysql_stmt_errno(statement_) == CR_NEW_STMT_METADATA) return changed();
    if (!answered || code != 0) return failed();
    if (columns_.empty()) return static_cast<std::int64_t>(mysql_stmt_affected_rows(statement_));
    if (has_new_names()) return changed();
    bind_new_types();
    return fetch_all(on_row);
  }

 private:
  void bind_columns() {
    const unsigned count = mysql_stmt_field_count(statement_);
    results_.assign(count, {});
    columns_.clear();
    columns_.reserve(count);  // the library knows their addresses
    values_.resize(count);
    for (unsigned i = 0; i < count; ++i) columns_.emplace_back(statement_->fields[i], results_[i]);
  }

  /// The server prepares a statement again for a schema that has changed. A column of another type
  /// then is read as that, as is one whose type is that of a parameter.
  void bind_new_types() {
    for (unsigned i = 0; i < columns_.size(); ++i)
      if (!columns_[i].suits(statement_->fields[i])) return bind_columns();
  }

  /// The library tells new names, and those once, to the connection alone.
  bool has_new_names() const {
    const MYSQL_FIELD* fields = link_->handle()->fields;
    for (unsigned i = 0; fields && i < columns_.size(); ++i)
      if (shape_.columns[i] != fields[i].name) return true;
    return false;
  }

  std::unexpected<Failure> changed() {
    if (!free_result()) return failed();
    return std::unexpected(Failure{Trouble::mistake, "the columns have changed"});
  }

  /// Text as text, which the database converts to a column's type; other bytes as bytes, which it
  /// leaves alone.
  void bind(const SqlParameters& parameters) {
    std::size_t key = 0;
    for (std::size_t i = 0; i < markers_.size(); ++i)
      std::visit([&](auto bound) { bind(i, bound); }, parameters.bound(markers_[i], key));
  }
  void bind(std::size_t at, std::monostate) { bound_[at].buffer_type = MYSQL_TYPE_NULL; }
  void bind(std::size_t at, std::int64_t number) {
    numbers_[at] = number;
    bound_[at].buffer_type = MYSQL_TYPE_LONGLONG;
    bound_[at].buffer = &numbers_[at];
  }
  void bind(std::size_t at, SqlBlob blob) { bind(at, blob.bytes); }
  void bind(std::size_t at, std::string_view bytes) {
    MYSQL_BIND& bind = bound_[at];
    bind.buffer_type = valid_utf8(bytes) ? MYSQL_TYPE_STRING : MYSQL_TYPE_BLOB;
    bind.buffer = const_cast<char*>(bytes.data());
    bind.buffer_length = bytes.size();
    bind.length = &bind.buffer_length;
  }

  Tried<std::int64_t> fetch_all(const OnRow& on_row) {
    for (Column& column : columns_) column.shrink();
    if (mysql_stmt_bind_result(statement_, results_.data())) return failed();
    for (;;) {
      const auto fetched = fetch();
      if (!fetched) return std::unexpected(fetched.error());
      if (!*fetched) return 0;
      if (!on_row({shape_.columns, values_})) break;
    }
    if (!free_result()) return failed();
    return 0;
  }

  Tried<bool> fetch() {
    int code = 0;
    const bool answered =
        link_->wait([&] { return mysql_stmt_fetch_start(&code, statement_); },
                    [&](int status) { return mysql_stmt_fetch_cont(&code, statement_, status); });
    if (!answered || code == 1) return failed();
    if (code == MYSQL_NO_DATA) return false;
    return read_row();
  }

  Tried<bool> read_row() {
    std::size_t bytes = 0;
    for (const Column& column : columns_) bytes += column.length();
    if (bytes > row_bytes_max_) {
      free_result();
      return std::unexpected(
          Failure{Trouble::too_large,
                  "the row is longer than " + std::to_string(row_bytes_max_) + " bytes"});
    }
    bool has_new_room = false;
    for (unsigned i = 0; i < columns_.size(); ++i) {
      if (columns_[i].is_longer_than_room()) {
        has_new_room = true;
        if (!columns_[i].read_again(statement_, i)) return failed();
      }
      values_[i] = columns_[i].value();
    }
    if (has_new_room && mysql_stmt_bind_result(statement_, results_.data())) return failed();
    return true;
  }

  /// What is left of the rows.
  bool free_result() {
    my_bool code = 0;
    return link_->wait([&] { return mysql_stmt_free_result_start(&code, statement_); },
                       [&](int status) {
                         return mysql_stmt_free_result_cont(&code, statement_, status);
                       }) &&
           code == 0;
  }

  /// What ends the rows is told to the connection alone.
  std::unexpected<Failure> failed() {
    if (!link_->handle() || mysql_stmt_errno(statement_) == 0) return link_->failed();
    return std::unexpected(link_->failure(mysql_stmt_errno(statement_),
                                          mysql_stmt_sqlstate(statement_),
                                          mysql_stmt_error(statement_)));
  }

  const std::shared_ptr<Link> link_;
  MYSQL_STMT* const statement_;
  const std::size_t row_bytes_max_;
  std::vector<std::string> markers_;
  std::vector<MYSQL_BIND> bound_;
  std::vector<std::int64_t> numbers_;  // bound_ points there
  std::vector<MYSQL_BIND> results_;
  std::vector<Column> columns_;
  std::vector<SqlColumn> values_;
};

class Session final : public SqlSession {
 public:
  Session(std::shared_ptr<Link> link, std::size_t row_bytes_max)
      : link_(std::move(link)), row_bytes_max_(row_bytes_max) {}

  Tried<std::unique_ptr<SqlPrepared>> prepare(std::string_view text, std::size_t keys) override {
    SqlText read = read_sql(text, kSyntax, keys);
    if (!link_->usable()) return link_->failed();
    MYSQL_STMT* statement = mysql_stmt_init(link_->handle());
    int code = 0;
    const bool answered = link_->wait(
        [&] {
          return mysql_stmt_prepare_start(&code, statement, read.text.data(), read.text.size());
        },
        [&](int status) { return mysql_stmt_prepare_cont(&code, statement, status); });
    if (answered && code == 0)
      return std::make_unique<Prepared>(link_, statement, std::move(read), row_bytes_max_);
    auto failed = answered ? std::unexpected(link_->failure(mysql_stmt_errno(statement),
                                                            mysql_stmt_sqlstate(statement),
                                                            mysql_stmt_error(statement)))
                           : link_->failed();
    mysql_stmt_close(statement);
    return failed;
  }

  Tried<void> run(std::string_view text) override {
    int code = 0;
    if (!link_->usable()) return link_->failed();
    const bool answered = link_->wait(
        [&] { return mysql_real_query_start(&code, link_->handle(), text.data(), text.size()); },
        [&](int status) { return mysql_real_query_cont(&code, link_->handle(), status); });
    if (answered && code == 0) return {};
    return link_->failed();
  }

  bool usable() const override { return link_->usable(); }
  bool gone() override { return !usable() || has_news(mysql_get_socket(link_->handle())); }

 private:
  const std::shared_ptr<Link> link_;
  const std::size_t row_bytes_max_;
};

const char* or_null(const std::string& text) { return text.empty() ? nullptr : text.c_str(); }

void set_options(MYSQL* mysql, const MysqlAddress& address) {
  const unsigned off = 0;
  const my_bool verify = address.tls == MysqlAddress::Tls::verify;
  const my_bool enforce = address.tls != MysqlAddress::Tls::off;
  const unsigned tcp = MYSQL_PROTOCOL_TCP;
  mysql_optionsv(mysql, MYSQL_OPT_NONBLOCK, &kStackBytes);
  // Or else "localhost" would be some socket, whatever its port.
  if (address.socket.empty()) mysql_optionsv(mysql, MYSQL_OPT_PROTOCOL, &tcp);
  mysql_optionsv(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  mysql_optionsv(mysql, MYSQL_OPT_LOCAL_INFILE, &off);
  mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
  mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
  if (enforce)
    mysql_ssl_set(mysql, or_null(address.key), or_null(address.certificate), or_null(address.ca),
                  nullptr, nullptr);
}

/// An update that changes nothing has found its row all the same.
constexpr unsigned long kFlags = CLIENT_FOUND_ROWS;

/// The library does not say which file it misses.
std::string unreadable_file(const MysqlAddress& address) {
  const std::pair<const char*, const std::string*> files[] = {
      {"ca", &address.ca}, {"cert", &address.certificate}, {"key", &address.key}};
  for (const auto& [option, file] : files)
    if (!file->empty() && ::access(file->c_str(), R_OK) != 0)
      return std::string(option) + "=" + *file + " in the dsn: " + std::strerror(errno);
  return {};
}

/// Why a session must not go on: without a certificate to verify the library does without TLS where
/// the server has none.
std::string unencrypted(MYSQL* mysql, const MysqlAddress& address) {
  if (address.tls == MysqlAddress::Tls::off || mysql_get_ssl_cipher(mysql)) return {};
  return "the server does not support SSL: give it a certificate, or write tls=off in the dsn";
}

Tried<std::shared_ptr<Link>> connect(const MysqlAddress& address, std::size_t host,
                                     const Time* deadline, Time until) {
  const auto failed = [&](const std::string& why) {
    return std::unexpected(Failure{Trouble::broken, address.host_label(host) + ": " + why});
  };
  if (const std::string why = unreadable_file(address); !why.empty()) return failed(why);
  auto link = std::make_shared<Link>(deadline);
  set_options(link->handle(), address);
  const auto& [name, port] = address.hosts[host];
  MYSQL* connected = nullptr;
  const bool answered = link->wait(
      [&] {
        return mysql_real_connect_start(&connected, link->handle(), name.c_str(),
                                        address.user.c_str(), address.password.c_str(),
                                        address.database.c_str(), port, or_null(address.socket),
                                        kFlags);
      },
      [&](int status) { return mysql_real_connect_cont(&connected, link->handle(), status); },
      until);
  if (!answered) return failed("no answer in time");
  if (!connected) return failed(mysql_error(link->handle()));
  if (const std::string why = unencrypted(connected, address); !why.empty()) return failed(why);
  return link;
}

std::string seconds(Duration span) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(span).count());
}

/// What makes a session behave as all that follows expects. The database may not know a variable:
/// MySQL and what is like it call some differently, or have none.
Tried<void> set_up(Session& session, Duration timeout) {
  const auto milliseconds = std::chrono::ceil<std::chrono::milliseconds>(timeout).count();
  const std::string settings[] = {
      "autocommit = 1",
      "sql_mode = CONCAT(@@sql_mode, ',STRICT_TRANS_TABLES')",
      "innodb_lock_wait_timeout = " + seconds(timeout),
      "max_statement_time = " + std::to_string(static_cast<double>(milliseconds) / 1000),
      "max_execution_time = " + std::to_string(milliseconds),
      "idle_transaction_timeout = " + seconds(timeout),
      "wsrep_sync_wait = 1",
  };
  for (const std::string& setting : settings)
    if (auto set = session.run("SET SESSION " + setting); !set && !session.usable()) return set;
  return session.run("ROLLBACK");  // a member of Galera without the others takes settings alone
}

Result<SqlPlace> locate(std::string_view dsn) {
  const auto address = parse_mysql_dsn(dsn);
  if (!address) return std::unexpected(address.error());
  return SqlPlace{.location = std::string(dsn), .label = address->label()};
}

Tried<std::unique_ptr<SqlSession>> open_at(const SqlPlace& place, const MysqlAddress& address,
                                           std::size_t host, const Time* deadline, Time until) {
  auto link = connect(address, host, deadline, until);
  if (!link) return std::unexpected(std::move(link.error()));
  auto session = std::make_unique<Session>(*std::move(link), place.row_bytes_max);
  if (const auto ready = set_up(*session, place.timeout); !ready)
    return std::unexpected(
        Failure{Trouble::broken, address.host_label(host) + ": " + ready.error().message});
  return session;
}

Tried<std::unique_ptr<SqlSession>> open(const SqlPlace& place, const Time* deadline) {
  const MysqlAddress address = *parse_mysql_dsn(place.location);
  return open_one_of(place, address.hosts.size(), *deadline, [&](std::size_t host, Time until) {
    return open_at(place, address, host, deadline, until);
  });
}

}  // namespace

const SqlDriver& mysql_driver() {
  static constexpr std::string_view kSchemes[] = {"mysql", "mariadb"};
  static constexpr SqlDriver kDriver{.schemes = kSchemes,
                                     .example = "mysql://USER:PASSWORD@HOST:PORT/DATABASE",
                                     .begin_write = "START TRANSACTION",
                                     // By local time an hour in autumn would come twice.
                                     .clock =
                                         "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', "
                                         "UTC_TIMESTAMP(3)) DIV 1000",
                                     .outbox = &kMysqlOutbox,
                                     .locate = locate,
                                     .open = open};
  return kDriver;
}

}  // namespace ringcache
