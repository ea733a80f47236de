// SPDX-License-Identifier: Apache-2.0
// S3-FIFO: J. Yang, Y. Zhang, Z. Qiu, Y. Yue, K. V. Rashmi, "FIFO queues are all you need for cache
// eviction", SOSP 2023, algorithm 1. New entries pass through S, a small queue of a tenth of the
// capacity. Those used twice on the way go on to the main queue M, where an entry that was used
// since is reinserted with one use less; the others leave and are remembered as ghosts in G, as
// many as nine tenths of the capacity. A ghost that returns enters M. A hit only counts, up to
// three.
//
// Sizes are sums of charges; with charges of 1 this is the paper's algorithm exactly, with uses
// counted anew in M, and a ghost forgotten when it returns.
#include <algorithm>
#include <cstdint>

#include "cache/policy/ghost_list.h"
#include "cache/policy/policies.h"

namespace ringcache {
namespace {

/// An entry's mark: whether it stands in M, and its uses.
constexpr std::uint32_t kMain = 4;
constexpr std::uint32_t kUses = 3;

struct Queue {
  explicit Queue(EntryPool& pool) : entries(pool) {}

  EntryList entries;
  std::uint64_t charge = 0;
  std::uint64_t share = 0;

  void push(PolicyEntry& entry) {
    entries.push_back(entry);
    charge += entry.charge;
  }
  void remove(PolicyEntry& entry) {
    entries.remove(entry);
    charge -= entry.charge;
  }
};

class S3Fifo final : public Policy {
 public:
  S3Fifo(PolicyBudget budget, EntryPool& pool, std::uint32_t uses_to_stay)
      : small_(pool), main_(pool), uses_to_stay_(uses_to_stay) {
    share(budget);
  }

  /// Asks for a ghost only now: as in the paper, the evictions before may have pushed it out.
  void insert(PolicyEntry& entry) override {
    enter(entry, ghosts_.take(entry.hash) ? kMain : 0);
    evicting_ = false;
  }

  void touch(PolicyEntry& entry) override {
    if ((entry.mark & kUses) < kUses) ++entry.mark;
  }

  void recharge(PolicyEntry& entry, std::uint32_t charge) override {
    std::uint64_t& sum = queue_of(entry).charge;
    sum = sum - entry.charge + charge;
    entry.charge = charge;
  }

  void remove(PolicyEntry& entry) override { queue_of(entry).remove(entry); }

  PolicyEntry* evict() override {
    const bool small_gives = small_.charge >= small_.share || main_.entries.empty();
    return evicting() || small_gives ? evict_small() : evict_main();
  }

  bool evicting() const noexcept override { return evicting_ && !small_.entries.empty(); }

  bool relocate(PolicyEntry& from, PolicyEntry& to) override {
    queue_of(from).entries.relocate(from, to);
    return true;
  }

  void resize(PolicyBudget budget) override {
    share(budget);
    trim();
  }

  std::size_t memory() const noexcept override { return ghosts_.memory(); }

 private:
  void share(PolicyBudget budget) {
    small_.share = std::max<std::size_t>(budget.capacity / 10, 1);
    main_.share = budget.capacity - std::min<std::size_t>(budget.capacity, small_.share);
    ghosts_charge_max_ = budget.capacity - budget.capacity / 10 - (budget.capacity % 10 != 0);
    ghosts_max_ = GhostList::most_in(budget.memory_max);
  }

  Queue& queue_of(const PolicyEntry& entry) { return (entry.mark & kMain) != 0 ? main_ : small_; }

  void enter(PolicyEntry& entry, std::uint32_t mark) {
    entry.mark = mark & (kMain | kUses);
    queue_of(entry).push(entry);
  }

  /// EVICTS of the paper. It ends with a victim from S; each time that an entry which goes on to M
  /// is too much for it, one from M leaves as well.
  PolicyEntry* evict_small() {
    evicting_ = true;
    while (PolicyEntry* oldest = small_.entries.front()) {
      small_.remove(*oldest);
      if ((oldest->mark & kUses) < uses_to_stay_) return become_ghost(*oldest);
      enter(*oldest, kMain);
      if (main_.charge > main_.share) return evict_main();
    }
    return evict_main();
  }

  PolicyEntry* become_ghost(PolicyEntry& entry) {
    evicting_ = false;
    ghosts_.push(entry.hash, entry.charge);
    trim();
    return &entry;
  }

  PolicyEntry* evict_main() {
    while (PolicyEntry* oldest = main_.entries.front()) {
      main_.remove(*oldest);
      if ((oldest->mark & kUses) == 0) return oldest;
      enter(*oldest, oldest->mark - 1);
    }
    return nullptr;
  }

  void trim() {
    while (!ghosts_.empty() &&
           (ghosts_.charge() > ghosts_charge_max_ || ghosts_.size() > ghosts_max_))
      ghosts_.pop_oldest();
  }

  Queue small_;
  Queue main_;
  const std::uint32_t uses_to_stay_;
  GhostList ghosts_;
  std::uint64_t ghosts_charge_max_ = 0;
  std::size_t ghosts_max_ = 0;
  bool evicting_ = false;  // the last victim was from M, on behalf of S
};

}  // namespace

std::unique_ptr<Policy> make_s3fifo(PolicyBudget budget, EntryPool& pool,
                                    std::uint32_t uses_to_stay) {
  return std::make_unique<S3Fifo>(budget, pool, uses_to_stay);
}

}  // namespace ringcache
