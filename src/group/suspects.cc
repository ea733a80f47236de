// SPDX-License-Identifier: Apache-2.0
#include "group/suspects.h"

#include <algorithm>

namespace ringcache {

bool Suspects::may_ask(const Store* peer, Time now) {
  std::lock_guard lock(mutex_);
  const auto at = peers_.find(peer);
  if (at == peers_.end() || at->second.next_trial == Time{}) return true;
  if (now < at->second.next_trial) return false;
  at->second.next_trial = now + kPause;
  return true;
}

void Suspects::answered(const Store* peer, Time now) {
  std::lock_guard lock(mutex_);
  peers_[peer] = {.last_answer = now, .next_trial = Time{}};
}

void Suspects::silent(const Store* peer, Time asked, Time now) {
  std::lock_guard lock(mutex_);
  Record& record = peers_[peer];
  if (record.last_answer <= asked) record.next_trial = now + kPause;
}

void Suspects::clear() {
  std::lock_guard lock(mutex_);
  peers_.clear();
}

}  // namespace ringcache
