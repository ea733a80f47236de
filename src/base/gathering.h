// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include <ringcache/store.h>

namespace ringcache {

/// The results of one call for many keys, until the last of them is here. Thread-safe.
class Gathering : public std::enable_shared_from_this<Gathering> {
 public:
  /// REQUIRES: made by make_shared; `keys` is more than 0, and each is answered once.
  Gathering(std::size_t keys, Done<Values> done)
      : values_(keys, Value{}), left_(keys), done_(std::move(done)) {}

  void arrive(std::size_t index, Result<Value> result) {
    values_[index] = std::move(result);
    if (left_.fetch_sub(1) == 1) done_(std::move(values_));
  }

  /// The completion of one of the keys.
  Done<Value> done_of(std::size_t index) {
    return [self = shared_from_this(), index](Result<Value> result) {
      self->arrive(index, std::move(result));
    };
  }

 private:
  Values values_;
  std::atomic<std::size_t> left_;
  Done<Values> done_;
};

}  // namespace ringcache
