// SPDX-License-Identifier: Apache-2.0
#include "sql/batches.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace ringcache {

std::uint64_t SqlBatches::add(std::string name, Time deadline, Done<Value> done) {
  std::lock_guard lock(mutex_);
  const Time ready = loading_ > 0 ? BootClock::now() + window_ : Time{};
  waiting_.push_back({++numbers_, std::move(name), deadline, std::move(done), ready});
  if (waiting_.size() == gets_max_) enough_.notify_all();
  return numbers_;
}

std::vector<SqlBatches::Get> SqlBatches::take() {
  std::unique_lock lock(mutex_);
  while (!waiting_.empty() && waiting_.size() < gets_max_) {
    const Duration left = waiting_.front().ready - BootClock::now();
    if (left <= Duration{0}) break;
    enough_.wait_for(lock, left);
  }
  const auto count = static_cast<std::ptrdiff_t>(std::min(waiting_.size(), gets_max_));
  std::vector<Get> taken(std::move_iterator(waiting_.begin()),
                         std::move_iterator(waiting_.begin() + count));
  waiting_.erase(waiting_.begin(), waiting_.begin() + count);
  loading_ += taken.empty() ? 0 : 1;
  return taken;
}

void SqlBatches::loaded() {
  std::lock_guard lock(mutex_);
  --loading_;
}

Done<Value> SqlBatches::cancel(std::uint64_t number) {
  std::lock_guard lock(mutex_);
  const auto found = std::ranges::lower_bound(waiting_, number, {}, &Get::number);
  if (found == waiting_.end() || found->number != number) return nullptr;
  Done<Value> done = std::move(found->done);
  waiting_.erase(found);
  return done;
}

}  // namespace ringcache
