// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>

#include <ringcache/hash.h>
#include <ringcache/scheduler.h>

namespace ringcache {

/// How long loads took: those behind the latest copies, in 16 KiB that remember about two thousand
/// keys to the microsecond, and all on average. A newer load takes the place of another whose hash
/// falls on it. Thread-safe, without a lock: a word holds a tag and a time.
class LoadTimes {
 public:
  /// What is expected of a source that has not loaded anything yet.
  static constexpr Duration kUnknown = std::chrono::milliseconds(10);

  void note(std::uint64_t hash, std::uint64_t version, Duration took) noexcept {
    const auto us = std::chrono::ceil<std::chrono::microseconds>(took).count();
    const auto kept = static_cast<std::uint64_t>(std::clamp<std::int64_t>(us, 1, kTimeMask));
    place(hash).store((tag(hash, version) & ~kTimeMask) | kept, std::memory_order_relaxed);
    const Duration before = average_.load(std::memory_order_relaxed);
    average_.store(before == kNone ? took : before + (took - before) / kWeight,
                   std::memory_order_relaxed);
  }

  /// 0 when forgotten, or when that version was not loaded but written.
  Duration of(std::uint64_t hash, std::uint64_t version) const noexcept {
    const std::uint64_t word = place(hash).load(std::memory_order_relaxed);
    if (((word ^ tag(hash, version)) & ~kTimeMask) != 0) return Duration{0};
    return std::chrono::microseconds(word & kTimeMask);
  }

  /// How long the next load of the key is likely to take; above 0.
  Duration expected(std::uint64_t hash, std::uint64_t version) const noexcept {
    if (const Duration known = of(hash, version); known > Duration{0}) return known;
    const Duration average = average_.load(std::memory_order_relaxed);
    return average == kNone ? kUnknown : std::max<Duration>(average, std::chrono::microseconds(1));
  }

 private:
  using Word = std::atomic<std::uint64_t>;
  static constexpr std::uint64_t kTimeMask = 0xffff'ffff;  // above an hour
  static constexpr Duration kNone{-1};
  static constexpr int kWeight = 8;

  static std::uint64_t tag(std::uint64_t hash, std::uint64_t version) noexcept {
    return hashing::fold(hash ^ hashing::kA, version ^ hashing::kB);
  }
  Word& place(std::uint64_t hash) noexcept { return words_[hash % words_.size()]; }
  const Word& place(std::uint64_t hash) const noexcept { return words_[hash % words_.size()]; }

  std::array<Word, 2048> words_{};
  std::atomic<Duration> average_{kNone};
};

}  // namespace ringcache
