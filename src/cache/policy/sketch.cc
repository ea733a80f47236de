// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/sketch.h"

#include <bit>

namespace ringcache {

void FrequencySketch::resize(std::size_t words) {
  const std::size_t wanted = std::max<std::size_t>(std::bit_floor(words), 1);
  if (words_.empty()) words_.resize(wanted);
  while (words_.size() < wanted) {
    const std::size_t size = words_.size();
    words_.resize(2 * size);
    std::copy_n(words_.begin(), size, words_.begin() + static_cast<std::ptrdiff_t>(size));
  }
  while (words_.size() > wanted) {
    const std::size_t size = words_.size() / 2;
    for (std::size_t i = 0; i < size; ++i) words_[i] = half(words_[i]) + half(words_[size + i]);
    words_.resize(size);
  }
  words_.shrink_to_fit();
  mask_ = wanted - 1;
  until_halving_ = kPeriod * wanted;
}

void FrequencySketch::halve() noexcept {
  for (std::uint64_t& word : words_) word = half(word);
  until_halving_ = kPeriod * words_.size();
}

}  // namespace ringcache
