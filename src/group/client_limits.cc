// SPDX-License-Identifier: Apache-2.0
#include "group/client_limits.h"

#include <algorithm>
#include <utility>

#include "base/units.h"

namespace ringcache {
namespace {

/// A bucket that holds nothing never has a token to give.
double seconds_worth(double rate) { return std::max(rate, 1.0); }

}  // namespace

void ClientLimits::set(const RateLimit& limit) {
  std::lock_guard lock(mutex_);
  if (limit == limit_) return;
  limit_ = limit;
  by_name_.clear();
  clients_.clear();
  all_.reset();
  if (limit.total > 0) all_.emplace(limit.total, seconds_worth(limit.total));
  limited_.store(limit.per_client > 0 || limit.total > 0, std::memory_order_relaxed);
}

RateLimit ClientLimits::limit() const {
  std::lock_guard lock(mutex_);
  return limit_;
}

std::uint64_t ClientLimits::refused() const {
  std::lock_guard lock(mutex_);
  return refused_;
}

std::size_t ClientLimits::clients() const {
  std::lock_guard lock(mutex_);
  return clients_.size();
}

/// All or nothing: who must wait for the one bucket takes nothing out of the other.
std::optional<Error> ClientLimits::take(std::string_view client, std::size_t keys,
                                        const Clock& clock) {
  const Time now = clock.now();
  const auto tokens = static_cast<double>(keys);
  std::unique_lock lock(mutex_);
  TokenBucket* own = bucket_of(client, now);
  TokenBucket* all = all_ ? &*all_ : nullptr;
  const Duration own_wait = own ? own->wait(tokens, now) : Duration{0};
  const Duration all_wait = all ? all->wait(tokens, now) : Duration{0};
  const Duration wait = std::max(own_wait, all_wait);
  if (wait <= Duration{0}) {
    for (TokenBucket* bucket : {own, all})
      if (bucket) bucket->take(tokens, now);
    return std::nullopt;
  }
  ++refused_;
  const bool of_all = all_wait > own_wait;
  const double rate = of_all ? limit_.total : limit_.per_client;
  lock.unlock();
  return refusal(rate, of_all, wait);
}

/// None where clients have no limit of their own. REQUIRES: mutex_ held.
//
// A full bucket is as good as none. Whoever is new looks at the two clients that were silent for
// longest, so that the idle ones go faster than new ones come, and nobody ever waits for a sweep.
TokenBucket* ClientLimits::bucket_of(std::string_view client, Time now) {
  if (limit_.per_client <= 0) return nullptr;
  if (const auto known = by_name_.find(client); known != by_name_.end()) {
    clients_.splice(clients_.end(), clients_, known->second);
    return &known->second->bucket;
  }
  for (int i = 0; i < 2 && !clients_.empty() && clients_.front().bucket.is_full(now); ++i)
    forget_oldest();
  if (clients_.size() >= clients_max_) forget_oldest();
  const double burst = limit_.burst > 0 ? limit_.burst : seconds_worth(limit_.per_client);
  clients_.push_back({std::string(client), TokenBucket(limit_.per_client, burst)});
  by_name_.emplace(clients_.back().name, std::prev(clients_.end()));
  return &clients_.back().bucket;
}

/// REQUIRES: mutex_ held, and there is one.
void ClientLimits::forget_oldest() {
  by_name_.erase(clients_.front().name);
  clients_.pop_front();
}

Error ClientLimits::refusal(double rate, bool of_all, Duration wait) const {
  return {.code = Errc::overloaded,
          .message = "group '" + group_ + "' answers no more than " + format_rate(rate) +
                     (of_all ? " of all clients together (rate_limit.total); come again later"
                             : " of a client (rate_limit.per_client); come again later, and ask "
                               "less often"),
          .retry_after = wait};
}

}  // namespace ringcache
