// SPDX-License-Identifier: Apache-2.0
#include "cache/slab_pool.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cassert>
#include <cstring>
#include <new>
#include <vector>

#include "base/chunks.h"

namespace ringcache {
namespace {

constexpr std::size_t kFineMax = 256;  // sizes in steps of 8 up to here
constexpr std::size_t kFineClasses = kFineMax / 8;
constexpr std::size_t kHeadBytes = 384;  // of a chunk: its first slab starts behind it
/// One slab of so many that are in use may stay here while it is free: what is given back costs the
/// pages around it that they are one large page.
constexpr std::size_t kWarmShare = 64;

/// What a free slot holds, in place of a PolicyEntry.
struct Hole {
  std::uint64_t unused;
  std::uint32_t sign;  // where an entry has its charge, which is never this
  EntryId next;
};
constexpr std::uint32_t kHoleSign = UINT32_MAX;

/// A slot that a reader on another thread was the last to leave.
struct Returned {
  Returned* next;
};

}  // namespace

/// What outlives the pool while a reader holds a block: the chunks, and the count of such blocks.
struct SlabPool::Shared {
  ~Shared() {
    for (char* chunk : chunks)
      if (chunk) give_back_chunk(chunk);
  }
  void let_go() noexcept {
    if (held.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  std::vector<char*> chunks;
  std::vector<std::uint32_t> unused_numbers;
  std::atomic<std::size_t> held{1};  // slots that wait for a reader, and the pool itself
  std::atomic<Returned*> returned{nullptr};
};

struct SlabPool::SlabChunk : EntryPool::Chunk {
  Shared* shared = nullptr;
  std::uint32_t slabs_used = 0;
  std::uint32_t prev = kNone;  // in the list of chunks with a free slab
  std::uint32_t next = kNone;
  std::array<Slab, kSlabs> slabs{};
};

SlabPool::SlabPool() : shared_(new Shared) {
  static_assert(kChunkBytes == ringcache::kChunkBytes);
  static_assert(sizeof(SlabChunk) <= kHeadBytes);
}

SlabPool::~SlabPool() { shared_->let_go(); }

std::size_t SlabPool::class_of(std::size_t size) noexcept {
  if (size <= kFineMax) return (size + 7) / 8 - 1;
  const auto octave = static_cast<unsigned>(std::bit_width(size - 1)) - 1;  // 8: up to 512
  const std::size_t eighth = (size - 1 - (std::size_t{1} << octave)) >> (octave - 3);
  return kFineClasses + 8 * (octave - 8) + eighth;
}

std::size_t SlabPool::slot_bytes(std::size_t size) noexcept {
  if (size <= kFineMax) return (size + 7) / 8 * 8;
  const std::size_t step = std::bit_floor(size - 1) / 8;
  return (size + step - 1) / step * step;
}

void* SlabPool::allocate(std::size_t size) {
  assert(size >= sizeof(PolicyEntry) && size <= kSlotBytesMax);
  if (shared_->returned.load(std::memory_order_relaxed)) take_back();
  Class& of = classes_[class_of(size)];
  const std::uint32_t number = of.open != kNone ? of.open : new_slab(slot_bytes(size));
  void* slot = take_slot(number);
  const Slab& from = slab(number);
  if (from.used == slots_of(number, std::size_t{from.slot_units} * kUnitBytes)) unlink(of, number);
  ++of.used;
  return slot;
}

void SlabPool::free(void* slot) noexcept {
  const std::uint32_t number = slab_number(slot);
  Slab& from = slab(number);
  const std::size_t bytes = std::size_t{from.slot_units} * kUnitBytes;
  const std::size_t size_class = class_of(bytes);
  Class& of = classes_[size_class];
  const bool was_full = from.used == slots_of(number, bytes);
  auto* entry = static_cast<PolicyEntry*>(slot);
  const EntryId id = id_of(*entry);
  new (slot) Hole{.unused = 0, .sign = kHoleSign, .next = from.hole};
  from.hole = id;
  --from.used;
  --of.used;
  if (from.is_closing) return;
  if (was_full) link(of, number);
  if (from.used == 0) {
    unlink(of, number);
    if (of.open != kNone) return end_slab(number);
    link(of, number);  // the size's last hole: it would soon be made again
  }
  note_holes(size_class);
}

void SlabPool::free_when_left(void* slot, Bytes::Block& block) noexcept {
  if (Bytes::is_sole(block)) return free(slot);
  shared_->held.fetch_add(1, std::memory_order_relaxed);
  if (!Bytes::leave(block)) return;
  shared_->held.fetch_sub(1, std::memory_order_relaxed);
  free(slot);
}

/// On any thread, maybe after the pool's end.
void SlabPool::give_back(Bytes::Landlord& self, Bytes::Block& block) noexcept {
  auto& chunk = static_cast<SlabChunk&>(self);
  const std::size_t offset = reinterpret_cast<std::uintptr_t>(&block) % kChunkBytes;
  const std::size_t index = offset / kSlabBytes;
  const std::size_t begin = index == 0 ? kHeadBytes : index * kSlabBytes;
  const std::size_t bytes = std::size_t{chunk.slabs[index].slot_units} * kUnitBytes;
  auto* slot = reinterpret_cast<char*>(&chunk) + begin + (offset - begin) / bytes * bytes;
  Shared& shared = *chunk.shared;
  auto* returned = new (slot) Returned{shared.returned.load(std::memory_order_relaxed)};
  while (!shared.returned.compare_exchange_weak(returned->next, returned, std::memory_order_release,
                                                std::memory_order_relaxed)) {
  }
  shared.let_go();
}

void SlabPool::take_back() noexcept {
  Returned* returned = shared_->returned.exchange(nullptr, std::memory_order_acquire);
  while (returned) {
    Returned* next = returned->next;
    free(returned);
    returned = next;
  }
}

SlabPool::Sparse SlabPool::open_sparse_slab() noexcept {
  constexpr int kLooked = 16;
  Class& of = classes_[sparse_class_];
  sparse_class_ = kNone;
  std::uint32_t emptiest = of.open;
  std::uint32_t number = of.open;
  for (int i = 0; i < kLooked && number != kNone; ++i, number = slab(number).next)
    if (slab(number).used < slab(emptiest).used) emptiest = number;
  Slab& chosen = slab(emptiest);
  unlink(of, emptiest);
  chosen.is_closing = true;
  const std::size_t bytes = std::size_t{chosen.slot_units} * kUnitBytes;
  char* begin = begin_of(emptiest);
  return {
      .slab = emptiest, .slot_bytes = bytes, .begin = begin, .end = begin + chosen.fresh * bytes};
}

/// A slab that could not be emptied, as readers hold what is in it, is not tried again before there
/// are two slabs more of holes.
void SlabPool::close(const Sparse& sparse) noexcept {
  Slab& closing = slab(sparse.slab);
  closing.is_closing = false;
  const std::size_t size_class = class_of(sparse.slot_bytes);
  Class& of = classes_[size_class];
  const std::size_t slots = slots_of(sparse.slab, sparse.slot_bytes);
  if (closing.used == 0) {
    of.patience = 0;
    end_slab(sparse.slab);
    return note_holes(size_class);
  }
  of.patience = of.slots - of.used + 2 * slots;
  if (closing.used < slots) link(of, sparse.slab);
}

bool SlabPool::is_used(const void* slot) noexcept {
  return static_cast<const PolicyEntry*>(slot)->charge != kHoleSign;
}

std::size_t SlabPool::size_of(const void* slot) noexcept {
  const std::size_t index = reinterpret_cast<std::uintptr_t>(slot) % kChunkBytes / kSlabBytes;
  return std::size_t{chunk_of(slot).slabs[index].slot_units} * kUnitBytes;
}

std::uint32_t SlabPool::slab_number(const void* slot) noexcept {
  const std::size_t offset = reinterpret_cast<std::uintptr_t>(slot) % kChunkBytes;
  return static_cast<std::uint32_t>(chunk_of(slot).number * kSlabs + offset / kSlabBytes);
}

std::size_t SlabPool::slots_of(std::uint32_t slab, std::size_t slot_bytes) noexcept {
  return (kSlabBytes - (slab % kSlabs == 0 ? kHeadBytes : 0)) / slot_bytes;
}

SlabPool::SlabChunk& SlabPool::chunk_of(const void* inside) noexcept {
  const auto address = reinterpret_cast<std::uintptr_t>(inside);
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  return *reinterpret_cast<SlabChunk*>(address & ~(kChunkBytes - 1));
}

SlabPool::SlabChunk& SlabPool::chunk(std::uint32_t number) const noexcept {
  return *reinterpret_cast<SlabChunk*>(chunks_[number]);
}

SlabPool::Slab& SlabPool::slab(std::uint32_t number) const noexcept {
  return chunk(number / kSlabs).slabs[number % kSlabs];
}

char* SlabPool::begin_of(std::uint32_t slab) const noexcept {
  const std::size_t index = slab % kSlabs;
  return chunks_[slab / kSlabs] + (index == 0 ? kHeadBytes : index * kSlabBytes);
}

void* SlabPool::take_slot(std::uint32_t number) noexcept {
  Slab& from = slab(number);
  ++from.used;
  if (from.hole == 0)
    return begin_of(number) + std::size_t{from.fresh++} * from.slot_units * kUnitBytes;
  void* slot = &at(from.hole);
  from.hole = static_cast<Hole*>(slot)->next;
  return slot;
}

std::uint32_t SlabPool::new_slab(std::size_t slot_bytes) {
  const std::uint32_t in = chunk_with_room();
  SlabChunk& home = chunk(in);
  std::uint32_t index = 0;
  while (home.slabs[index].slot_units != 0) ++index;
  warm_ -= home.slabs[index].is_warm;
  home.slabs[index] = {.slot_units = static_cast<std::uint16_t>(slot_bytes / kUnitBytes)};
  const auto number = static_cast<std::uint32_t>(in * kSlabs + index);
  if (++home.slabs_used == kSlabs) {  // leaves the list, whose first it is
    roomy_ = home.next;
    if (roomy_ != kNone) chunk(roomy_).prev = kNone;
    note_full_chunk(&home);
  }
  Class& of = classes_[class_of(slot_bytes)];
  of.slots += slots_of(number, slot_bytes);
  of.slab_slots = kSlabBytes / slot_bytes;
  link(of, number);
  footprint_ += kSlabBytes;
  return number;
}

/// The slab's memory goes back to the system, with its chunk's where that was the last. REQUIRES:
/// none of its slots is used, and it is in no list.
void SlabPool::end_slab(std::uint32_t number) noexcept {
  Slab& ended = slab(number);
  const std::size_t bytes = std::size_t{ended.slot_units} * kUnitBytes;
  classes_[class_of(bytes)].slots -= slots_of(number, bytes);
  ended.slot_units = 0;
  footprint_ -= kSlabBytes;
  SlabChunk& home = chunk(number / kSlabs);
  if (home.slabs_used-- == kSlabs) {
    home.prev = kNone;
    home.next = roomy_;
    if (roomy_ != kNone) chunk(roomy_).prev = home.number;
    roomy_ = home.number;
  }
  const bool is_only_room = roomy_ == home.number && home.next == kNone;
  if (home.slabs_used == 0 && !is_only_room)
    end_chunk(home);
  else
    keep_or_forget(number);
}

void SlabPool::keep_or_forget(std::uint32_t number) noexcept {
  if (number % kSlabs == 0) return;  // the first is partly the chunk's head
  Slab& free = slab(number);
  free.is_warm = warm_ < footprint_ / kSlabBytes / kWarmShare;
  warm_ += free.is_warm;
  if (!free.is_warm) forget_in_chunk(begin_of(number), kSlabBytes);
}

void SlabPool::end_chunk(SlabChunk& ended) noexcept {
  (ended.prev == kNone ? roomy_ : chunk(ended.prev).next) = ended.next;
  if (ended.next != kNone) chunk(ended.next).prev = ended.prev;
  for (const Slab& slab : ended.slabs) warm_ -= slab.is_warm;
  const std::uint32_t number = ended.number;
  shared_->unused_numbers.push_back(number);
  shared_->chunks[number] = nullptr;
  give_back_chunk(&ended);
}

void SlabPool::link(Class& of, std::uint32_t number) noexcept {
  Slab& linked = slab(number);
  linked.prev = kNone;
  linked.next = of.open;
  if (of.open != kNone) slab(of.open).prev = number;
  of.open = number;
}

void SlabPool::unlink(Class& of, std::uint32_t number) noexcept {
  const Slab& gone = slab(number);
  (gone.prev == kNone ? of.open : slab(gone.prev).next) = gone.next;
  if (gone.next != kNone) slab(gone.next).prev = gone.prev;
}

std::uint32_t SlabPool::chunk_with_room() {
  if (roomy_ != kNone) return roomy_;
  auto* made = new (take_chunk()) SlabChunk;
  made->give_back = give_back;
  made->shared = shared_;
  std::vector<std::uint32_t>& unused = shared_->unused_numbers;
  if (unused.empty()) {
    unused.push_back(static_cast<std::uint32_t>(shared_->chunks.size()));
    shared_->chunks.push_back(nullptr);
    chunks_ = shared_->chunks.data();
  }
  made->number = unused.back();
  unused.pop_back();
  shared_->chunks[made->number] = reinterpret_cast<char*>(made);
  return roomy_ = made->number;
}

void SlabPool::note_holes(std::size_t size_class) noexcept {
  const Class& of = classes_[size_class];
  const std::size_t holes = of.slots - of.used;
  const bool is_ghosts = size_class <= class_of(sizeof(PolicyEntry));  // they do not move
  if (!is_ghosts && holes > 2 * of.slab_slots && holes > std::max(of.patience, of.slots / 16))
    sparse_class_ = static_cast<std::uint32_t>(size_class);
}

bool SlabPool::find_sparse() noexcept {
  take_back();
  for (std::size_t i = 0; i < kClasses && !is_sparse(); ++i) note_holes(i);
  if (!is_sparse()) forget_warm_slabs();
  return is_sparse();
}

void SlabPool::forget_warm_slabs() noexcept {
  for (std::uint32_t number = 0; warm_ > 0; ++number) {
    if (!chunks_[number / kSlabs] || !slab(number).is_warm) continue;
    slab(number).is_warm = false;
    --warm_;
    forget_in_chunk(begin_of(number), kSlabBytes);
  }
}

PolicyEntry& EntryPool::make_ghost() {
  return *new (static_cast<SlabPool*>(this)->allocate(sizeof(PolicyEntry))) PolicyEntry;
}

void EntryPool::free_ghost(PolicyEntry& ghost) noexcept {
  static_cast<SlabPool*>(this)->free(&ghost);
}

}  // namespace ringcache
