// SPDX-License-Identifier: Apache-2.0
// ARC, the adaptive replacement cache: N. Megiddo, D. S. Modha, "ARC: a self-tuning, low overhead
// replacement cache", FAST 2003. Entries used once stand in T1, entries used again in T2; keys that
// left them are remembered as ghosts in B1 and B2. A return from B1 says that T1 is too small, one
// from B2 that T2 is: the target p of T1's size moves to and fro, as a real number.
//
// Sizes are sums of charges and p is in the same unit, so with charges of 1 this is the paper's
// algorithm exactly; a return moves p by the charge of what returned, times the paper's delta.
// The paper trims B1 and B2 before REPLACE, we after the insertion. That gives the same lists:
// REPLACE looks at T1, p and the key only, ghosts enter at one end and are trimmed at the other,
// and its case "T1 fills the cache, evict without a ghost" is a ghost that is trimmed at once.
#include <algorithm>
#include <cassert>
#include <cstdint>
#include <utility>

#include "cache/policy/ghost_list.h"
#include "cache/policy/policies.h"

namespace ringcache {
namespace {

/// One of (T1, B1) and (T2, B2).
struct Half {
  explicit Half(EntryPool& pool) : resident(pool) {}

  EntryList resident;
  std::uint64_t charge = 0;  ///< Of the residents.
  GhostList ghosts;

  void push(PolicyEntry& entry) {
    resident.push_back(entry);
    charge += entry.charge;
  }
  void remove(PolicyEntry& entry) {
    resident.remove(entry);
    charge -= entry.charge;
  }
};

class Arc final : public Policy {
 public:
  Arc(PolicyBudget budget, EntryPool& pool)
      : capacity_(budget.capacity),
        ghosts_max_(GhostList::most_in(budget.memory_max, 2)),
        once_(pool),
        again_(pool) {}

  void prepare(std::uint64_t hash, std::uint32_t /*charge*/) override {
    const std::uint64_t b1 = once_.ghosts.charge();
    const std::uint64_t b2 = again_.ghosts.charge();
    returns_to_once_ = returns_to_again_ = false;
    if (const auto charge = once_.ghosts.take(hash)) {
      target_ = std::min(target_ + step(*charge, b2, b1), static_cast<double>(capacity_));
      returns_to_once_ = true;
    } else if (const auto other = again_.ghosts.take(hash)) {
      target_ = std::max(target_ - step(*other, b1, b2), 0.0);
      returns_to_again_ = true;
    }
  }

  void insert(PolicyEntry& entry) override {
    place(entry, returns_to_once_ || returns_to_again_);
    returns_to_once_ = returns_to_again_ = false;
    trim();
  }

  void touch(PolicyEntry& entry) override {
    if (entry.mark == kAgain) {
      again_.resident.move_to_back(entry);
    } else {
      once_.remove(entry);
      place(entry, true);
    }
  }

  void recharge(PolicyEntry& entry, std::uint32_t charge) override {
    std::uint64_t& sum = half_of(entry).charge;
    sum = sum - entry.charge + charge;
    entry.charge = charge;
  }

  void remove(PolicyEntry& entry) override { half_of(entry).remove(entry); }

  PolicyEntry* evict() override {
    Half& from = gives_way() ? once_ : again_;
    PolicyEntry* victim = from.resident.front();
    if (!victim) return nullptr;
    remove(*victim);
    from.ghosts.push(victim->hash, victim->charge);
    trim_to_memory();
    return victim;
  }

  bool relocate(PolicyEntry& from, PolicyEntry& to) override {
    half_of(from).resident.relocate(from, to);
    return true;
  }

  void resize(PolicyBudget budget) override {
    capacity_ = budget.capacity;
    ghosts_max_ = GhostList::most_in(budget.memory_max, 2);
    target_ = std::min(target_, static_cast<double>(capacity_));
    trim();
  }

  std::size_t memory() const noexcept override {
    return once_.ghosts.memory() + again_.ghosts.memory();
  }

 private:
  static constexpr std::uint32_t kOnce = 1;
  static constexpr std::uint32_t kAgain = 2;

  /// The paper's delta, `charge` times over. REQUIRES: `own` > 0.
  static double step(std::uint32_t charge, std::uint64_t other, std::uint64_t own) {
    return charge * std::max(1.0, static_cast<double>(other) / static_cast<double>(own));
  }

  Half& half_of(const PolicyEntry& entry) { return entry.mark == kAgain ? again_ : once_; }

  void place(PolicyEntry& entry, bool again) {
    entry.mark = again ? kAgain : kOnce;
    half_of(entry).push(entry);
  }

  /// REPLACE of the paper: does T1 give an entry, rather than T2? For a return from B2 the paper
  /// asks for |T1| >= p, which with whole sizes and a real p reads |T1| > p - 1; and the 1 is a
  /// charge.
  bool gives_way() const {
    const PolicyEntry* oldest = once_.resident.front();
    if (!oldest || again_.resident.empty()) return oldest != nullptr;
    const double margin = returns_to_again_ ? oldest->charge : 0;
    return static_cast<double>(once_.charge) > target_ - margin;
  }

  std::size_t ghosts() const noexcept { return once_.ghosts.size() + again_.ghosts.size(); }

  /// |T1| + |B1| <= c and all four <= 2c; and no more ghosts than there is memory for.
  void trim() {
    while (!once_.ghosts.empty() && once_.charge + once_.ghosts.charge() > capacity_)
      once_.ghosts.pop_oldest();
    while (!again_.ghosts.empty() && total() / 2 + total() % 2 > capacity_)
      again_.ghosts.pop_oldest();
    trim_to_memory();
  }

  void trim_to_memory() {
    while (ghosts() > ghosts_max_)
      (once_.ghosts.size() > again_.ghosts.size() ? once_ : again_).ghosts.pop_oldest();
  }

  std::uint64_t total() const {
    return once_.charge + once_.ghosts.charge() + again_.charge + again_.ghosts.charge();
  }

  std::size_t capacity_;
  std::size_t ghosts_max_;
  double target_ = 0;             // the paper's p
  Half once_;                     // T1 and B1
  Half again_;                    // T2 and B2
  bool returns_to_once_ = false;  // the key being inserted was in B1
  bool returns_to_again_ = false;
};

}  // namespace

std::unique_ptr<Policy> make_arc(PolicyBudget budget, EntryPool& pool) {
  return std::make_unique<Arc>(budget, pool);
}

}  // namespace ringcache
