// SPDX-License-Identifier: Apache-2.0
#include "etcd/backoff.h"

#include <algorithm>

namespace ringcache {

Backoff::Wait Backoff::next() {
  const Wait step = step_;
  step_ = std::min(step_ * 2, kMost);
  std::uniform_int_distribution<Wait::rep> upper_half(step.count() / 2, step.count());
  return Wait(upper_half(random_));
}

}  // namespace ringcache
