// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/auto/filling.h"

#include <algorithm>
#include <utility>

namespace ringcache {
namespace {

/// Entries that the first eviction looks at, and each that follows: some hundred microseconds, and
/// less than one.
constexpr std::size_t kSortedAtOnce = 2048;
constexpr std::size_t kSortedForEach = 4;

}  // namespace

void Filling::insert(PolicyEntry& entry) {
  set_charge(charge_ + entry.charge);
  ++size_;
  entry.mark = age_;
  unsorted_.push_back(entry);
}

void Filling::recharge(PolicyEntry& entry, std::uint32_t charge) {
  set_charge(charge_ - entry.charge + charge);
  entry.charge = charge;
}

void Filling::remove(PolicyEntry& entry) {
  list_of(entry).remove(entry);
  set_charge(charge_ - entry.charge);
  --size_;
}

PolicyEntry* Filling::evict() {
  sort(std::exchange(is_sorting_, true) ? kSortedForEach : kSortedAtOnce);
  const auto coldest = std::ranges::find_if_not(by_age_, &EntryList::empty);
  if (coldest == by_age_.end()) return nullptr;
  PolicyEntry* victim = coldest->front();
  remove(*victim);
  return victim;
}

bool Filling::relocate(PolicyEntry& from, PolicyEntry& to) {
  list_of(from).relocate(from, to);
  return true;
}

void Filling::resize(PolicyBudget budget) {
  capacity_ = budget.capacity;
  set_charge(charge_);
}

EntryList& Filling::list_of(const PolicyEntry& entry) {
  const std::uint32_t list = entry.mark / kAges;
  return list == 0 ? unsorted_ : by_age_[list - 1];
}

void Filling::set_charge(std::uint64_t charge) {
  charge_ = charge;
  const std::uint64_t age = charge / std::max<std::uint64_t>(capacity_ / kAges, 1);
  age_ = std::min<std::uint64_t>(age, kAge) & kAge;
}

void Filling::sort(std::size_t most) {
  for (; most > 0 && !unsorted_.empty(); --most) {
    PolicyEntry& entry = *unsorted_.pop_front();
    const std::uint32_t age = entry.mark & kAge;
    entry.mark = ((age + 1) * kAges + age) & (kList | kAge);
    by_age_[age].push_back(entry);
  }
}

}  // namespace ringcache
