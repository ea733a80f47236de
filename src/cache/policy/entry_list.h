// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cassert>

#include <ringcache/policy.h>

namespace ringcache {

/// A doubly linked list through PolicyEntry. The only code that knows how entries are linked, so
/// that links can become 32-bit indexes without a change in any policy. Owns nothing, may be moved.
class EntryList {
 public:
  bool empty() const noexcept { return head_ == nullptr; }
  bool holds_one() const noexcept { return head_ != nullptr && head_ == tail_; }
  PolicyEntry* front() const noexcept { return head_; }
  PolicyEntry* back() const noexcept { return tail_; }
  /// The neighbour towards the back, or null.
  static PolicyEntry* next(const PolicyEntry& entry) noexcept { return entry.next; }
  /// The neighbour towards the front, or null.
  static PolicyEntry* prev(const PolicyEntry& entry) noexcept { return entry.prev; }

  /// REQUIRES: not linked.
  void push_back(PolicyEntry& entry) noexcept {
    entry.prev = tail_;
    entry.next = nullptr;
    (tail_ ? tail_->next : head_) = &entry;
    tail_ = &entry;
  }

  /// REQUIRES: not linked.
  void push_front(PolicyEntry& entry) noexcept {
    entry.prev = nullptr;
    entry.next = head_;
    (head_ ? head_->prev : tail_) = &entry;
    head_ = &entry;
  }

  /// REQUIRES: linked in this list.
  void remove(PolicyEntry& entry) noexcept {
    assert((entry.prev ? entry.prev->next : head_) == &entry);
    assert((entry.next ? entry.next->prev : tail_) == &entry);
    (entry.prev ? entry.prev->next : head_) = entry.next;
    (entry.next ? entry.next->prev : tail_) = entry.prev;
    entry.prev = entry.next = nullptr;
  }

  void move_to_back(PolicyEntry& entry) noexcept {
    if (tail_ == &entry) return;
    remove(entry);
    push_back(entry);
  }

  /// `to`, a copy of `from` with its links, takes its place. REQUIRES: `from` linked in this list.
  void relocate(PolicyEntry& from, PolicyEntry& to) noexcept {
    assert((from.prev ? from.prev->next : head_) == &from);
    (from.prev ? from.prev->next : head_) = &to;
    (from.next ? from.next->prev : tail_) = &to;
  }

  /// The oldest, unlinked; null when empty.
  PolicyEntry* pop_front() noexcept {
    PolicyEntry* first = head_;
    if (first) remove(*first);
    return first;
  }

 private:
  PolicyEntry* head_ = nullptr;
  PolicyEntry* tail_ = nullptr;
};

}  // namespace ringcache
