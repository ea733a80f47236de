// SPDX-License-Identifier: Apache-2.0
#include <ringcache/store.h>

#include <charconv>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>

#include "base/gathering.h"

namespace ringcache {
namespace {

/// Where a blocked caller and the completion meet. Shared, because the caller may leave first.
template <class T>
class Rendezvous {
 public:
  void arrive(Result<T> result) {
    std::lock_guard lock(mutex_);
    result_.emplace(std::move(result));  // g++ 12 frees an error twice that is assigned here
    arrived_.notify_one();
  }

  Result<T> wait(Time deadline, Errc late) {
    std::unique_lock lock(mutex_);
    const auto here = [this] { return result_.has_value(); };
    if (deadline == Time::max())
      arrived_.wait(lock, here);
    else if (!arrived_.wait_for(lock, deadline - BootClock::now(), here))
      return fail(late, "no answer before the deadline");
    return std::move(*result_);  // NOLINT(bugprone-unchecked-optional-access): here() holds
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::optional<Result<T>> result_;
};

template <class T, class Start>
Result<T> wait_for(Time deadline, Errc late, Start start) {
  auto meeting = std::make_shared<Rendezvous<T>>();
  start([meeting](Result<T> result) { meeting->arrive(std::move(result)); });
  return meeting->wait(deadline, late);
}

}  // namespace

void Store::get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) {
  if (keys.empty()) return done(Values());
  const auto gathering = std::make_shared<Gathering>(keys.size(), std::move(done));
  for (std::size_t i = 0; i < keys.size(); ++i)
    get(keys[i], call,
        [gathering, i](Result<Value> result) { gathering->arrive(i, std::move(result)); });
}

void Store::compare_and_set(const KeyView&, Expected, Value, const Call&, Done<Value> done) {
  done(fail(Errc::unsupported, "this source cannot compare and set"));
}

void Store::touch(const KeyView&, Time, const Call&, Done<Value> done) {
  done(fail(Errc::unsupported, "this source keeps no ttl that could be changed"));
}

void Store::invalidate(const Invalidation&, const Call&, Done<std::uint64_t> done) { done(0); }

Result<Value> get_blocking(Store& store, const KeyView& key, const Call& call) {
  return wait_for<Value>(call.deadline, Errc::deadline_exceeded,
                         [&](Done<Value> done) { store.get(key, call, std::move(done)); });
}

Result<Values> get_many_blocking(Store& store, std::span<const KeyView> keys, const Call& call) {
  return wait_for<Values>(call.deadline, Errc::deadline_exceeded,
                          [&](Done<Values> done) { store.get_many(keys, call, std::move(done)); });
}

Result<Value> put_blocking(Store& store, const KeyView& key, Value value, const Call& call) {
  return wait_for<Value>(call.deadline, Errc::unknown, [&](Done<Value> done) {
    store.put(key, std::move(value), call, std::move(done));
  });
}

Result<Value> compare_and_set_blocking(Store& store, const KeyView& key, Expected expected,
                                       Value value, const Call& call) {
  return wait_for<Value>(call.deadline, Errc::unknown, [&](Done<Value> done) {
    store.compare_and_set(key, std::move(expected), std::move(value), call, std::move(done));
  });
}

Result<Value> touch_blocking(Store& store, const KeyView& key, Time expires_at, const Call& call) {
  return wait_for<Value>(call.deadline, Errc::unknown, [&](Done<Value> done) {
    store.touch(key, expires_at, call, std::move(done));
  });
}

Result<std::uint64_t> invalidate_blocking(Store& store, const Invalidation& what,
                                          const Call& call) {
  return wait_for<std::uint64_t>(call.deadline, Errc::unavailable, [&](Done<std::uint64_t> done) {
    store.invalidate(what, call, std::move(done));
  });
}

Result<void> erase_blocking(Store& store, const KeyView& key, const Call& call) {
  return wait_for<void>(call.deadline, Errc::unknown,
                        [&](Done<void> done) { store.erase(key, call, std::move(done)); });
}

std::string etag_of(std::string_view bytes) {
  std::string digits(16, '0');
  char hex[16];
  const char* end = std::to_chars(hex, hex + 16, hash64(bytes), 16).ptr;
  digits.replace(digits.size() - static_cast<std::size_t>(end - hex), std::string::npos, hex,
                 static_cast<std::size_t>(end - hex));
  return digits;
}

}  // namespace ringcache
