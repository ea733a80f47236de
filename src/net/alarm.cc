// SPDX-License-Identifier: Apache-2.0
#include "net/alarm.h"

#include <algorithm>
#include <utility>

namespace ringcache {

void NetAlarm::bind(std::weak_ptr<void> owner, Ring ring) {
  owner_ = std::move(owner);
  ring_ = std::move(ring);
}

void NetAlarm::set(Time due) {
  due_ = due;
  if (due_ < armed_ && !stopped_) arm();
}

void NetAlarm::stop() {
  stopped_ = true;
  due_ = Time::max();
  timer_.cancel();
}

void NetAlarm::arm() {
  // No timer sleeps longer than an hour, so that steady and boot clock cannot drift far apart.
  armed_ = due_;
  timer_.expires_after(std::min<Duration>(due_ - BootClock::now(), std::chrono::hours(1)));
  timer_.async_wait([this, owner = owner_](boost::system::error_code error) {
    if (const auto alive = owner.lock(); alive && !error) wake();
  });
}

void NetAlarm::wake() {
  armed_ = Time::max();
  if (stopped_ || due_ == Time::max()) return;
  if (BootClock::now() < due_) return arm();
  due_ = Time::max();
  ring_();
}

}  // namespace ringcache
