// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace ringcache {

/// What has come in and is not yet consumed: contiguous, growing by doubling up to a maximum, and
/// small again when it is empty.
class NetBuffer {
 public:
  explicit NetBuffer(std::size_t max) : max_(max) {}

  std::string_view view() const noexcept { return {data_.get() + begin_, end_ - begin_}; }
  std::size_t size() const noexcept { return end_ - begin_; }
  bool empty() const noexcept { return begin_ == end_; }
  void consume(std::size_t bytes) noexcept;

  /// Room to read into, of at least one byte and of `wanted` where the maximum allows; empty when
  /// the buffer is full. Invalidates views.
  std::span<char> room(std::size_t wanted);
  void commit(std::size_t bytes) noexcept { end_ += bytes; }

  /// Gives large memory back. REQUIRES: empty.
  void shrink() noexcept;

 private:
  void reserve(std::size_t capacity);

  std::size_t max_;
  std::unique_ptr<char[]> data_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace ringcache
