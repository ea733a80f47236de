// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <mutex>

#include <ringcache/scheduler.h>

namespace ringcache {

/// How long the loads behind the latest copies took: 24 KiB that remember about a thousand keys. A
/// newer load takes the place of another whose hash falls on it. Thread-safe.
class LoadTimes {
 public:
  void note(std::uint64_t hash, std::uint64_t version, Duration took) {
    std::lock_guard lock(mutex_);
    entries_[hash % entries_.size()] = {hash, version, took};
  }

  /// 0 when forgotten, or when that version was not loaded but written.
  Duration of(std::uint64_t hash, std::uint64_t version) const {
    std::lock_guard lock(mutex_);
    const Entry& found = entries_[hash % entries_.size()];
    return found.hash == hash && found.version == version ? found.took : Duration{0};
  }

 private:
  struct Entry {
    std::uint64_t hash = 0;
    std::uint64_t version = 0;
    Duration took{0};
  };

  mutable std::mutex mutex_;  // guards entries_
  std::array<Entry, 1024> entries_{};
};

}  // namespace ringcache
