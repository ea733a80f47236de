// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cassert>
#include <cstddef>
#include <cstdint>

#include <ringcache/bytes.h>

namespace ringcache {

/// Where an entry stands in its pool: half a pointer. 0 is none.
using EntryId = std::uint32_t;

/// The part of a cache entry that a policy may see and link: never the key, never the value.
struct PolicyEntry {
  std::uint64_t hash = 0;       ///< The key's identity, also for ghosts.
  std::uint32_t charge = 1;     ///< What the entry costs, in the cache's unit (bytes or objects).
  std::uint32_t mark : 28 = 0;  ///< Owned by the policy: visited bit, queue, frequency.
  std::uint32_t lane : 4 = 0;   ///< Owned by a policy that is made of others: which one has it.
  EntryId prev = 0;             ///< EntryList's, as is `next`.
  EntryId next = 0;
};
static_assert(sizeof(PolicyEntry) == 24);

/// The memory that the entries of one shard live in; the ghosts of its policy live there too, if
/// they stand in lists between entries. Every PolicyEntry lives in a pool. Guarded by the shard's
/// lock, as the policy is.
class EntryPool {
 public:
  EntryPool(const EntryPool&) = delete;
  EntryPool& operator=(const EntryPool&) = delete;

  static EntryId id_of(const PolicyEntry& entry) noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(&entry);
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    const auto* chunk = reinterpret_cast<const Chunk*>(address & ~(kChunkBytes - 1));
    return chunk->number << kUnitBits | static_cast<EntryId>(address % kChunkBytes / kUnitBytes);
  }

  /// REQUIRES: the id of something in this pool.
  PolicyEntry& at(EntryId id) const noexcept {
    return *reinterpret_cast<PolicyEntry*>(chunks_[id >> kUnitBits] +
                                           std::size_t{id % kChunkUnits} * kUnitBytes);
  }

  /// @name Ghosts
  /// Entries of the policy's own: 24 bytes each, which memory() should count. Whoever makes one
  /// frees it.
  /// @{
  PolicyEntry& make_ghost();
  void free_ghost(PolicyEntry& ghost) noexcept;
  /// @}

 protected:
  static constexpr std::size_t kChunkBytes = Bytes::Landlord::kStretch;
  static constexpr std::size_t kUnitBytes = 8;
  static constexpr unsigned kUnitBits = 15;
  static constexpr std::size_t kChunkUnits = std::size_t{1} << kUnitBits;
  static_assert(kChunkUnits * kUnitBytes == kChunkBytes);

  /// The start of every chunk of memory, which is aligned to its size.
  struct Chunk : Bytes::Landlord {
    std::uint32_t number = 0;
  };

  char* const* chunks_ = nullptr;  // by number

 private:
  friend class SlabPool;
  EntryPool() = default;
  ~EntryPool() = default;
};

/// A doubly linked list through the entries of one pool: what policies are made of. Owns nothing,
/// may be moved. Constant time throughout.
class EntryList {
 public:
  explicit EntryList(const EntryPool& pool) noexcept : pool_(&pool) {}

  bool empty() const noexcept { return head_ == 0; }
  bool holds_one() const noexcept { return head_ != 0 && head_ == tail_; }
  PolicyEntry* front() const noexcept { return entry(head_); }
  PolicyEntry* back() const noexcept { return entry(tail_); }
  /// The neighbour towards the back, or null.
  PolicyEntry* next(const PolicyEntry& of) const noexcept { return entry(of.next); }
  /// The neighbour towards the front, or null.
  PolicyEntry* prev(const PolicyEntry& of) const noexcept { return entry(of.prev); }

  /// REQUIRES: not linked.
  void push_back(PolicyEntry& added) noexcept {
    const EntryId id = EntryPool::id_of(added);
    added.prev = tail_;
    added.next = 0;
    (tail_ ? pool_->at(tail_).next : head_) = id;
    tail_ = id;
  }

  /// REQUIRES: not linked.
  void push_front(PolicyEntry& added) noexcept {
    const EntryId id = EntryPool::id_of(added);
    added.prev = 0;
    added.next = head_;
    (head_ ? pool_->at(head_).prev : tail_) = id;
    head_ = id;
  }

  /// REQUIRES: linked in this list.
  void remove(PolicyEntry& gone) noexcept {
    assert((gone.prev ? pool_->at(gone.prev).next : head_) == EntryPool::id_of(gone));
    assert((gone.next ? pool_->at(gone.next).prev : tail_) == EntryPool::id_of(gone));
    (gone.prev ? pool_->at(gone.prev).next : head_) = gone.next;
    (gone.next ? pool_->at(gone.next).prev : tail_) = gone.prev;
    gone.prev = gone.next = 0;
  }

  /// Its id comes from the neighbour, which is written anyway: id_of() would read the memory's
  /// head.
  void move_to_back(PolicyEntry& moved) noexcept {
    if (moved.next == 0) return;
    EntryId& before = moved.prev ? pool_->at(moved.prev).next : head_;
    const EntryId id = before;
    before = moved.next;
    pool_->at(moved.next).prev = moved.prev;
    pool_->at(tail_).next = id;
    moved.prev = tail_;
    moved.next = 0;
    tail_ = id;
  }

  /// The oldest, unlinked; null when empty.
  PolicyEntry* pop_front() noexcept {
    PolicyEntry* first = front();
    if (first) remove(*first);
    return first;
  }

  /// `to`, not linked, takes the place of `from`, which is not linked then. REQUIRES: `from` linked
  /// in this list.
  void replace(PolicyEntry& from, PolicyEntry& to) noexcept {
    to.prev = from.prev;
    to.next = from.next;
    relocate(from, to);
    from.prev = from.next = 0;
  }

  /// `to`, a copy of `from` with its links, takes its place. REQUIRES: `from` linked in this list.
  void relocate(const PolicyEntry& from, const PolicyEntry& to) noexcept {
    const EntryId id = EntryPool::id_of(to);
    (from.prev ? pool_->at(from.prev).next : head_) = id;
    (from.next ? pool_->at(from.next).prev : tail_) = id;
  }

 private:
  PolicyEntry* entry(EntryId id) const noexcept { return id == 0 ? nullptr : &pool_->at(id); }

  const EntryPool* pool_;
  EntryId head_ = 0;
  EntryId tail_ = 0;
};

}  // namespace ringcache
