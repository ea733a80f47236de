// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <deque>
#include <mutex>
#include <utility>

#include <ringcache/scheduler.h>

namespace ringcache::testing {

/// Answers on their way, which a test holds back and lets go in the order that it wants.
/// Thread-safe; answers run under no lock.
class HeldAnswers {
 public:
  /// From now on answers wait for release().
  void hold() { set_holding(true); }
  /// Sends the `count` oldest answers held.
  void release(std::size_t count = std::size_t(-1)) {
    for (Task next; count-- > 0 && (next = oldest());) next();
  }
  /// Sends the newest answer held: the oldest stays behind.
  void release_newest() {
    {
      std::lock_guard lock(mutex_);
      std::rotate(held_.begin(), held_.end() - 1, held_.end());
    }
    release(1);
  }
  /// Sends what is held, and no longer holds.
  void open() {
    set_holding(false);
    release();
  }
  std::size_t held() const {
    std::lock_guard lock(mutex_);
    return held_.size();
  }

  /// Runs `send`, now or when it is released.
  void deliver(Task send) {
    if (!keep(send)) send();
  }

 private:
  void set_holding(bool holding) {
    std::lock_guard lock(mutex_);
    holding_ = holding;
  }

  bool keep(Task& send) {
    std::lock_guard lock(mutex_);
    if (holding_) held_.push_back(std::move(send));
    return holding_;
  }

  Task oldest() {
    std::lock_guard lock(mutex_);
    if (held_.empty()) return nullptr;
    Task next = std::move(held_.front());
    held_.pop_front();
    return next;
  }

  mutable std::mutex mutex_;  // guards all below
  std::deque<Task> held_;
  bool holding_ = false;
};

}  // namespace ringcache::testing
