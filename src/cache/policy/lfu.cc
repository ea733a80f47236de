// SPDX-License-Identifier: Apache-2.0
// Least frequently used, in the cache: an entry's count is 1 when it comes, one more at each use,
// forgotten when it leaves; of equal counts the least recently used leaves.
// Constant time by a list of buckets, one for each count that occurs, each a list in order of last
// use: K. Shah, A. Mitra, D. Matani, "An O(1) algorithm for implementing the LFU cache eviction
// scheme", 2010.
#include <cassert>
#include <cstdint>
#include <vector>

#include "cache/policy/policies.h"

namespace ringcache {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::uint32_t kMarkMax = (1u << 28) - 1;

/// An entry's mark is the index of its bucket. D different counts need D(D-1)/2 uses, so the pool
/// of buckets stays small (a billion uses: at most 45,000), fits a mark, and touch() hardly ever
/// grows it.
class Lfu final : public Policy {
 public:
  explicit Lfu(EntryPool& pool) : entries_(pool) {}

  void insert(PolicyEntry& entry) override {
    if (lowest_ == kNone || pool_[lowest_].count != 1) add_bucket(1, kNone);
    link(entry, lowest_);
  }

  void touch(PolicyEntry& entry) override {
    const std::uint32_t from = entry.mark;
    const std::uint64_t count = pool_[from].count + 1;
    const std::uint32_t next = pool_[from].next;
    const bool is_there = next != kNone && pool_[next].count == count;
    if (!is_there && pool_[from].entries.holds_one()) {
      pool_[from].count = count;
      return;
    }
    const std::uint32_t to = is_there ? next : add_bucket(count, from);
    unlink(entry);
    link(entry, to);
  }

  void remove(PolicyEntry& entry) override { unlink(entry); }

  PolicyEntry* evict() override {
    if (lowest_ == kNone) return nullptr;
    PolicyEntry* victim = pool_[lowest_].entries.front();
    unlink(*victim);
    return victim;
  }

  bool relocate(PolicyEntry& from, PolicyEntry& to) override {
    pool_[from.mark].entries.relocate(from, to);
    return true;
  }

  void resize(PolicyBudget /*budget*/) override {}

 private:
  /// Buckets in use form a list of ascending counts, none empty; free ones a list through `next`.
  struct Bucket {
    std::uint64_t count;
    EntryList entries;
    std::uint32_t prev = kNone;
    std::uint32_t next = kNone;
  };

  void link(PolicyEntry& entry, std::uint32_t bucket) {
    entry.mark = bucket & kMarkMax;
    pool_[bucket].entries.push_back(entry);
  }

  void unlink(PolicyEntry& entry) {
    Bucket& bucket = pool_[entry.mark];
    bucket.entries.remove(entry);
    if (bucket.entries.empty()) free_bucket(entry.mark);
  }

  /// A bucket for `count` behind `prev` (kNone: in front of all).
  std::uint32_t add_bucket(std::uint64_t count, std::uint32_t prev) {
    const std::uint32_t made = take_free();
    const std::uint32_t next = prev == kNone ? lowest_ : pool_[prev].next;
    assert(next == kNone || pool_[next].count > count);
    pool_[made] = {.count = count, .entries = EntryList(entries_), .prev = prev, .next = next};
    (prev == kNone ? lowest_ : pool_[prev].next) = made;
    if (next != kNone) pool_[next].prev = made;
    return made;
  }

  std::uint32_t take_free() {
    if (free_ == kNone) {
      pool_.push_back({.count = 0, .entries = EntryList(entries_)});
      return static_cast<std::uint32_t>(pool_.size() - 1);
    }
    const std::uint32_t taken = free_;
    free_ = pool_[taken].next;
    return taken;
  }

  void free_bucket(std::uint32_t index) {
    Bucket& bucket = pool_[index];
    (bucket.prev == kNone ? lowest_ : pool_[bucket.prev].next) = bucket.next;
    if (bucket.next != kNone) pool_[bucket.next].prev = bucket.prev;
    bucket.next = free_;
    free_ = index;
  }

  EntryPool& entries_;
  std::vector<Bucket> pool_;
  std::uint32_t lowest_ = kNone;
  std::uint32_t free_ = kNone;
};

}  // namespace

std::unique_ptr<Policy> make_lfu(EntryPool& pool) { return std::make_unique<Lfu>(pool); }

}  // namespace ringcache
