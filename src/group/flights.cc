// SPDX-License-Identifier: Apache-2.0
#include "group/flights.h"

#include <algorithm>
#include <utility>

namespace ringcache {

namespace {
constexpr std::size_t index_of(Via via) { return static_cast<std::size_t>(via); }
}  // namespace

FlightPtr Flights::join(const KeyView& key, Via via, const Deadlines::Id& waiter, Time now,
                        bool bypass) {
  std::lock_guard lock(mutex_);
  Slot& at = slot(key);
  FlightPtr& live = at.live[index_of(via)];
  FlightPtr fresh = live ? nullptr : depart(at, key, via, now);
  if (!fresh && via == Via::peer)
    at.next.push_back(waiter);
  else
    live->waiters.push_back(waiter);
  live->bypass |= bypass;
  return fresh;
}

FlightPtr Flights::start(const KeyView& key, Time now) {
  std::lock_guard lock(mutex_);
  Slot& at = slot(key);
  return at.live[index_of(Via::source)] ? nullptr : depart(at, key, Via::source, now);
}

FlightPtr Flights::alone(const KeyView& key, const Deadlines::Id& waiter, Time now,
                         Duration max_stale) {
  auto flight = std::make_shared<Flight>(key, Via::peer, ++stamps_, now, max_stale);
  flight->waiters.push_back(waiter);
  return flight;
}

Flights::Landing Flights::land(const FlightPtr& flight,
                               const std::function<void(bool bypass)>& fill, Time now) {
  std::lock_guard lock(mutex_);
  Landing landing{.waiters = std::move(flight->waiters), .next = nullptr};
  const auto at = slots_.find(std::string_view(flight->key.name));
  if (at == slots_.end()) return landing;
  Slot& slot = at->second;
  FlightPtr& live = slot.live[index_of(flight->via)];
  if (live == flight) {
    if (!slot.writing) fill(flight->bypass);
    live.reset();
  }
  if (!slot.live[index_of(Via::peer)] && !slot.next.empty())
    landing.next = depart(slot, flight->key.view(), Via::peer, now);
  tidy(at);
  return landing;
}

void Flights::supersede(const KeyView& key, const Change& change) {
  std::lock_guard lock(mutex_);
  if (const auto at = slots_.find(key.name); at != slots_.end()) {
    detach(at->second);
    at->second.keeps = false;
    tidy(at);
  }
  change();
}

void Flights::begin_write(const KeyView& key, const Change& drop) {
  std::lock_guard lock(mutex_);
  Slot& at = slot(key);
  detach(at);
  at.writing = at.keeps = true;
  drop();
}

void Flights::end_write(const KeyView& key, const Change& keep, const Change& drop) {
  std::lock_guard lock(mutex_);
  const auto at = slots_.find(key.name);
  const bool keeps = at->second.keeps;
  at->second.writing = false;
  detach(at->second);
  tidy(at);
  keeps ? keep() : drop();
}

void Flights::supersede_if(const std::function<bool(std::string_view name)>& gone) {
  std::lock_guard lock(mutex_);
  for (auto at = slots_.begin(); at != slots_.end();) {
    const auto here = at++;
    if (!gone(here->first)) continue;
    detach(here->second);
    here->second.keeps = false;
    tidy(here);
  }
}

bool Flights::in_flight(const KeyView& key) const {
  std::lock_guard lock(mutex_);
  const auto at = slots_.find(key.name);
  return at != slots_.end() && (at->second.live[0] || at->second.live[1]);
}

std::size_t Flights::size() const {
  std::lock_guard lock(mutex_);
  std::size_t live = 0;
  for (const auto& [name, slot] : slots_) live += !!slot.live[0] + !!slot.live[1];
  return live;
}

Flights::Slot& Flights::slot(const KeyView& key) {
  const auto at = slots_.find(key.name);
  return at != slots_.end() ? at->second : slots_[std::string(key.name)];
}

void Flights::tidy(Slots::iterator at) {
  if (at->second.empty()) slots_.erase(at);
}

/// A new live flight. One to a peer takes along all who wait for the next: it starts after each of
/// them came.
FlightPtr Flights::depart(Slot& slot, const KeyView& key, Via via, Time now) {
  auto flight = std::make_shared<Flight>(key, via, ++stamps_, now);
  if (via == Via::peer) flight->waiters = std::exchange(slot.next, {});
  return slot.live[index_of(via)] = std::move(flight);
}

void Flights::detach(Slot& slot) {
  for (FlightPtr& live : slot.live) live.reset();
}

}  // namespace ringcache
