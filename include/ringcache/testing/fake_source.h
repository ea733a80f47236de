// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <ringcache/store.h>

namespace ringcache::testing {

/// A database in memory that counts what reaches it and answers as the test says: at once, when
/// released, or (given a scheduler) after a latency in whose middle the row is read or written.
/// Thread-safe; answers run under no lock.
class FakeSource final : public Store {
  auto locked(auto act) const {
    std::lock_guard lock(mutex_);
    return act();
  }

 public:
  using Latency = std::function<Duration()>;

  FakeSource() = default;
  /// REQUIRES: when the source goes, none of its tasks is still to run in `scheduler`.
  FakeSource(Scheduler& scheduler, Latency latency)
      : scheduler_(&scheduler), latency_(std::move(latency)) {}

  /// The rows, as someone beside the cache would see and change them.
  void set(std::string_view name, std::string_view bytes) {
    locked([&] { rows_[std::string(name)] = bytes; });
  }
  void remove(std::string_view name) {
    locked([&] { rows_.erase(std::string(name)); });
  }
  std::optional<std::string> row(std::string_view name) const {
    std::lock_guard lock(mutex_);
    const auto at = rows_.find(std::string(name));
    return at == rows_.end() ? std::nullopt : std::optional(at->second);
  }

  /// From now on rows are read and written at once, but answers wait for release().
  void hold() { set_holding(true); }
  /// Sends the `count` oldest answers held.
  void release(std::size_t count = std::size_t(-1)) {
    for (Task next; count-- > 0 && (next = oldest());) next();
  }
  /// Sends the newest answer held: the oldest stays behind.
  void release_newest() {
    locked([&] { std::rotate(held_.begin(), held_.end() - 1, held_.end()); });
    release(1);
  }
  /// Sends what is held, and no longer holds.
  void open() {
    set_holding(false);
    release();
  }
  std::size_t held() const {
    return locked([&] { return held_.size(); });
  }

  /// From now on calls fail with `error` and change nothing; nullopt heals.
  void fail_with(std::optional<Error> error) {
    locked([&] { error_ = std::move(error); });
  }
  /// The next call throws out of the call itself.
  void throw_once() {
    locked([&] { throws_ = true; });
  }
  /// What a get answers beside the bytes.
  void answer_with(Value beside) {
    locked([&] { beside_ = std::move(beside); });
  }

  struct Count {
    unsigned gets = 0, puts = 0, erases = 0;
    unsigned reading = 0, writing = 0;          ///< Now.
    unsigned reading_max = 0, writing_max = 0;  ///< At most at the same time.
  };
  Count count(std::string_view name) const {
    std::lock_guard lock(mutex_);
    const auto at = counts_.find(std::string(name));
    return at == counts_.end() ? Count{} : at->second;
  }
  unsigned gets() const {
    std::lock_guard lock(mutex_);
    unsigned sum = 0;
    for (const auto& [name, count] : counts_) sum += count.gets;
    return sum;
  }

  void get(const KeyView& key, const Call&, Done<Value> done) override {
    begin(key, &Count::gets, &Count::reading, &Count::reading_max);
    perform(std::string(key.name), &Count::reading, &FakeSource::read, {}, std::move(done));
  }
  void put(const KeyView& key, Value value, const Call&, Done<Value> done) override {
    begin(key, &Count::puts, &Count::writing, &Count::writing_max);
    perform(std::string(key.name), &Count::writing, &FakeSource::write, std::move(value),
            std::move(done));
  }
  void erase(const KeyView& key, const Call&, Done<void> done) override {
    begin(key, &Count::erases, &Count::writing, &Count::writing_max);
    perform(std::string(key.name), &Count::writing, &FakeSource::clear, {},
            [done = std::move(done)](Result<Value> result) mutable {
              done(result ? Result<void>() : std::unexpected(std::move(result.error())));
            });
  }

 private:
  using Counter = unsigned Count::*;
  using Act = Result<Value> (FakeSource::*)(const std::string& name, const Value& value);

  void set_holding(bool holding) {
    locked([&] { holding_ = holding; });
  }

  void begin(const KeyView& key, Counter calls, Counter now, Counter most) {
    std::lock_guard lock(mutex_);
    if (std::exchange(throws_, false)) throw std::runtime_error("the fake source was told to");
    Count& count = counts_[std::string(key.name)];
    ++(count.*calls);
    count.*most = std::max(count.*most, ++(count.*now));
  }

  void perform(std::string name, Counter now, Act act, Value value, Done<Value> done) {
    auto answer = [this, name, now, done = std::move(done)](Result<Value> result) mutable {
      locked([&] { --(counts_[name].*now); });
      done(std::move(result));
    };
    if (!scheduler_) return deliver((this->*act)(name, value), std::move(answer));
    const Duration half = latency_() / 2;
    scheduler_->after(half, [this, half, name, act, value, answer = std::move(answer)] mutable {
      auto result = (this->*act)(name, value);
      scheduler_->after(half,
                        [this, result = std::move(result), answer = std::move(answer)] mutable {
                          deliver(std::move(result), std::move(answer));
                        });
    });
  }

  template <class Answer>
  void deliver(Result<Value> result, Answer answer) {
    Task send = [result = std::move(result), answer = std::move(answer)] mutable {
      answer(std::move(result));
    };
    const bool held = locked([&] {
      if (holding_) held_.push_back(std::move(send));
      return holding_;
    });
    if (!held) send();
  }

  Task oldest() {
    std::lock_guard lock(mutex_);
    if (held_.empty()) return nullptr;
    Task next = std::move(held_.front());
    held_.pop_front();
    return next;
  }

  Result<Value> read(const std::string& name, const Value&) {
    std::lock_guard lock(mutex_);
    if (error_) return std::unexpected(*error_);
    const auto at = rows_.find(name);
    if (at == rows_.end()) return fail(Errc::not_found, "no such row");
    beside_.bytes = Bytes::copy(at->second);
    return beside_;
  }

  Result<Value> write(const std::string& name, const Value& value) {
    std::lock_guard lock(mutex_);
    if (error_) return std::unexpected(*error_);
    rows_[name] = value.bytes.view();
    return value;
  }

  Result<Value> clear(const std::string& name, const Value&) {
    std::lock_guard lock(mutex_);
    if (error_) return std::unexpected(*error_);
    if (rows_.erase(name) == 0) return fail(Errc::not_found, "no such row");
    return Value{};
  }

  Scheduler* scheduler_ = nullptr;
  Latency latency_;
  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, std::string> rows_;
  std::map<std::string, Count> counts_;
  std::deque<Task> held_;
  std::optional<Error> error_;
  Value beside_;
  bool holding_ = false, throws_ = false;
};

}  // namespace ringcache::testing
