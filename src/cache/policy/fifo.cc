// SPDX-License-Identifier: Apache-2.0
// First in, first out: the entry that came first leaves first, used or not. L. A. Belady, "A study
// of replacement algorithms for a virtual-storage computer", IBM Systems Journal 5(2), 1966.
#include "cache/policy/policies.h"

namespace ringcache {
namespace {

class Fifo final : public Policy {
 public:
  explicit Fifo(EntryPool& pool) : queue_(pool) {}

  void insert(PolicyEntry& entry) override { queue_.push_back(entry); }
  void touch(PolicyEntry& /*entry*/) override {}
  void remove(PolicyEntry& entry) override { queue_.remove(entry); }
  PolicyEntry* evict() override { return queue_.pop_front(); }
  bool relocate(PolicyEntry& from, PolicyEntry& to) override {
    queue_.relocate(from, to);
    return true;
  }
  void resize(PolicyBudget /*budget*/) override {}

 private:
  EntryList queue_;
};

}  // namespace

std::unique_ptr<Policy> make_fifo(EntryPool& pool) { return std::make_unique<Fifo>(pool); }

}  // namespace ringcache
