// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <ringcache/store.h>
#include <ringcache/testing/held_answers.h>

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

  /// The answers, which a test may hold back: rows are read and written at once all the same.
  HeldAnswers answers;
  void hold() { answers.hold(); }
  void release(std::size_t count = std::size_t(-1)) { answers.release(count); }
  void release_newest() { answers.release_newest(); }
  void open() { answers.open(); }
  std::size_t held() const { return answers.held(); }

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
    perform(
        key, &Count::reading, [this](const std::string& name) { return read(name); },
        std::move(done));
  }
  void put(const KeyView& key, Value value, const Call&, Done<Value> done) override {
    write(key, &Count::puts, std::move(done), [this, value](const std::string& name) {
      rows_[name] = value.bytes.view();
      return value;
    });
  }
  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call&,
                       Done<Value> done) override {
    write(key, &Count::puts, std::move(done),
          [this, expected, value](const std::string& name) -> Result<Value> {
            const auto at = rows_.find(name);
            if (at == rows_.end() || at->second != expected.bytes.view())
              return fail(Errc::precondition_failed, "another value");
            at->second = value.bytes.view();
            return value;
          });
  }
  void touch(const KeyView& key, Time expires_at, const Call&, Done<Value> done) override {
    write(key, &Count::puts, std::move(done), [this, expires_at](const std::string& name) {
      beside_.expires_at = expires_at;
      return read(name);
    });
  }
  void erase(const KeyView& key, const Call&, Done<void> done) override {
    auto answer = [done = std::move(done)](Result<Value> result) mutable {
      done(result ? Result<void>() : std::unexpected(std::move(result.error())));
    };
    write(key, &Count::erases, std::move(answer), [this](const std::string& name) -> Result<Value> {
      if (rows_.erase(name) == 0) return fail(Errc::not_found, "no such row");
      return Value{};
    });
  }

 private:
  using Counter = unsigned Count::*;
  using Rows = std::map<std::string, std::string>;
  using Act = std::function<Result<Value>(const std::string& name)>;  // runs under mutex_

  void begin(const KeyView& key, Counter calls, Counter now, Counter most) {
    std::lock_guard lock(mutex_);
    if (std::exchange(throws_, false)) throw std::runtime_error("the fake source was told to");
    Count& count = counts_[std::string(key.name)];
    ++(count.*calls);
    count.*most = std::max(count.*most, ++(count.*now));
  }

  void write(const KeyView& key, Counter calls, Done<Value> done, Act act) {
    begin(key, calls, &Count::writing, &Count::writing_max);
    perform(key, &Count::writing, std::move(act), std::move(done));
  }

  void perform(const KeyView& key, Counter now, Act act, Done<Value> done) {
    auto answer = [this, name = std::string(key.name), now,
                   done = std::move(done)](Result<Value> result) mutable {
      locked([&] { --(counts_[name].*now); });
      done(std::move(result));
    };
    auto try_act = [this, name = std::string(key.name), act = std::move(act)] {
      return locked([&] { return error_ ? Result<Value>(std::unexpected(*error_)) : act(name); });
    };
    if (!scheduler_) return deliver(try_act(), std::move(answer));
    const Duration half = latency_() / 2;
    scheduler_->after(half, [this, half, try_act, answer = std::move(answer)] mutable {
      scheduler_->after(half, [this, result = try_act(), answer = std::move(answer)] mutable {
        deliver(std::move(result), std::move(answer));
      });
    });
  }

  template <class Answer>
  void deliver(Result<Value> result, Answer answer) {
    answers.deliver([result = std::move(result), answer = std::move(answer)] mutable {
      answer(std::move(result));
    });
  }

  Result<Value> read(const std::string& name) {
    const auto at = rows_.find(name);
    if (at == rows_.end()) return fail(Errc::not_found, "no such row");
    beside_.bytes = Bytes::copy(at->second);
    return beside_;
  }

  Scheduler* scheduler_ = nullptr;
  Latency latency_;
  mutable std::mutex mutex_;  // guards all below
  Rows rows_;
  std::map<std::string, Count> counts_;
  std::optional<Error> error_;
  Value beside_;
  bool throws_ = false;
};

}  // namespace ringcache::testing
