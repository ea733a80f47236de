// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <span>

#include <ringcache/store.h>

namespace ringcache {

/// How much a message between nodes may ask for.
struct BatchLimits {
  std::size_t keys = 10'000;
  std::size_t key_bytes = std::size_t{1} << 20;  ///< Of all keys; a longer one goes alone.
};

/// Sends one message, for these keys. It is answered the results of the first of them, at least of
/// one: what it leaves out will be asked for again.
using SendBatch = std::move_only_function<void(std::span<const KeyView>, Done<Values>)>;

/// A Store's get_many() by messages: one, unless limits or answers make it more, which then follow
/// each other. What fails the first fails the call; what fails a later one is the result of each
/// key that is still open.
void ask_in_batches(std::span<const KeyView> keys, BatchLimits limits, SendBatch send,
                    Done<Values> done);

/// @name What a front door says of a batch that is too much
/// @{
Error too_many_keys(std::size_t most);
Error no_room();  ///< The result of a key whose value has no room in the answer.
/// @}

/// The room that an answer to many keys has for their results.
class BatchRoom {
 public:
  /// `refusal_bytes` of `bytes` are kept for each of the keys, to say that there was no room.
  BatchRoom(std::size_t bytes, std::size_t keys, std::size_t refusal_bytes = 0);

  /// Whether a result of so many bytes, the next key's, has room; then it is taken. The first
  /// always has: who asks for one key gets it.
  bool take(std::size_t bytes);

 private:
  std::size_t left_;
  std::size_t refusal_bytes_;
  bool first_ = true;
};

}  // namespace ringcache
