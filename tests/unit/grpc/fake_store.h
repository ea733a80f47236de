// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ringcache/store.h>

namespace ringcache {

using namespace std::chrono_literals;

/// What FakeStore answers for the key "later", which knows when to come again.
inline const Error kLater{Errc::overloaded, "not now", 1'234'567'890ns};

/// A Store of one group, "scores". A key "error:NAME" fails with that Errc; a key "held…" is kept
/// until release(). Remembers the last call it got.
class FakeStore final : public Store {
 public:
  void get(const KeyView& key, const Call& call, Done<Value> done) override {
    if (refused(key, call, done)) return;
    if (key.name.starts_with("held"))
      return hold(
          [done = std::move(done)]() mutable { done(Value{.bytes = Bytes::copy("held")}); });
    done(find(key));
  }

  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override {
    ++batches_;
    if (!keys.empty() && keys.front().group != "scores")
      return done(fail(Errc::no_such_group, "no such group"));
    Store::get_many(keys, call, std::move(done));
  }

  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
    if (refused(key, call, done)) return;
    if (key.name.starts_with("held"))
      return hold([done = std::move(done)]() mutable { done(Value{}); });
    if (key.name == "normalised") value.bytes = Bytes::copy("as the database has it");
    std::unique_lock lock(mutex_);
    rows_[std::string(key.name)] = value;
    lock.unlock();
    done(std::move(value));
  }

  void erase(const KeyView& key, const Call& call, Done<void> done) override {
    if (refused(key, call, done)) return;
    if (key.name.starts_with("held")) return hold([done = std::move(done)]() mutable { done({}); });
    std::unique_lock lock(mutex_);
    const bool erased = rows_.erase(std::string(key.name)) > 0;
    lock.unlock();
    done(erased ? Result<void>() : fail(Errc::not_found, "no such key"));
  }

  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                       Done<Value> done) override {
    if (refused(key, call, done)) return;
    const auto row = find(key);
    if (!row || etag_of(row->bytes.view()) != expected.etag)
      return done(fail(Errc::precondition_failed, "another value"));
    put(key, std::move(value), call, std::move(done));
  }

  void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) override {
    if (refused(key, call, done)) return;
    auto row = find(key);
    if (row) {
      row->expires_at = expires_at;
      set(key.name, *row);
    }
    done(std::move(row));
  }

  /// Answers how many keys it is told.
  void invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done) override {
    {
      std::lock_guard lock(mutex_);
      last_call_ = call;
      last_call_.client = client_ = call.client;
      last_invalidation_ = what;
    }
    done(what.keys.size());
  }

  void set(std::string_view key, Value value) {
    std::lock_guard lock(mutex_);
    rows_[std::string(key)] = std::move(value);
  }

  Result<Value> find(const KeyView& key) const {
    std::lock_guard lock(mutex_);
    const auto row = rows_.find(std::string(key.name));
    if (row == rows_.end()) return fail(Errc::not_found, "no such key");
    return row->second;
  }

  /// Waits until `count` calls are held.
  void await_held(std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return held_.size() >= count; });
  }

  /// Answers all that is held.
  void release() {
    std::unique_lock lock(mutex_);
    auto held = std::exchange(held_, {});
    lock.unlock();
    for (Task& answer : held) answer();
  }

  std::size_t calls() const { return calls_; }
  std::size_t batches() const { return batches_; }  ///< Calls for many keys.

  Call last_call() const {
    std::lock_guard lock(mutex_);
    return last_call_;
  }
  Invalidation last_invalidation() const {
    std::lock_guard lock(mutex_);
    return last_invalidation_;
  }

 private:
  template <class T>
  bool refused(const KeyView& key, const Call& call, Done<T>& done) {
    ++calls_;
    std::unique_lock lock(mutex_);
    last_call_ = call;
    last_call_.client = client_ = call.client;
    lock.unlock();
    constexpr std::string_view kError = "error:";
    if (key.name == "later") {
      done(std::unexpected(kLater));
    } else if (key.group != "scores") {
      done(fail(Errc::no_such_group, "no group '" + std::string(key.group) + "'"));
    } else if (key.name.starts_with(kError)) {
      done(fail(errc_from_name(key.name.substr(kError.size())), "as you wished"));
    } else {
      return false;
    }
    return true;
  }

  void hold(Task answer) {
    std::lock_guard lock(mutex_);
    held_.push_back(std::move(answer));
    arrived_.notify_all();
  }

  std::atomic<std::size_t> calls_ = 0;
  std::atomic<std::size_t> batches_ = 0;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::string, Value> rows_;
  std::vector<Task> held_;
  Call last_call_;
  std::string client_;  // last_call_.client
  Invalidation last_invalidation_;
};

}  // namespace ringcache
