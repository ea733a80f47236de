// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include <ringcache/policy.h>

namespace ringcache {

/// The order of a cache that has never been full: nearly that of last use, for nearly nothing. The
/// filling has sixteen ages, and a use marks the entry with the present one: no list is touched,
/// and no neighbour's memory. Only evict() puts the entries in order, some with each call, and
/// gives back the coldest of those that it has seen.
class Filling final : public Policy {
 public:
  Filling(std::size_t capacity, const EntryPool& pool)
      : capacity_(capacity), unsorted_(pool), by_age_(kAges, EntryList(pool)) {}

  std::uint64_t charge() const noexcept { return charge_; }
  std::size_t size() const noexcept { return size_; }

  void insert(PolicyEntry& entry) override;
  void touch(PolicyEntry& entry) override { entry.mark = (entry.mark & kList) | age_; }
  void recharge(PolicyEntry& entry, std::uint32_t charge) override;
  void remove(PolicyEntry& entry) override;
  PolicyEntry* evict() override;
  bool relocate(PolicyEntry& from, PolicyEntry& to) override;
  void resize(PolicyBudget budget) override;

 private:
  static constexpr std::uint32_t kAges = 16;
  /// An entry's mark: the age of its last use, and the list that it is in: 0 is unsorted_.
  static constexpr std::uint32_t kAge = kAges - 1;
  static constexpr std::uint32_t kList = kAge << 5 | kAges;

  EntryList& list_of(const PolicyEntry& entry);
  void set_charge(std::uint64_t charge);
  void sort(std::size_t most);

  std::size_t capacity_;
  std::uint64_t charge_ = 0;
  std::size_t size_ = 0;
  std::uint32_t age_ : 4 = 0;
  bool is_sorting_ = false;
  EntryList unsorted_;  // by insertion
  std::vector<EntryList> by_age_;
};

}  // namespace ringcache
