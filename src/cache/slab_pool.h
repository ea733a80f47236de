// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include <ringcache/entry_list.h>

namespace ringcache {

/// The memory of one shard's entries: blocks of up to 2 KiB.
///
/// It comes from the system in chunks of 256 KiB. A chunk is cut into slabs of 16 KiB, a slab into
/// slots of one size, in steps of 8 bytes up to 256 and of an eighth above (J. Bonwick, "The slab
/// allocator: an object-caching kernel memory allocator", USENIX Summer 1994). A slab that empties
/// goes back to the system, but for some that are kept for other sizes. Where a size is used less
/// than it was, its slabs have holes: the owner is then asked to move the entries of one slab into
/// the holes of the others (sparse_slab()), so that the pool takes little more than what is in use,
/// whatever its history.
///
/// Guarded by the shard's lock, but for one thing: a reader that holds a value's block in a slot
/// may let go of it on any thread, even after the pool's end.
class SlabPool final : public EntryPool {
 public:
  static constexpr std::size_t kSlotBytesMax = 2048;

  SlabPool();
  ~SlabPool();

  /// The memory of a slot for `size` bytes. REQUIRES: at most kSlotBytesMax.
  static std::size_t slot_bytes(std::size_t size) noexcept;

  /// Aligned to 8. REQUIRES: at least a PolicyEntry, at most kSlotBytesMax.
  void* allocate(std::size_t size);
  /// REQUIRES: from allocate(); no block in it is held.
  void free(void* slot) noexcept;
  /// Frees a slot whose block was settled there: at once, or when its last holder lets go.
  void free_when_left(void* slot, Bytes::Block& block) noexcept;

  /// A slab with few of its slots in use; until close() nothing is allocated from it.
  struct Sparse {
    std::uint32_t slab;
    std::size_t slot_bytes;
    char* begin;
    char* end;
  };
  /// Whether some size has holes for two slabs, and for more than a sixteenth of its slots.
  /// Only a free() or close() makes it so, of the size that it was of.
  bool is_sparse() const noexcept { return sparse_class_ != kNone; }
  /// is_sparse() of all sizes: for when much has been freed at once. What readers have let go of is
  /// free then, and when nothing is sparse all that is free has gone back to the system.
  bool find_sparse() noexcept;
  /// REQUIRES: is_sparse().
  Sparse open_sparse_slab() noexcept;
  void close(const Sparse& sparse) noexcept;
  /// Whether there is an entry in the slot, or what readers still hold of one.
  static bool is_used(const void* slot) noexcept;

  static std::size_t size_of(const void* slot) noexcept;

  /// Bytes of whole slabs and of the heads of chunks.
  std::size_t footprint() const noexcept { return footprint_; }

 private:
  static constexpr std::size_t kSlabBytes = std::size_t{16} << 10;
  static constexpr std::uint32_t kSlabs = kChunkBytes / kSlabBytes;  // in a chunk
  static constexpr std::size_t kClasses = 56;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Shared;
  struct SlabChunk;
  /// One in use has a size of slots; one with a hole stands in the list of that size.
  struct Slab {
    std::uint16_t slot_units = 0;  // 0: free
    std::uint16_t used = 0;
    std::uint16_t fresh = 0;  // slots from here on were never used
    bool is_closing = false;
    bool is_warm = false;  // free, and its memory is here still
    EntryId hole = 0;      // the first of a list through freed slots
    std::uint32_t prev = kNone;
    std::uint32_t next = kNone;
  };
  struct Class {
    std::uint32_t open = kNone;  // slabs with a hole
    std::size_t slots = 0;
    std::size_t used = 0;
    std::size_t slab_slots = 0;  // of a whole slab
    std::size_t patience = 0;    // holes that do not make it sparse, as moving has failed
  };

  static std::size_t class_of(std::size_t size) noexcept;
  static std::uint32_t slab_number(const void* slot) noexcept;
  static std::size_t slots_of(std::uint32_t slab, std::size_t slot_bytes) noexcept;
  static SlabChunk& chunk_of(const void* inside) noexcept;
  static void give_back(Bytes::Landlord& self, Bytes::Block& block) noexcept;

  SlabChunk& chunk(std::uint32_t number) const noexcept;
  Slab& slab(std::uint32_t number) const noexcept;
  char* begin_of(std::uint32_t slab) const noexcept;
  void* take_slot(std::uint32_t slab) noexcept;
  std::uint32_t new_slab(std::size_t slot_bytes);
  void end_slab(std::uint32_t number) noexcept;
  void keep_or_forget(std::uint32_t number) noexcept;
  void forget_warm_slabs() noexcept;
  void link(Class& of, std::uint32_t slab) noexcept;
  void unlink(Class& of, std::uint32_t slab) noexcept;
  std::uint32_t chunk_with_room();
  void end_chunk(SlabChunk& ended) noexcept;
  void note_holes(std::size_t size_class) noexcept;
  void take_back() noexcept;

  Shared* shared_;  // outlives the pool while blocks are held
  std::array<Class, kClasses> classes_{};
  std::uint32_t roomy_ = kNone;  // chunks with a free slab, a list
  std::size_t footprint_ = 0;
  std::size_t warm_ = 0;  // such slabs
  std::uint32_t sparse_class_ = kNone;
};

}  // namespace ringcache
