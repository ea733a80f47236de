// SPDX-License-Identifier: Apache-2.0
#include "group/breaker.h"

#include <algorithm>

namespace ringcache {

std::expected<Breaker::Ticket, Breaker::Refusal> Breaker::admit(Time now) {
  std::lock_guard lock(mutex_);
  if (!is_open()) return Ticket::plain;
  if (probing_ || now < next_probe_) return std::unexpected(refusal(now));
  probing_ = true;
  return Ticket::probe;
}

std::optional<Breaker::Refusal> Breaker::reconsider(Ticket ticket, Time now) const {
  std::lock_guard lock(mutex_);
  if (ticket == Ticket::probe || !is_open()) return std::nullopt;
  return refusal(now);
}

void Breaker::succeeded(Ticket ticket) {
  std::lock_guard lock(mutex_);
  failures_ = 0;
  end(ticket);
}

void Breaker::failed(Ticket ticket, const std::string& why, Time now) {
  std::lock_guard lock(mutex_);
  ++failures_;
  next_probe_ = now + pause_;
  last_ = why;
  end(ticket);
}

void Breaker::told_nothing(Ticket ticket) {
  std::lock_guard lock(mutex_);
  end(ticket);
}

void Breaker::end(Ticket ticket) {
  if (ticket == Ticket::probe) probing_ = false;
}

Breaker::Refusal Breaker::refusal(Time now) const {
  const Duration left = probing_ ? pause_ : std::max(next_probe_ - now, Duration{0});
  return {.left = left, .failures = failures_, .last = last_};
}

}  // namespace ringcache
