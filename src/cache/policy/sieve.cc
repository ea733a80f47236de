// SPDX-License-Identifier: Apache-2.0
// SIEVE: Y. Zhang, J. Yang, Y. Yue, Y. Vigfusson, K. V. Rashmi, "SIEVE is simpler than LRU: an
// efficient turn-key eviction algorithm for web caches", NSDI 2024. A queue in order of arrival and
// a hand that walks it from the oldest to the newest and round again: an entry used since the hand
// last passed is spared and stays where it is; the first other one leaves. A hit only sets a bit.
#include "cache/policy/policies.h"

namespace ringcache {
namespace {

/// An entry's mark is the paper's visited bit.
class Sieve final : public Policy {
 public:
  explicit Sieve(EntryPool& pool) : queue_(pool) {}

  void insert(PolicyEntry& entry) override {
    entry.mark = 0;
    queue_.push_back(entry);
  }

  void touch(PolicyEntry& entry) override { entry.mark = 1; }

  void remove(PolicyEntry& entry) override {
    if (hand_ == &entry) hand_ = queue_.next(entry);
    queue_.remove(entry);
  }

  PolicyEntry* evict() override {
    if (queue_.empty()) return nullptr;
    for (;; hand_ = queue_.next(*hand_)) {
      if (!hand_) hand_ = queue_.front();
      if (hand_->mark == 0) break;
      hand_->mark = 0;
    }
    PolicyEntry* victim = hand_;
    remove(*victim);
    return victim;
  }

  bool relocate(PolicyEntry& from, PolicyEntry& to) override {
    queue_.relocate(from, to);
    if (hand_ == &from) hand_ = &to;
    return true;
  }

  void resize(PolicyBudget /*budget*/) override {}

 private:
  EntryList queue_;
  PolicyEntry* hand_ = nullptr;  // null: the oldest
};

}  // namespace

std::unique_ptr<Policy> make_sieve(EntryPool& pool) { return std::make_unique<Sieve>(pool); }

}  // namespace ringcache
