// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ringcache/store.h>

namespace ringcache::testing {

/// What MapStore answers for the key "later", which knows when to come again.
inline const Error kLater{Errc::overloaded, "not now", std::chrono::microseconds(1'234'567)};

/// A Store over a map, for the tests of front doors. Answers at once; a key that begins with
/// "never" is not answered before release(), and one that is the name of an error code gets that
/// error. The one group is "g". An invalidation costs as many copies as keys are named, or 3; its
/// prefix stands for the name of a key.
class MapStore final : public Store {
 public:
  void get(const KeyView& key, const Call& call, Done<Value> done) override {
    if (auto error = prepare(key, call)) return done(std::unexpected(std::move(*error)));
    if (key.name.starts_with("never")) return hold(std::move(done));
    done(find(key.name));
  }

  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override {
    ++batches_;
    if (!keys.empty() && keys.front().group != "g")
      return done(fail(Errc::no_such_group, "no group of that name"));
    Store::get_many(keys, call, std::move(done));
  }

  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
    if (auto error = prepare(key, call)) return done(std::unexpected(std::move(*error)));
    if (key.name.starts_with("never")) return hold(std::move(done));
    value.version = ++version_;
    value.loaded_at = BootClock::now();
    {
      std::lock_guard lock(mutex_);
      values_[std::string(key.name)] = value;
    }
    done(std::move(value));
  }

  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                       Done<Value> done) override {
    const auto found = find(key.name);
    const bool same = found && etag_of(found->bytes.view()) == expected.etag;
    if (same || key.name.starts_with("never"))
      return put(key, std::move(value), call, std::move(done));
    if (auto error = prepare(key, call)) return done(std::unexpected(std::move(*error)));
    done(fail(Errc::precondition_failed, "another value"));
  }

  void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) override {
    auto found = find(key.name);
    if (!found && !key.name.starts_with("never"))
      return get(key, call, std::move(done));  // which says why not
    if (found) found->expires_at = expires_at;
    put(key, found.value_or(Value{}), call, std::move(done));
  }

  void invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done) override {
    if (auto error = prepare({what.group, what.prefix}, call))
      return done(std::unexpected(std::move(*error)));
    {
      std::lock_guard lock(mutex_);
      invalidations_.push_back(what);
    }
    if (what.prefix.starts_with("never"))
      return hold([done = std::move(done)](Result<Value>) mutable { done(0); });
    done(what.keys.empty() ? 3 : what.keys.size());
  }

  void erase(const KeyView& key, const Call& call, Done<void> done) override {
    if (auto error = prepare(key, call)) return done(std::unexpected(std::move(*error)));
    std::unique_lock lock(mutex_);
    const bool erased = values_.erase(std::string(key.name)) > 0;
    lock.unlock();
    if (!erased) return done(fail(Errc::not_found, "no such key"));
    done({});
  }

  void set(std::string key, Value value) {
    std::lock_guard lock(mutex_);
    values_[std::move(key)] = std::move(value);
  }
  void set(std::string key, std::string_view bytes) {
    set(std::move(key), Value{.bytes = Bytes::copy(bytes), .hit = true});
  }

  Result<Value> find(std::string_view key) const {
    std::lock_guard lock(mutex_);
    const auto found = values_.find(std::string(key));
    if (found == values_.end()) return fail(Errc::not_found, "no such key");
    return found->second;
  }

  Call last_call() const {
    std::lock_guard lock(mutex_);
    return last_call_;
  }

  std::vector<Invalidation> invalidations() const {
    std::lock_guard lock(mutex_);
    return invalidations_;
  }

  std::size_t calls() const {
    std::lock_guard lock(mutex_);
    return calls_;
  }

  std::size_t batches() const { return batches_; }  ///< Calls for many keys.

  /// Waits until `count` calls are held back.
  void wait_for_held(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return held_.size() >= count; });
  }

  /// Answers all that is held back.
  void release() {
    std::unique_lock lock(mutex_);
    auto held = std::exchange(held_, {});
    lock.unlock();
    for (auto& done : held) done(Value{.bytes = Bytes::copy("late")});
  }

 private:
  std::optional<Error> prepare(const KeyView& key, const Call& call) {
    std::lock_guard lock(mutex_);
    ++calls_;
    last_call_ = call;
    last_call_.client = client_ = call.client;
    if (key.group != "g") return Error{Errc::no_such_group, "no group of that name"};
    if (key.name == "later") return kLater;
    const Errc code = errc_from_name(key.name);
    if (errc_name(code) == key.name) return Error{code, "as asked"};
    return {};
  }

  void hold(Done<Value> done) {
    std::lock_guard lock(mutex_);
    held_.push_back(std::move(done));
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Value, std::less<>> values_;
  std::vector<Done<Value>> held_;
  std::vector<Invalidation> invalidations_;
  Call last_call_;
  std::string client_;  // last_call_.client
  std::size_t calls_ = 0;
  std::atomic<std::size_t> batches_ = 0;
  std::atomic<std::uint64_t> version_ = 0;
};

}  // namespace ringcache::testing
