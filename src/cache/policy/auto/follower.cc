// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/auto/follower.h"

namespace ringcache {

void Follower::follow(const Miniature& leader) {
  leader_ = &leader;
  EntryList lists[] = {out_, in_};
  out_ = in_ = EntryList(pool_);
  for (EntryList& list : lists)
    while (PolicyEntry* entry = list.pop_front()) place(*entry);
}

void Follower::left(std::uint64_t hash) {
  PolicyEntry* entry = index_.find(hash);
  if (!entry || entry->mark == kOut) return;
  in_.remove(*entry);
  entry->mark = kOut;
  out_.push_back(*entry);
}

void Follower::insert(PolicyEntry& entry) {
  index_.insert(entry);
  place(entry);
}

void Follower::touch(PolicyEntry& entry) {
  list_of(entry).remove(entry);
  place(entry);
}

void Follower::remove(PolicyEntry& entry) {
  list_of(entry).remove(entry);
  index_.erase(entry);
}

PolicyEntry* Follower::evict() {
  PolicyEntry* victim = (out_.empty() ? in_ : out_).front();
  if (victim) remove(*victim);
  return victim;
}

bool Follower::relocate(PolicyEntry& from, PolicyEntry& to) {
  list_of(from).relocate(from, to);
  index_.relocate(from, to);
  return true;
}

void Follower::place(PolicyEntry& entry) {
  entry.mark = leader_->holds(entry.hash) ? kIn : kOut;
  list_of(entry).push_back(entry);
}

}  // namespace ringcache
