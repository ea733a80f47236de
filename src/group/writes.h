// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include <ringcache/store.h>

#include "group/deadlines.h"

namespace ringcache {

/// A write on its way.
struct Write {
  enum class Kind : std::uint8_t { put, compare_and_set, touch, erase };

  bool sets_value() const noexcept { return kind == Kind::put || kind == Kind::compare_and_set; }

  OwnedKey key;
  Kind kind;
  Value value;  ///< To set; of a touch the expiry alone.
  Expected expected;
  Call call;
  Deadlines::Id waiter{};
  unsigned tries = 0;
};
using WritePtr = std::shared_ptr<Write>;

/// Lets the writes of a key reach the source one at a time, in the order in which they came, so
/// that the last one acknowledged is the last one applied. Thread-safe.
class Writes {
 public:
  /// At most `queued_max` writes of one key wait for their turn.
  explicit Writes(std::size_t queued_max) : queued_max_(queued_max) {}

  enum class Turn : std::uint8_t {
    now,     ///< The caller runs the write, then calls next().
    later,   ///< Someone's next() will return it.
    refused  ///< Too many wait.
  };
  Turn add(const WritePtr& write);

  /// The write whose turn it was is over. The one whose turn it is now, or null.
  WritePtr next(std::string_view name);

 private:
  const std::size_t queued_max_;
  std::mutex mutex_;                                              // guards queues_
  std::unordered_map<std::string, std::deque<WritePtr>> queues_;  // of keys with a write running
};

}  // namespace ringcache
