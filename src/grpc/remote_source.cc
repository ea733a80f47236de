// SPDX-License-Identifier: Apache-2.0
#include <ringcache/remote_source.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/units.h"
#include "grpc/link.h"
#include "grpc/spans.h"
#include "grpc/tags.h"
#include "source.grpc.pb.h"

namespace ringcache {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMessageSlack = std::size_t{1} << 20;
/// A little more than what every gRPC server bears.
constexpr std::chrono::seconds kKeepalive{310};
/// A program that serves no LoadMany may be followed by one that does.
constexpr std::chrono::minutes kAskSingly{1};

using SourceLink = ServiceLink<v1::Source>;

/// Nobody serves the method: gRPC says so, or what a program's service is derived from. What a
/// Store at the other end says has a name.
bool is_unserved(const grpc::Status& status, const grpc::ClientContext& context) {
  return status.error_code() == grpc::StatusCode::UNIMPLEMENTED &&
         !context.GetServerTrailingMetadata().contains(kErrorTrailer);
}

struct LoadCall final : Exchange<v1::Source, v1::LoadRequest, v1::Row, Value> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->Load(&context, &request, &response, std::move(finished));
  }
};
struct LoadManyCall final
    : Exchange<v1::Source, v1::LoadManyRequest, v1::LoadManyResponse, Values> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->LoadMany(&context, &request, &response,
                                  [this, finished = std::move(finished)](grpc::Status status) {
                                    is_unserved(status, context) ? unserved() : finished(status);
                                  });
  }
  std::function<void()> unserved;  ///< What is done instead where nobody serves it.
};
struct StoreCall final : Exchange<v1::Source, v1::StoreRequest, v1::StoreResponse, Value> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->Store(&context, &request, &response, std::move(finished));
  }
};
struct CompareAndSetCall final
    : Exchange<v1::Source, v1::CompareAndSetRequest, v1::CompareAndSetResponse, Value> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->CompareAndSet(&context, &request, &response, std::move(finished));
  }
};
struct TouchCall final : Exchange<v1::Source, v1::TouchRowRequest, v1::Row, Value> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->Touch(&context, &request, &response, std::move(finished));
  }
};
struct EraseCall final : Exchange<v1::Source, v1::EraseRequest, v1::EraseResponse, void> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->Erase(&context, &request, &response, std::move(finished));
  }
};

/// The program at the other end; shared with the calls in flight.
class Remote final : public SourceLink {
 public:
  explicit Remote(const RemoteSourceOptions& given)
      : SourceLink({.address = given.target,
                    .ping = "/grpc.health.v1.Health/Check",
                    .calls_max = given.calls_max,
                    .message_bytes_max =
                        std::max(given.value_bytes_max, given.batch_bytes_max) + kMessageSlack,
                    .keepalive = kKeepalive}),
        timeout_(given.timeout),
        value_bytes_max_(given.value_bytes_max),
        name_("source " + given.name),
        log_(given.log) {}

  Time deadline(const Call& call) const {
    return std::min(call.deadline, saturating_add(BootClock::now(), timeout_));
  }

  Error named(Error error) const {
    error.message.insert(0, name_ + ": ");
    return error;
  }

  /// Why a value is refused, whichever way it goes.
  Result<void> fits(std::string_view value) const {
    if (value.size() <= value_bytes_max_) return {};
    return fail(Errc::too_large,
                "the value is longer than " + std::to_string(value_bytes_max_) + " bytes");
  }

  bool asks_singly() const { return BootClock::now() < singly_until_.load(); }
  void ask_singly() { singly_until_ = saturating_add(BootClock::now(), kAskSingly); }

  template <class T>
  void heard(const Result<T>& result) {
    if (result) return note_reached(true);
    const Errc code = result.error().code;
    const bool failed = code == Errc::unavailable || code == Errc::unknown;
    if (failed && channel->GetState(false) != GRPC_CHANNEL_READY) note_reached(false);
  }

 private:
  /// The log hears of a program that goes or comes back, not of each call. What the program itself
  /// says stays out: it may name keys.
  void note_reached(bool now) {
    if (reached_.exchange(now) == now) return;
    if (now) return log_.info(name_ + " is back");
    log_.error(name_ + " cannot be reached at " + options.address +
               "; calls are refused until it can");
  }

  const Duration timeout_;
  const std::size_t value_bytes_max_;
  const std::string name_;
  const Log log_;
  std::atomic<bool> reached_{true};
  std::atomic<Time> singly_until_{Time{}};  // LoadMany is not asked for
};

using RemotePtr = std::shared_ptr<Remote>;

/// The completion with the source's name in its error.
template <class T>
Done<T> named(RemotePtr remote, Done<T> done) {
  return [remote = std::move(remote), done = std::move(done)](Result<T> result) mutable {
    remote->heard(result);
    if (!result) result = std::unexpected(remote->named(std::move(result.error())));
    done(std::move(result));
  };
}

/// The row in this process's own time: what it had left when it left, counted from when it was
/// asked for, so that it is never taken for younger than it is.
Result<Value> value_of(const Remote& remote, const v1::Row& row, Time began) {
  if (auto fits = remote.fits(row.value()); !fits) return std::unexpected(fits.error());
  Value value{.bytes = Bytes::copy(row.value()), .loaded_at = began};
  if (row.has_ttl_ms())
    value.expires_at = saturating_add(began, span_of<milliseconds>(row.ttl_ms()));
  value.tags = join_tags(row.tags());
  return value;
}

Error error_of(const v1::Failure& failure) {
  const Duration retry_after = span_of<milliseconds>(failure.retry_after_ms());
  const Errc code = failure.reason().empty()
                        ? errc_of(static_cast<grpc::StatusCode>(failure.code()), retry_after)
                        : errc_from_name(failure.reason());
  return {code, failure.message(), retry_after};
}

Result<Value> value_of(const Remote& remote, const v1::LoadResult& result, Time began) {
  if (result.has_failure()) return std::unexpected(remote.named(error_of(result.failure())));
  if (!result.has_row()) return fail(Errc::not_found, "no such key");
  auto value = value_of(remote, result.row(), began);
  if (!value) value = std::unexpected(remote.named(std::move(value.error())));
  return value;
}

Result<Values> values_of(const Remote& remote, const LoadManyCall& over) {
  const auto& results = over.response.results();
  if (results.size() != over.request.keys_size())
    return fail(Errc::internal, "it answered " + std::to_string(results.size()) + " results for " +
                                    std::to_string(over.request.keys_size()) + " keys");
  Values values;
  values.reserve(static_cast<std::size_t>(results.size()));
  for (const v1::LoadResult& result : results)
    values.push_back(value_of(remote, result, over.began));
  return values;
}

/// What the source now holds. The write is done, whatever is wrong with the answer.
template <class Over>
Result<Value> stored(const Remote& remote, const Over& over, const Value& given) {
  if (!over.response.has_row())
    return Value{.bytes = given.bytes, .loaded_at = over.began, .expires_at = given.expires_at};
  auto held = value_of(remote, over.response.row(), over.began);
  if (!held) held.error().code = Errc::unknown;
  return held;
}

class RemoteSource final : public Store {
 public:
  explicit RemoteSource(RemotePtr remote) : remote_(std::move(remote)) {}

  void get(const KeyView& key, const Call& call, Done<Value> done) override {
    const auto load = exchange<LoadCall>(Intent::read, std::move(done));
    set_key(load->request, key);
    run(load, remote_->deadline(call), [remote = remote_](LoadCall& over) {
      return value_of(*remote, over.response, over.began);
    });
  }

  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override {
    if (keys.empty()) return done(Values());
    if (remote_->asks_singly()) return Store::get_many(keys, call, std::move(done));
    const Time deadline = remote_->deadline(call);
    const auto load = exchange<LoadManyCall>(Intent::read, std::move(done));
    load->unserved = [remote = remote_, raw = load.get(), deadline] {
      remote->ask_singly();
      load_singly(remote, *raw, deadline);
    };
    load->request.set_group(std::string(keys.front().group));
    for (const KeyView& key : keys) load->request.add_keys(key.name.data(), key.name.size());
    run(load, deadline,
        [remote = remote_](LoadManyCall& over) { return values_of(*remote, over); });
  }

  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
    const auto store = exchange<StoreCall>(Intent::write, std::move(done));
    if (!fill(*store, key, value)) return;
    run_write(store, remote_->deadline(call),
              [remote = remote_, given = std::move(value)](StoreCall& over) {
                return stored(*remote, over, given);
              });
  }

  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                       Done<Value> done) override {
    const auto swap = exchange<CompareAndSetCall>(Intent::write, std::move(done));
    if (!fill(*swap, key, value)) return;
    swap->request.set_expected(expected.bytes.view().data(), expected.bytes.size());
    run_write(
        swap, remote_->deadline(call),
        [remote = remote_, given = std::move(value)](CompareAndSetCall& over) {
          if (over.response.stored()) return stored(*remote, over, given);
          return Result<Value>(fail(Errc::precondition_failed, "the key has another value by now"));
        });
  }

  void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) override {
    const auto touch = exchange<TouchCall>(Intent::write, std::move(done));
    set_key(touch->request, key);
    if (expires_at != Time::max())
      touch->request.set_ttl_ms(count_of<milliseconds>(expires_at - touch->began));
    run_write(touch, remote_->deadline(call), [remote = remote_](TouchCall& over) {
      return value_of(*remote, over.response, over.began);
    });
  }

  void erase(const KeyView& key, const Call& call, Done<void> done) override {
    const auto erase = exchange<EraseCall>(Intent::write, std::move(done));
    set_key(erase->request, key);
    run_write(erase, remote_->deadline(call), [](EraseCall&) { return Result<void>(); });
  }

 private:
  /// For the call's own keys, in another's name: the Store that was asked may be gone.
  static void load_singly(const RemotePtr& remote, LoadManyCall& batch, Time deadline) {
    std::vector<KeyView> keys;
    keys.reserve(static_cast<std::size_t>(batch.request.keys_size()));
    for (const std::string& key : batch.request.keys())
      keys.emplace_back(batch.request.group(), key);
    RemoteSource(remote).Store::get_many(keys, {.deadline = deadline}, std::move(batch.done));
  }

  /// What is to be stored; false if it cannot be, which is answered then.
  template <class Kind>
  bool fill(Kind& call, const KeyView& key, const Value& value) const {
    auto fits = remote_->fits(value.bytes.view());
    if (fits && !value.tags.is_null())
      fits = fail(Errc::unsupported, "a program that serves a source chooses the tags itself");
    if (!fits) return call.done(std::unexpected(std::move(fits.error()))), false;
    set_key(call.request, key);
    call.request.set_value(value.bytes.view().data(), value.bytes.size());
    if (value.expires_at != Time::max())
      call.request.set_ttl_ms(count_of<milliseconds>(value.expires_at - call.began));
    return true;
  }

  template <class Kind, class T>
  std::shared_ptr<Kind> exchange(Intent intent, Done<T> done) const {
    return std::make_shared<Kind>(remote_, intent, named(remote_, std::move(done)));
  }

  const RemotePtr remote_;
};

}  // namespace

Result<std::shared_ptr<Store>> remote_source(RemoteSourceOptions options) {
  if (auto target = parse_target(options.target); !target) return std::unexpected(target.error());
  return std::make_shared<RemoteSource>(std::make_shared<Remote>(options));
}

}  // namespace ringcache
