// SPDX-License-Identifier: Apache-2.0
#include "net/buffer.h"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace ringcache {
namespace {

constexpr std::size_t kSmall = std::size_t{4} << 10;

}  // namespace

void NetBuffer::consume(std::size_t bytes) noexcept {
  assert(bytes <= size());
  begin_ += bytes;
  if (empty()) begin_ = end_ = 0;
}

std::span<char> NetBuffer::room(std::size_t wanted) {
  const std::size_t full = std::min(max_, size() + std::max<std::size_t>(wanted, 1));
  if (capacity_ - end_ < full - size()) reserve(full);
  return {data_.get() + end_, std::min(capacity_ - end_, max_ - size())};
}

void NetBuffer::shrink() noexcept {
  assert(empty());
  if (capacity_ <= 4 * kSmall) return;
  data_.reset();
  capacity_ = 0;
}

void NetBuffer::reserve(std::size_t capacity) {
  if (capacity > capacity_) {
    const std::size_t grown = std::min(max_, std::max({capacity, 2 * capacity_, kSmall}));
    auto larger = std::make_unique_for_overwrite<char[]>(grown);
    if (!empty()) std::memcpy(larger.get(), data_.get() + begin_, size());
    data_ = std::move(larger);
    capacity_ = grown;
  } else if (!empty()) {
    std::memmove(data_.get(), data_.get() + begin_, size());
  }
  end_ = size();
  begin_ = 0;
}

}  // namespace ringcache
