// SPDX-License-Identifier: Apache-2.0
// LIRS, low inter-reference recency set: S. Jiang, X. Zhang, "LIRS: an efficient low
// inter-reference recency set replacement policy to improve buffer cache performance", SIGMETRICS
// 2002. Keys that come back soon are LIR and hold 99 % of the cache; all others are HIR and pass
// through the rest. The stack S has the LIR entries, and the HIR keys used since the oldest LIR
// entry was, resident or not (ghosts); a HIR key used while in S has shown a shorter way back than
// the LIR entry at the bottom of S and changes places with it. The queue Q has the resident HIR
// entries; its front leaves first.
//
// The paper does not bound the ghosts; we keep 2 C of them at most, the oldest go. Shares and this
// bound are sums of charges, so with charges of 1 they are counts. Three rules are for charges of
// bytes alone: an entry above the share of LIR never becomes LIR, several may lose that rank for
// one, and where Q is empty the bottom of S leaves, without a ghost.
#include <algorithm>
#include <cassert>
#include <cstdint>
#include <utility>
#include <vector>

#include "cache/policy/ghost_nodes.h"
#include "cache/policy/policies.h"

namespace ringcache {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;

/// Q: a queue with nodes of its own, as an entry's links may be in S at the same time. It holds one
/// entry in a hundred, so that it is small.
class Queue {
 public:
  explicit Queue(const EntryPool& pool) : pool_(pool) {}

  PolicyEntry* front() const {
    return oldest_ == kNone ? nullptr : &pool_.at(nodes_[oldest_].entry);
  }

  /// The entry's node.
  std::uint32_t push(const PolicyEntry& entry) {
    make_room();
    const std::uint32_t node = std::exchange(free_, nodes_[free_].newer);
    nodes_[node].entry = EntryPool::id_of(entry);
    link(node);
    return node;
  }

  void move_to_back(std::uint32_t node) {
    unlink(node);
    link(node);
  }

  void remove(std::uint32_t node) {
    unlink(node);
    nodes_[node].newer = std::exchange(free_, node);
  }

  void relocate(std::uint32_t node, const PolicyEntry& to) {
    nodes_[node].entry = EntryPool::id_of(to);
  }

  bool has_room() const { return free_ != kNone; }
  void make_room() {
    if (!has_room()) grow();
  }
  std::size_t memory() const { return nodes_.capacity() * sizeof(Node); }

 private:
  struct Node {
    EntryId entry = 0;
    std::uint32_t older = kNone;
    std::uint32_t newer = kNone;  // or the next free one
  };

  void link(std::uint32_t node) {
    nodes_[node].older = newest_;
    nodes_[node].newer = kNone;
    (newest_ == kNone ? oldest_ : nodes_[newest_].newer) = node;
    newest_ = node;
  }

  void unlink(std::uint32_t node) {
    const Node& from = nodes_[node];
    (from.older == kNone ? oldest_ : nodes_[from.older].newer) = from.newer;
    (from.newer == kNone ? newest_ : nodes_[from.newer].older) = from.older;
  }

  void grow() {
    const std::size_t size = nodes_.size();
    nodes_.reserve(size + size / 4 + 2);
    nodes_.resize(nodes_.capacity());
    for (std::size_t i = nodes_.size(); i > size; --i)
      nodes_[i - 1].newer = std::exchange(free_, static_cast<std::uint32_t>(i - 1));
  }

  const EntryPool& pool_;
  std::vector<Node> nodes_;
  std::uint32_t oldest_ = kNone;
  std::uint32_t newest_ = kNone;
  std::uint32_t free_ = kNone;
};

class Lirs final : public Policy {
 public:
  Lirs(PolicyBudget budget, EntryPool& pool) : stack_(pool), queue_(pool), ghosts_(pool) {
    set(budget);
  }

  void prepare(std::uint64_t hash, std::uint32_t /*charge*/) override {
    PolicyEntry* ghost = ghosts_.find(hash);
    returns_ = ghost != nullptr;
    if (ghost) forget(*ghost);
    settle_all();
  }

  void insert(PolicyEntry& entry) override {
    const bool returns = std::exchange(returns_, false);
    const bool has_place = lir_charge_ + entry.charge <= lir_max_;
    if (has_place || (returns && entry.charge <= lir_max_))
      make_lir(entry);
    else
      make_hir(entry);
    settle();
  }

  void touch(PolicyEntry& entry) override {
    if (state(entry) == kLir) return rise(entry);
    if (state(entry) == kHir || entry.charge > lir_max_) return renew(entry);
    stack_.remove(entry);
    queue_.remove(node(entry));
    make_lir(entry);
    settle();
  }

  void recharge(PolicyEntry& entry, std::uint32_t charge) override {
    const bool was_lir = state(entry) == kLir;
    if (was_lir) lir_charge_ = lir_charge_ - entry.charge + charge;
    entry.charge = charge;
    if (was_lir && charge > lir_max_) {
      leave_stack(entry);
      make_hir(entry);
    }
    settle_all();
  }

  void remove(PolicyEntry& entry) override {
    if (state(entry) != kLir) queue_.remove(node(entry));
    if (state(entry) != kHir) leave_stack(entry);
  }

  PolicyEntry* evict() override {
    PolicyEntry* victim = queue_.front();
    if (!victim) {
      victim = stack_.front();
      if (victim) leave_stack(*victim);
      return victim;
    }
    queue_.remove(node(*victim));
    if (state(*victim) == kHirInStack) leave_ghost(*victim);
    trim();
    return victim;
  }

  bool relocate(PolicyEntry& from, PolicyEntry& to) override {
    if (state(from) != kLir) queue_.relocate(node(from), to);
    if (state(from) != kHir) stack_.relocate(from, to);
    return true;
  }

  void resize(PolicyBudget budget) override {
    set(budget);
    settle_all();
    trim();
  }

  std::size_t memory() const noexcept override { return queue_.memory() + ghosts_.memory(); }

 private:
  /// An entry's mark: its state, and for HIR the node in the queue.
  static constexpr std::uint32_t kLir = 0;         // in S
  static constexpr std::uint32_t kHirInStack = 1;  // in S and Q
  static constexpr std::uint32_t kHir = 2;         // in Q; 3 is a ghost's
  static constexpr unsigned kStateBits = 2;

  static std::uint32_t state(const PolicyEntry& entry) { return entry.mark & 3; }
  static std::uint32_t node(const PolicyEntry& entry) { return entry.mark >> kStateBits; }
  static void set_mark(PolicyEntry& entry, std::uint32_t state, std::uint32_t node) {
    assert(node < 1u << (28 - kStateBits));
    entry.mark = (node << kStateBits | state) & ((1u << 28) - 1);
  }

  void set(PolicyBudget budget) {
    capacity_ = budget.capacity;
    memory_max_ = budget.memory_max;
    const std::size_t share = capacity_ - capacity_ / 100 - (capacity_ % 100 == 0 ? 0 : 1);
    lir_max_ = std::max<std::size_t>(share, 1);
  }

  void make_lir(PolicyEntry& entry) {
    set_mark(entry, kLir, 0);
    stack_.push_back(entry);
    lir_charge_ += entry.charge;
  }

  /// The bottom of a stack is LIR, so one without LIR entries takes none.
  void make_hir(PolicyEntry& entry) {
    const bool has_bottom = !stack_.empty();
    if (has_bottom) stack_.push_back(entry);
    set_mark(entry, has_bottom ? kHirInStack : kHir, queue_.push(entry));
  }

  void rise(PolicyEntry& entry) {
    const bool was_bottom = stack_.front() == &entry;
    stack_.move_to_back(entry);
    if (was_bottom) prune();
  }

  /// A use of a HIR entry that stays one.
  void renew(PolicyEntry& entry) {
    queue_.move_to_back(node(entry));
    if (state(entry) == kHirInStack) return stack_.move_to_back(entry);
    if (stack_.empty()) return;
    stack_.push_back(entry);
    set_mark(entry, kHirInStack, node(entry));
  }

  void leave_stack(PolicyEntry& entry) {
    stack_.remove(entry);
    if (state(entry) == kLir) lir_charge_ -= entry.charge;
    prune();
  }

  /// LIR entries above their share become HIR. Only as many as the queue has room for: it grows in
  /// settle_all(), where the caller makes room for it afterwards and a touch does not come.
  void settle() {
    while (lir_charge_ > lir_max_ && queue_.has_room()) demote();
  }
  void settle_all() {
    for (queue_.make_room(); lir_charge_ > lir_max_; queue_.make_room()) demote();
  }

  void demote() {
    PolicyEntry& bottom = *stack_.front();
    leave_stack(bottom);
    set_mark(bottom, kHir, queue_.push(bottom));
  }

  /// What is below the lowest LIR entry says nothing any more.
  void prune() {
    for (PolicyEntry* bottom; (bottom = stack_.front()) && state(*bottom) != kLir;) {
      if (GhostNodes::is_ghost(*bottom)) {
        forget(*bottom);
      } else {
        stack_.remove(*bottom);
        set_mark(*bottom, kHir, node(*bottom));
      }
    }
  }

  /// Its place in the stack goes to a ghost. Those of HIR entries have the same order in S as in Q,
  /// so a new ghost is above all others.
  void leave_ghost(PolicyEntry& victim) {
    const std::size_t most = ghosts_max();
    while (oldest_ && ghosts_.size() >= most) forget(*oldest_);
    if (most == 0) return stack_.remove(victim);
    PolicyEntry& ghost = ghosts_.add(victim.hash, victim.charge);
    stack_.replace(victim, ghost);
    if (!oldest_) oldest_ = &ghost;
  }

  std::size_t ghosts_max() const {
    return GhostNodes::fits(memory_max_ - std::min(queue_.memory(), memory_max_));
  }

  void trim() {
    const std::size_t most = ghosts_max();
    while (ghosts_.size() > most || ghosts_.charge() / 2 + ghosts_.charge() % 2 > capacity_)
      forget(*oldest_);
  }

  /// The walk to the next ghost passes each entry once at most while it has its place in the stack,
  /// as ghosts come above all others: constant time for each use.
  void forget(PolicyEntry& ghost) {
    if (&ghost == oldest_) oldest_ = ghosts_.size() == 1 ? nullptr : next_ghost(ghost);
    stack_.remove(ghost);
    ghosts_.remove(ghost);
  }

  PolicyEntry* next_ghost(const PolicyEntry& from) const {
    PolicyEntry* at = stack_.next(from);
    while (!GhostNodes::is_ghost(*at)) at = stack_.next(*at);
    return at;
  }

  std::size_t capacity_ = 0;
  std::size_t memory_max_ = 0;
  std::size_t lir_max_ = 0;
  std::uint64_t lir_charge_ = 0;
  EntryList stack_;  // S, the bottom in front
  Queue queue_;      // Q
  GhostNodes ghosts_;
  PolicyEntry* oldest_ = nullptr;  // the lowest ghost in the stack
  bool returns_ = false;           // the key being inserted was a ghost
};

}  // namespace

std::unique_ptr<Policy> make_lirs(PolicyBudget budget, EntryPool& pool) {
  return std::make_unique<Lirs>(budget, pool);
}

}  // namespace ringcache
