// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace ringcache {

/// A 64-bit hash of a byte string (wyhash-like: 128-bit multiplications folded to 64 bits). The
/// same on every machine and in every version: shards, sketches, rendezvous scores and etags rest
/// on it. Not a defence against chosen collisions: an index built on it must compare keys too.
std::uint64_t hash64(std::string_view text, std::uint64_t seed = 0) noexcept;

/// Immutable bytes shared by an atomic reference count: one word to hold, one allocation for count
/// and payload together. Copying never copies the payload. Safe to share between threads; the last
/// holder frees. A default-made Bytes is null and views as empty; an empty copy is not null.
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
    std::forward<Fill>(fill)(bytes.block_->data());
    return bytes;
  }

  bool is_null() const noexcept { return block_ == nullptr; }
  std::size_t size() const noexcept { return block_ ? block_->size : 0; }
  /// What is allocated for it: payload and count. Copies share one allocation.
  std::size_t footprint() const noexcept { return block_ ? sizeof(Block) + block_->size : 0; }
  std::string_view view() const noexcept {
    return block_ ? std::string_view(block_->data(), block_->size) : std::string_view();
  }

 private:
  struct Block {
    std::atomic<std::uint32_t> holders{1};
    std::size_t size = 0;
    char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
  };

  explicit Bytes(Block* block) noexcept : block_(block) {}
  static Block* allocate(std::size_t size);
  static void free(Block* block) noexcept;
  void retain() const noexcept {
    if (block_) block_->holders.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept {
    if (block_ && block_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) free(block_);
  }

  Block* block_ = nullptr;
};

}  // namespace ringcache
