// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/auto/miniature.h"

#include <utility>

namespace ringcache {

Miniature::Miniature(EntryPool& pool, std::unique_ptr<Policy> policy, std::size_t capacity)
    : pool_(pool), policy_(std::move(policy)), capacity_(capacity), index_(pool) {}

Miniature::~Miniature() {
  policy_.reset();
  index_.for_each([this](PolicyEntry& entry) { pool_.free_ghost(entry); });
}

bool Miniature::ask(std::uint64_t hash, std::uint32_t charge) {
  left_.clear();
  if (PolicyEntry* entry = index_.find(hash)) return use(*entry, charge), true;
  if (charge > capacity_) return false;
  policy_->prepare(hash, charge);
  evict_down_to(capacity_ - charge);
  PolicyEntry& entry = pool_.make_ghost();
  entry.hash = hash;
  entry.charge = charge;
  index_.insert(entry);
  charge_ += charge;
  policy_->insert(entry);
  return false;
}

void Miniature::forget(std::uint64_t hash) {
  PolicyEntry* entry = index_.find(hash);
  if (!entry) return;
  policy_->remove(*entry);
  unlink(*entry);
}

void Miniature::resize(PolicyBudget budget) {
  capacity_ = budget.capacity;
  evict_down_to(capacity_);
  policy_->resize(budget);
  left_.clear();
}

void Miniature::use(PolicyEntry& entry, std::uint32_t charge) {
  if (entry.charge != charge) {
    charge_ = charge_ - entry.charge + charge;
    policy_->recharge(entry, charge);
  }
  policy_->touch(entry);
  evict_down_to(capacity_);
}

void Miniature::evict_down_to(std::uint64_t charge) {
  while (charge_ > charge || policy_->evicting()) {
    PolicyEntry* victim = policy_->evict();
    if (!victim) return;
    left_.push_back(victim->hash);
    unlink(*victim);
  }
}

/// REQUIRES: the policy has let go of it.
void Miniature::unlink(PolicyEntry& entry) {
  index_.erase(entry);
  charge_ -= entry.charge;
  pool_.free_ghost(entry);
}

}  // namespace ringcache
