// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace ringcache {

/// Immutable bytes shared by an atomic reference count: one word to hold, one block for count and
/// payload together. Copying never copies the payload. Safe to share between threads; the last
/// holder frees. A default-made Bytes is null and views as empty; an empty copy is not null.
/// At most 2 GiB. Blocks of 64 KiB and more are whole pages of their own, which go back to the
/// system at once: large values that come and go leave no holes in the heap.
class Bytes {
 public:
  Bytes() noexcept = default;
  Bytes(const Bytes& other) noexcept : block_(other.block_) { retain(); }
  Bytes(Bytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  Bytes& operator=(Bytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~Bytes() { release(); }

  /// The one place where payload is copied in.
  static Bytes copy(std::string_view text);

  /// Room for `size` bytes that `fill(char*)` writes: the way to read from a wire without a copy.
  template <class Fill>
  static Bytes build(std::size_t size, Fill&& fill) {
    Bytes bytes(allocate(size));
    std::forward<Fill>(fill)(data_of(*bytes.block_));
    return bytes;
  }

  /// Count and payload, in memory of the heap, of pages, or of a landlord.
  class Block;

  /// Memory that blocks can live in without an allocation of their own, as a cache's entries do:
  /// stands at the start of a stretch of memory that is aligned to `kStretch`. The last holder of a
  /// block gives it back here, on any thread.
  struct Landlord {
    static constexpr std::size_t kStretch = std::size_t{256} << 10;
    void (*give_back)(Landlord& self, Block& block) noexcept;
  };

  /// Room for a block of `size` bytes, its count included.
  static constexpr std::size_t block_bytes(std::size_t size) noexcept { return 8 + size; }
  /// Makes a block with a copy of `text` at `room`, in a stretch of a landlord, held once.
  /// REQUIRES: block_bytes(text.size()) bytes there, aligned to 4.
  static Block& settle(void* room, std::string_view text) noexcept;
  /// One more holder of the block.
  static Bytes hold(Block& block) noexcept;
  /// Ends the holding that settle() began. False when others hold the block still: the landlord
  /// will be given it back.
  static bool leave(Block& block) noexcept;
  /// Nobody but the one who settled it holds the block. Final if nobody else can hold() it now.
  static bool is_sole(const Block& block) noexcept;

  bool is_null() const noexcept { return block_ == nullptr; }
  std::size_t size() const noexcept;
  /// The memory that a block of its own for `size` bytes takes, with what the allocator rounds up.
  static std::size_t footprint(std::size_t size) noexcept;
  std::string_view view() const noexcept;

 private:
  explicit Bytes(Block* block) noexcept : block_(block) {}
  static Block* allocate(std::size_t size);
  static char* data_of(Block& block) noexcept;
  static void free(Block& block) noexcept;
  void retain() const noexcept;
  void release() noexcept;

  Block* block_ = nullptr;
};

class Bytes::Block {
 private:
  friend class Bytes;
  static constexpr std::uint32_t kIsLodger = 1u << 31;

  Block(std::size_t size, std::uint32_t flags) noexcept
      : size_and_flags(static_cast<std::uint32_t>(size) | flags) {}
  std::size_t size() const noexcept { return size_and_flags & ~kIsLodger; }

  std::atomic<std::uint32_t> holders{1};
  const std::uint32_t size_and_flags;
};

inline char* Bytes::data_of(Block& block) noexcept { return reinterpret_cast<char*>(&block + 1); }
inline std::size_t Bytes::size() const noexcept { return block_ ? block_->size() : 0; }
inline std::string_view Bytes::view() const noexcept {
  return block_ ? std::string_view(data_of(*block_), block_->size()) : std::string_view();
}
inline void Bytes::retain() const noexcept {
  if (block_) block_->holders.fetch_add(1, std::memory_order_relaxed);
}
inline void Bytes::release() noexcept {
  if (block_ && block_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) free(*block_);
}
inline Bytes Bytes::hold(Block& block) noexcept {
  block.holders.fetch_add(1, std::memory_order_relaxed);
  return Bytes(&block);
}
inline bool Bytes::leave(Block& block) noexcept {
  return block.holders.fetch_sub(1, std::memory_order_acq_rel) == 1;
}
inline bool Bytes::is_sole(const Block& block) noexcept {
  return block.holders.load(std::memory_order_acquire) == 1;
}

}  // namespace ringcache
