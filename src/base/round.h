// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <utility>

#include <ringcache/store.h>

namespace ringcache {

/// The answers that are yet to come to invalidations which are under way at once: in the end how
/// many copies they cost together, or what one of them failed by. Thread-safe.
class Round {
 public:
  /// `copies` went already. REQUIRES: `answers` is more than 0.
  Round(std::size_t answers, std::uint64_t copies, Done<std::uint64_t> done)
      : left_(answers), copies_(copies), done_(std::move(done)) {}

  /// Who does not know the group has no copies of it.
  void arrive(Result<std::uint64_t> copies) {
    if (copies)
      copies_ += *copies;
    else if (copies.error().code != Errc::no_such_group)
      note(std::move(copies.error()));
    if (left_.fetch_sub(1) == 1) end();
  }

 private:
  void note(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  void end() {
    if (error_) return done_(std::unexpected(std::move(*error_)));
    done_(copies_.load());
  }

  std::atomic<std::size_t> left_;
  std::atomic<std::uint64_t> copies_;
  std::mutex mutex_;  // guards error_ until the last has arrived
  std::optional<Error> error_;
  Done<std::uint64_t> done_;
};

}  // namespace ringcache
