// SPDX-License-Identifier: Apache-2.0
#include "group/deadlines.h"

#include <utility>

namespace ringcache {
namespace {

Error late_error(Errc code) {
  switch (code) {
    case Errc::unknown:
      return {code, "no answer yet: the write may or may not be applied"};
    case Errc::unavailable:
      return {code, "not applied: no turn or no answer in time"};
    default:
      return {code, "no answer before the deadline"};
  }
}

}  // namespace

Deadlines::Id Deadlines::add(Time when, Errc late, Done<Value> done) {
  {
    std::lock_guard lock(mutex_);
    if (!closed_) {
      const Id id{when, ++order_};
      table_.emplace(id, Entry{late, std::move(done)});
      arm();
      return id;
    }
  }
  done(fail(Errc::unavailable, "the group is closed"));
  return {};
}

Done<Value> Deadlines::take(const Id& id) {
  std::lock_guard lock(mutex_);
  auto node = table_.extract(id);
  return node ? std::move(node.mapped().done) : nullptr;
}

std::size_t Deadlines::size() const {
  std::lock_guard lock(mutex_);
  return table_.size();
}

void Deadlines::close() {
  Table left;
  {
    std::lock_guard lock(mutex_);
    closed_ = true;
    left.swap(table_);
  }
  for (auto& [id, entry] : left) {
    const bool read = entry.late == Errc::deadline_exceeded;
    entry.done(fail(read ? Errc::unavailable : entry.late, "the group is closed"));
  }
}

/// REQUIRES: mutex_ held. A timer for the earliest deadline, unless one at least as early is armed.
void Deadlines::arm() {
  if (closed_ || table_.empty() || table_.begin()->first.when >= armed_) return;
  armed_ = table_.begin()->first.when;
  scheduler_.after(armed_ - scheduler_.now(), [weak = weak_from_this(), alarm = ++alarm_] {
    if (auto self = weak.lock()) self->ring(alarm);
  });
}

void Deadlines::ring(std::uint64_t alarm) {
  std::vector<Entry> due;
  {
    std::lock_guard lock(mutex_);
    if (closed_ || alarm != alarm_) return;
    due = take_due();
    armed_ = Time::max();
    arm();
  }
  for (Entry& entry : due) entry.done(std::unexpected(late_error(entry.late)));
}

/// REQUIRES: mutex_ held, not closed.
std::vector<Deadlines::Entry> Deadlines::take_due() {
  std::vector<Entry> due;
  const Time now = scheduler_.now();
  while (!table_.empty() && table_.begin()->first.when <= now) {
    due.push_back(std::move(table_.begin()->second));
    table_.erase(table_.begin());
  }
  return due;
}

}  // namespace ringcache
