// SPDX-License-Identifier: Apache-2.0
// Least recently used: a list in order of last use; the front leaves. R. L. Mattson, J. Gecsei,
// D. R. Slutz, I. L. Traiger, "Evaluation techniques for storage hierarchies", IBM Systems Journal
// 9(2), 1970.
#include "cache/policy/policies.h"

namespace ringcache {
namespace {

class Lru final : public Policy {
 public:
  explicit Lru(EntryPool& pool) : by_use_(pool) {}

  void insert(PolicyEntry& entry) override { by_use_.push_back(entry); }
  void touch(PolicyEntry& entry) override { by_use_.move_to_back(entry); }
  void remove(PolicyEntry& entry) override { by_use_.remove(entry); }
  PolicyEntry* evict() override { return by_use_.pop_front(); }
  bool relocate(PolicyEntry& from, PolicyEntry& to) override {
    by_use_.relocate(from, to);
    return true;
  }
  void resize(PolicyBudget /*budget*/) override {}

 private:
  EntryList by_use_;
};

}  // namespace

std::unique_ptr<Policy> make_lru(EntryPool& pool) { return std::make_unique<Lru>(pool); }

}  // namespace ringcache
