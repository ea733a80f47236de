// SPDX-License-Identifier: Apache-2.0
#include "replay/belady.h"

#include <queue>
#include <unordered_map>
#include <utility>

namespace ringcache {
namespace {

/// What is kept stands at the place of its next use. A key that never comes again makes room for
/// itself as any other does, but is not kept: as the first to leave it is in nobody's way.
class Kept {
 public:
  Kept(std::size_t capacity, std::size_t requests) : capacity_(capacity), bytes_(requests) {}

  /// True: a hit.
  bool ask(std::size_t now, std::uint32_t bytes, std::size_t next) {
    const bool is_hit = bytes_[now] != 0;
    if (is_hit) charge_ -= bytes = bytes_[now];
    if (bytes > capacity_) return false;
    while (charge_ + bytes > capacity_) evict();
    if (next < bytes_.size()) keep(bytes, next);
    return is_hit;
  }

 private:
  void keep(std::uint32_t bytes, std::size_t next) {
    bytes_[next] = bytes;
    charge_ += bytes;
    uses_.push(next);
  }

  /// The furthest use is to come: what has a charge is.
  void evict() {
    charge_ -= std::exchange(bytes_[uses_.top()], 0);
    uses_.pop();
  }

  std::size_t capacity_;
  std::uint64_t charge_ = 0;
  std::vector<std::uint32_t> bytes_;       // 0 where nothing is kept
  std::priority_queue<std::size_t> uses_;  // of what is kept, and those that have been
};

}  // namespace

Belady::Belady(std::vector<Request> trace)
    : trace_(std::move(trace)), next_(trace_.size(), trace_.size()) {
  std::unordered_map<std::uint64_t, std::size_t> seen;
  for (std::size_t i = trace_.size(); i-- > 0;) {
    const auto [found, is_last] = seen.try_emplace(trace_[i].key, i);
    if (!is_last) next_[i] = std::exchange(found->second, i);
  }
}

std::uint64_t Belady::hits(std::size_t capacity) const {
  Kept kept(capacity, trace_.size());
  std::uint64_t hits = 0;
  for (std::size_t i = 0; i < trace_.size(); ++i) hits += kept.ask(i, trace_[i].bytes, next_[i]);
  return hits;
}

}  // namespace ringcache
