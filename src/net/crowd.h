// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include <ringcache/scheduler.h>

namespace ringcache {

/// The connections of one door, to count them, to speak to all, and to wait until they are gone.
/// Thread-safe.
template <class Connection>
class NetCrowd {
 public:
  /// How many there are, this one included.
  std::size_t enter(const std::shared_ptr<Connection>& connection) {
    std::lock_guard lock(mutex_);
    present_.emplace(connection.get(), connection);
    return present_.size();
  }

  void leave(const Connection* connection) {
    std::lock_guard lock(mutex_);
    present_.erase(connection);
    if (present_.empty()) empty_.notify_all();
  }

  std::vector<std::shared_ptr<Connection>> all() const {
    std::vector<std::shared_ptr<Connection>> connections;
    std::lock_guard lock(mutex_);
    for (const auto& [_, entry] : present_)
      if (auto connection = entry.lock()) connections.push_back(std::move(connection));
    return connections;
  }

  /// False when some are still there after `patience`.
  bool wait_until_empty(Duration patience) {
    std::unique_lock lock(mutex_);
    return empty_.wait_for(lock, std::min<Duration>(patience, std::chrono::hours(24)),
                           [this] { return present_.empty(); });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable empty_;
  std::unordered_map<const Connection*, std::weak_ptr<Connection>> present_;
};

}  // namespace ringcache
