// SPDX-License-Identifier: Apache-2.0
#include "cache/table.h"

#include <cassert>
#include <utility>

namespace ringcache {
namespace {

constexpr std::size_t kHomesMin = 8;

/// Room behind the last home, where crowds are as long as anywhere.
constexpr std::size_t kOverhang = 32;

}  // namespace

void Table::insert(std::uint32_t tag, EntryId id) {
  if ((size_ + 1) * 5 > homes_ * 4) resize(std::max(homes_ + homes_ / 4, kHomesMin));
  auto at = static_cast<std::size_t>(first(tag) - slots_.data());
  std::size_t end = at;
  while (!slots_[end].empty()) ++end;
  if (end + 1 == slots_.size()) slots_.resize(slots_.size() + kOverhang);
  for (; end > at; --end) slots_[end] = slots_[end - 1];
  slots_[at] = Slot(tag, id);
  ++size_;
}

void Table::erase(std::uint32_t tag, EntryId id) {
  std::size_t hole = index_of(tag, id);
  for (; !slots_[hole + 1].empty() && home(slots_[hole + 1].tag()) <= hole; ++hole)
    slots_[hole] = slots_[hole + 1];
  slots_[hole] = Slot();
  --size_;
  if (homes_ > kHomesMin && size_ * 5 < homes_ * 2) resize(std::max(homes_ * 5 / 8, kHomesMin));
}

void Table::replace(std::uint32_t tag, EntryId id, EntryId with) noexcept {
  slots_[index_of(tag, id)] = Slot(tag, with);
}

std::size_t Table::index_of(std::uint32_t tag, EntryId id) const noexcept {
  const Slot* slot = first(tag);
  while (slot->id() != id) ++slot;
  assert(slot->tag() == tag);
  return static_cast<std::size_t>(slot - slots_.data());
}

void Table::resize(std::size_t homes) {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(homes + kOverhang));
  homes_ = homes;
  std::size_t end = 0;  // behind the last one placed
  for (const Slot slot : old) {
    if (slot.empty()) continue;
    const std::size_t at = std::max(end, home(slot.tag()));
    if (at + 1 >= slots_.size()) slots_.resize(slots_.size() + kOverhang);
    slots_[at] = slot;
    end = at + 1;
  }
}

}  // namespace ringcache
