// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include <ringcache/store.h>

namespace ringcache {

/// Completions that wait for an answer, each until its own deadline. A completion lives in the
/// table and nowhere else, so that whoever takes it out (the answer, the deadline, the end of the
/// group) is the only one who can run it: exactly once, by construction.
/// One timer is armed, for the earliest deadline, however many wait. Thread-safe.
class Deadlines : public std::enable_shared_from_this<Deadlines> {
 public:
  struct Id {
    Time when{};
    std::uint64_t order = 0;
    friend auto operator<=>(const Id&, const Id&) = default;
  };

  /// REQUIRES: made by make_shared; `scheduler` lives until close().
  explicit Deadlines(Scheduler& scheduler) : scheduler_(scheduler) {}

  /// Keeps `done` until it is taken, or fails it with `late` at `when`.
  Id add(Time when, Errc late, Done<Value> done);

  /// The completion, for the caller to run; null when it has left already.
  Done<Value> take(const Id& id);

  std::size_t size() const;

  /// Fails all who wait: reads with Errc::unavailable, others with their `late`. Does not touch the
  /// scheduler afterwards.
  void close();

 private:
  struct Entry {
    Errc late;
    Done<Value> done;
  };
  using Table = std::map<Id, Entry>;

  void arm();
  void ring(std::uint64_t alarm);
  std::vector<Entry> take_due();

  Scheduler& scheduler_;
  mutable std::mutex mutex_;  // guards all below
  Table table_;
  std::uint64_t order_ = 0;
  std::uint64_t alarm_ = 0;  // the timer that counts; earlier ones find that they do not
  Time armed_ = Time::max();
  bool closed_ = false;
};

}  // namespace ringcache
