// SPDX-License-Identifier: Apache-2.0
#include "cache/table.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace ringcache {
namespace {

constexpr std::size_t kSlotsMin = 8;

}  // namespace

/// User-space pointers have 47 bits on x86-64 and, unless asked for more, at most 48 elsewhere.
Table::Slot Table::slot_of(const Entry& entry) noexcept {
  const auto pointer = reinterpret_cast<Slot>(&entry);
  assert((pointer & ~kPointerMask) == 0);
  return pointer | (entry.hash >> kPointerBits << kPointerBits);
}

Entry* Table::find(std::uint64_t hash, std::string_view name) const noexcept {
  if (slots_.empty()) return nullptr;
  for (std::size_t at = home(hash); slots_[at] != kEmpty; at = next(at)) {
    if ((slots_[at] ^ hash) >> kPointerBits != 0) continue;
    Entry* entry = entry_of(slots_[at]);
    if (entry->hash == hash && entry->name() == name) return entry;
  }
  return nullptr;
}

void Table::insert(Entry& entry) {
  if ((size_ + 1) * 5 > slots_.size() * 4) resize(std::max(slots_.size() * 2, kSlotsMin));
  place(slot_of(entry), entry.hash);
  ++size_;
}

void Table::erase(const Entry& entry) {
  std::size_t hole = home(entry.hash);
  while (entry_of(slots_[hole]) != &entry) hole = next(hole);
  // Whatever follows without a gap moves into the hole, unless that would put it before its home.
  for (std::size_t at = next(hole); slots_[at] != kEmpty; at = next(at)) {
    const std::size_t from_home = (at - home(entry_of(slots_[at])->hash)) & (slots_.size() - 1);
    if (from_home < ((at - hole) & (slots_.size() - 1))) continue;
    slots_[hole] = slots_[at];
    hole = at;
  }
  slots_[hole] = kEmpty;
  --size_;
  if (slots_.size() > kSlotsMin && size_ * 5 < slots_.size()) resize(slots_.size() / 2);
}

void Table::place(Slot slot, std::uint64_t hash) noexcept {
  std::size_t at = home(hash);
  while (slots_[at] != kEmpty) at = next(at);
  slots_[at] = slot;
}

void Table::resize(std::size_t slots) {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots, kEmpty));
  for (const Slot slot : old)
    if (slot != kEmpty) place(slot, entry_of(slot)->hash);
}

}  // namespace ringcache
