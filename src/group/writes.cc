// SPDX-License-Identifier: Apache-2.0
#include "group/writes.h"

#include <utility>

namespace ringcache {

Writes::Turn Writes::add(const WritePtr& write) {
  std::lock_guard lock(mutex_);
  const auto [at, idle] = queues_.try_emplace(write->key.name);
  if (idle) return Turn::now;
  if (at->second.size() >= queued_max_) return Turn::refused;
  at->second.push_back(write);
  return Turn::later;
}

WritePtr Writes::next(std::string_view name) {
  std::lock_guard lock(mutex_);
  const auto at = queues_.find(std::string(name));
  if (at->second.empty()) {
    queues_.erase(at);
    return nullptr;
  }
  WritePtr write = std::move(at->second.front());
  at->second.pop_front();
  return write;
}

}  // namespace ringcache
