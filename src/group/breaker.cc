// SPDX-License-Identifier: Apache-2.0
#include "group/breaker.h"

#include <algorithm>

namespace ringcache {

std::optional<Breaker::Refusal> Breaker::refuse(Time now) {
  std::lock_guard lock(mutex_);
  if (failures_ < failures_max_) return std::nullopt;
  if (!probing_ && now >= next_probe_) {
    probing_ = true;
    return std::nullopt;
  }
  const Duration left = probing_ ? pause_ : next_probe_ - now;
  return Refusal{.left = left, .failures = failures_, .last = last_};
}

void Breaker::succeeded() {
  std::lock_guard lock(mutex_);
  failures_ = 0;
  probing_ = false;
}

void Breaker::failed(const std::string& why, Time now) {
  std::lock_guard lock(mutex_);
  ++failures_;
  probing_ = false;
  next_probe_ = now + pause_;
  last_ = why;
}

void Breaker::not_made() {
  std::lock_guard lock(mutex_);
  probing_ = false;
}

}  // namespace ringcache
