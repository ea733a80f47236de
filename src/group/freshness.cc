// SPDX-License-Identifier: Apache-2.0
#include "group/freshness.h"

#include <algorithm>
#include <cmath>

#include <ringcache/hash.h>

namespace ringcache {
namespace {

/// A copy with time for so many loads left is read again for certain: one, and one more for a load
/// that takes longer than the last.
constexpr double kLastLoads = 2;
/// With time for more loads left the chance is below one in a billion: not worth an exponential.
constexpr int kFirstLoads = 20;

/// A number from 0 to 1 that looks like chance.
double chance(std::uint64_t a, std::uint64_t b) noexcept {
  const std::uint64_t mixed =
      hashing::fold(hashing::fold(a ^ hashing::kA, b ^ hashing::kB), hashing::kC);
  return static_cast<double>(mixed >> 11) * 0x1p-53;
}

Duration share_of(Duration span, double share) noexcept {
  return Duration(static_cast<Duration::rep>(static_cast<double>(span.count()) * share));
}

}  // namespace

void Freshness::set(const GroupLimits& limits) noexcept {
  max_age_ = limits.max_age;
  negative_max_age_ = limits.negative_max_age;
  while_revalidate_ = limits.stale_while_revalidate;
  if_error_ = limits.stale_if_error;
  jitter_ = std::clamp(limits.max_age_jitter, 0.0, 1.0);
  ahead_ = std::clamp(limits.refresh_ahead, 0.0, 1.0);
  const double later = ahead_ > 0 ? std::max(1 - ahead_, 0.5) : 0.5;
  later_parts_ = static_cast<int>(std::ceil(later * kParts));
}

void Freshness::add_to(GroupLimits& limits) const noexcept {
  limits.max_age = max_age_;
  limits.negative_max_age = negative_max_age_;
  limits.stale_while_revalidate = while_revalidate_;
  limits.stale_if_error = if_error_;
  limits.max_age_jitter = jitter_;
  limits.refresh_ahead = ahead_;
}

void Freshness::date_value(Copy& copy, std::uint64_t hash, const Value& value) const noexcept {
  Duration age = value.max_age != Duration::max() ? value.max_age : max_age_.load();
  if (const double jitter = jitter_; jitter > 0 && age != Duration::max())
    age -= share_of(age, jitter * chance(hash, copy.version));
  const Time aged = saturating_add(copy.loaded_at, age);
  const Time kept = saturating_add(aged, std::max(while_revalidate_.load(), if_error_.load()));
  copy.ends_with_row = value.expires_at != Time::max() && value.expires_at <= kept;
  copy.expires_at = std::min(value.expires_at, kept);
  copy.fresh_until = std::min(aged, copy.expires_at);
}

/// An absence is never stale: its answer is an error, which has no place to say so.
void Freshness::date_absence(Copy& copy) const noexcept {
  copy.expires_at = copy.fresh_until = saturating_add(copy.loaded_at, negative_max_age_);
}

Freshness::State Freshness::state(const Copy& copy, std::uint64_t hash, Duration load,
                                  Time now) const noexcept {
  if (now < copy.fresh_until) return is_ripe(copy, hash, load, now) ? State::ripe : State::fresh;
  if (now < saturating_add(copy.fresh_until, while_revalidate_)) return State::stale;
  if (now < saturating_add(copy.fresh_until, if_error_)) return State::reserve;
  return State::spent;
}

Time Freshness::ahead_point(const Copy& copy) const noexcept {
  const double ahead = ahead_;
  if (ahead <= 0) return Time::max();
  return copy.loaded_at + share_of(copy.fresh_until - copy.loaded_at, ahead);
}

Time Freshness::ripens(const Copy& copy, Duration load) const noexcept {
  const Duration half = (copy.fresh_until - copy.loaded_at) / 2;
  return std::min(copy.fresh_until - std::min<Duration>(half, load * kFirstLoads),
                  ahead_point(copy));
}

/// XFetch: at `now` if now + load * -ln(u) >= the end, u being chance. Written as u <= exp(-x).
bool Freshness::is_ripe(const Copy& copy, std::uint64_t hash, Duration load,
                        Time now) const noexcept {
  if (now < ripens(copy, load)) return false;
  if (now >= ahead_point(copy)) return true;
  const double loads_left =
      static_cast<double>((copy.fresh_until - now).count()) / static_cast<double>(load.count());
  if (loads_left <= kLastLoads) return true;
  const auto instant = static_cast<std::uint64_t>(now.time_since_epoch().count());
  return chance(hash ^ copy.version, instant) <= std::exp(-loads_left);
}

}  // namespace ringcache
