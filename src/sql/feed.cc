// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <stop_token>
#include <thread>
#include <tuple>
#include <utility>

#include <ringcache/sql_feed.h>

#include "sql/connection.h"
#include "sql/render.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;

/// A look that failed is repeated after pauses that grow up to this.
constexpr Duration kPauseMax = 1s;
/// Whoever waits for something that the stop cannot wake looks for it this often.
constexpr auto kStopEvery = 100ms;

SqlStatementPtr statement(const char* label, std::string text) {
  return std::make_shared<SqlStatement>(
      SqlStatement{.role = SqlStatement::Role::trusted, .label = label, .text = std::move(text)});
}

std::string text_in(const SqlRow& row, std::size_t column) {
  return std::string(render({row.names, row.columns.subspan(column, 1)}).view());
}

/// Rows of the outbox.
struct Batch {
  std::vector<std::string> ids;
  std::vector<SqlChange> changes;
  Time oldest = Time::max();  // change among them

  void take(const SqlRow& row) {
    ids.push_back(text_in(row, 0));
    SqlChange& change = changes.emplace_back(SqlChange{.group = text_in(row, 1)});
    if (!std::holds_alternative<std::monostate>(row.columns[2])) change.key = text_in(row, 2);
    const auto* age = std::get_if<std::int64_t>(&row.columns[3]);
    const std::chrono::milliseconds since(age ? std::max<std::int64_t>(*age, 0) : 0);
    oldest = std::min<Time>(oldest, BootClock::now() - since);
  }

  /// A key that was changed often needs to be forgotten once.
  std::vector<SqlChange> distinct() {
    const auto order = [](const SqlChange& change) { return std::tie(change.group, change.key); };
    std::ranges::sort(changes, {}, order);
    const auto [first, last] = std::ranges::unique(changes);
    changes.erase(first, last);
    return std::move(changes);
  }
};

std::shared_ptr<SqlSource> make_source(const SqlFeedOptions& options, SqlAddress address) {
  auto source = std::make_shared<SqlSource>("source " + options.name, *address.driver);
  source->place = std::move(address.place);
  source->place.timeout = options.timeout;
  if (const auto listen = address.driver->outbox->listen; !listen.empty())
    source->setup.emplace_back(listen);
  return source;  // without a log: the feed says itself what it is in want of
}

}  // namespace

class SqlFeed::Impl {
 public:
  Impl(SqlFeedOptions options, std::shared_ptr<SqlSource> source)
      : options_(std::move(options)),
        read_(statement("outbox", std::string(source->driver.outbox->read) + " LIMIT " +
                                      std::to_string(kOutboxRowsMax))),
        connection_(std::move(source)),
        thread_([this](const std::stop_token& stop) { run(stop); }) {}

  SqlFeedStats stats() const;

 private:
  void run(const std::stop_token& stop);
  Duration look(const std::stop_token& stop);
  Result<std::size_t> consume(const std::stop_token& stop);
  Result<Batch> read();
  Result<void> tell(Batch& batch, const std::stop_token& stop);
  void stand_by();
  void note(const Result<std::size_t>& consumed);
  void note_age(std::optional<Time> oldest);
  void rest(const std::stop_token& stop, Duration pause);

  const SqlFeedOptions options_;
  const SqlStatementPtr read_;
  const SqlStatementPtr remove_ =
      statement("outbox", "DELETE FROM ringcache_outbox WHERE id IN (:keys)");
  SqlConnection connection_;
  Duration pause_{0};  // after the last look
  Errc said_{};        // in the log, while there is trouble

  mutable std::mutex mutex_;  // guards the two below
  SqlFeedStats stats_;
  std::optional<Time> oldest_;  // change that is known and not acknowledged

  std::condition_variable_any wake_;
  std::jthread thread_;
};

void SqlFeed::Impl::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (options_.elected())
      pause_ = look(stop);
    else
      stand_by();
    rest(stop, pause_);
  }
}

/// How long to wait before the next one. What may be thrown is a lack of memory.
Duration SqlFeed::Impl::look(const std::stop_token& stop) {
  Result<std::size_t> consumed = 0;
  try {
    consumed = consume(stop);
  } catch (const std::exception& thrown) {
    connection_.drop();
    consumed = fail(Errc::unavailable, std::string("a look was given up: ") + thrown.what());
  }
  if (stop.stop_requested()) return Duration{0};
  note(consumed);
  if (!consumed) return std::clamp(pause_ * 2, options_.poll, std::max(kPauseMax, options_.poll));
  return *consumed < kOutboxRowsMax ? options_.poll : Duration{0};
}

/// How many rows. They are deleted only when every node knows of them: whatever goes wrong before,
/// they are read again.
Result<std::size_t> SqlFeed::Impl::consume(const std::stop_token& stop) {
  auto batch = read();
  if (!batch) return std::unexpected(batch.error());
  if (batch->ids.empty()) return note_age({}), std::size_t{0};
  note_age(batch->oldest);
  if (auto told = tell(*batch, stop); !told) return std::unexpected(told.error());
  connection_.set_limit({.at = BootClock::now() + options_.timeout});
  const auto ids = padded(batch->ids);
  const auto removed = connection_.execute(remove_, {.keys = ids});
  if (!removed) return std::unexpected(removed.error());
  return batch->ids.size();
}

Result<Batch> SqlFeed::Impl::read() {
  connection_.set_limit({.at = BootClock::now() + options_.timeout});
  if (auto connected = connection_.connect(true); !connected)
    return std::unexpected(connected.error());
  Batch batch;
  const auto checked = connection_.check(read_);
  const auto ran =
      checked ? connection_.query_all(read_, {}, [&](const SqlRow& row) { batch.take(row); })
              : Result<void>(std::unexpected(checked.error()));
  if (ran) return batch;
  Error error = ran.error();
  if (error.code == Errc::invalid_argument)
    error.message += "; `ringcache source install-feed` makes the outbox";
  return std::unexpected(std::move(error));
}

/// The answer is not waited for when the feed ends: the rows are there for whoever comes next.
Result<void> SqlFeed::Impl::tell(Batch& batch, const std::stop_token& stop) {
  auto answer = std::make_shared<std::promise<Result<void>>>();
  auto future = answer->get_future();
  options_.on_change(batch.distinct(),
                     [answer](Result<void> result) { answer->set_value(std::move(result)); });
  while (future.wait_for(kStopEvery) != std::future_status::ready)
    if (stop.stop_requested()) return fail(Errc::unavailable, "the feed ends");
  auto told = future.get();
  if (told) {
    std::lock_guard lock(mutex_);
    stats_.changes += batch.ids.size();
    stats_.last_lag = BootClock::now() - batch.oldest;
    oldest_.reset();
    return told;
  }
  told.error().message = "source " + options_.name +
                         ": not every node has heard of changed rows yet: " + told.error().message;
  return told;
}

void SqlFeed::Impl::stand_by() {
  connection_.drop();
  pause_ = options_.poll;
  std::lock_guard lock(mutex_);
  stats_.elected = false;
  stats_.trouble.clear();
  oldest_.reset();
}

void SqlFeed::Impl::note(const Result<std::size_t>& consumed) {
  std::string before;
  {
    std::lock_guard lock(mutex_);
    before = std::exchange(stats_.trouble, consumed ? "" : consumed.error().message);
    stats_.elected = true;
    stats_.failures += consumed ? 0 : 1;
  }
  if (consumed && !before.empty())
    options_.log.info("source " + options_.name + ": its feed works again");
  if (!consumed && (before.empty() || said_ != consumed.error().code))
    options_.log.warn(consumed.error().message +
                      " (until its feed works, rows that others change stay until their max_age)");
  if (!consumed) said_ = consumed.error().code;
}

void SqlFeed::Impl::note_age(std::optional<Time> oldest) {
  std::lock_guard lock(mutex_);
  oldest_ = oldest;
}

void SqlFeed::Impl::rest(const std::stop_token& stop, Duration pause) {
  const Time end = BootClock::now() + pause;
  for (Time now = BootClock::now(); now < end && !stop.stop_requested(); now = BootClock::now()) {
    const Time until = std::min<Time>(end, now + kStopEvery);
    if (connection_.heard_by(until)) return;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, until - BootClock::now(), [] { return false; });
  }
}

SqlFeedStats SqlFeed::Impl::stats() const {
  std::lock_guard lock(mutex_);
  SqlFeedStats stats = stats_;
  if (oldest_) stats.lag = BootClock::now() - *oldest_;
  return stats;
}

SqlFeed::SqlFeed(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SqlFeed::~SqlFeed() = default;

Result<std::unique_ptr<SqlFeed>> SqlFeed::start(SqlFeedOptions options) {
  auto address = parse_dsn(options.dsn);
  if (!address)
    return fail(address.error().code, "source " + options.name + ": " + address.error().message);
  auto source = make_source(options, std::move(*address));
  auto impl = std::make_unique<Impl>(std::move(options), std::move(source));
  return std::unique_ptr<SqlFeed>(new SqlFeed(std::move(impl)));
}

SqlFeedStats SqlFeed::stats() const { return impl_->stats(); }

}  // namespace ringcache
