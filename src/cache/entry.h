// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include <ringcache/cache.h>

#include "cache/slab_pool.h"

namespace ringcache {

/// A key with its copy, in one slot of a pool. Behind the policy's part and four bytes that say
/// what follows stand, each only where there is one: the expiry; version and time of the load;
/// tags; the name; the value. A value or name that would make the slot larger than 2 KiB is
/// outside, as Bytes of its own.
class Entry : public PolicyEntry {
 public:
  using Tag = std::uint32_t;  // of a tag's name, the hash
  static constexpr std::size_t kTagsMax = 16;

  /// What to put down, and how.
  class Plan {
   public:
    /// Borrows all three. REQUIRES: at most kTagsMax tags.
    Plan(const KeyView& key, const Copy& copy, std::span<const Tag> tags) noexcept;
    /// Bytes of memory: slot, index, and what is outside.
    std::uint64_t footprint() const noexcept;

   private:
    friend class Entry;
    void lay_out(std::uint8_t places) noexcept;

    const KeyView& key_;
    const Copy& copy_;
    std::span<const Tag> tags_;
    std::uint8_t flags_ = 0;
    std::size_t name_at_ = 0;
    std::size_t value_at_ = 0;
    std::size_t bytes_ = 0;
  };

  /// `charge` is what the policy sees; it is not the sign of a free slot.
  static Entry& make(SlabPool& pool, const Plan& plan, std::uint32_t charge);

  /// What must be destroyed where there is no lock.
  struct Outside {
    Bytes name;
    Bytes value;
  };
  /// Frees the slot, or leaves it to the last reader of the value in it.
  static Outside end(SlabPool& pool, Entry& entry) noexcept;

  /// The entry in another slot of the pool, its links and all; the old slot is free. Null where
  /// somebody reads the value in it, or reads on in what is only the rest of an entry.
  static Entry* move(SlabPool& pool, Entry& entry);

  bool is_named(std::string_view name) const noexcept {
    if (flags_ & kNameOutside) return outside(name_at_).view() == name;
    return name.size() == name_size_ && is_same(body() + name_at_, name.data(), name.size());
  }
  std::string_view name() const noexcept;
  Copy copy() const noexcept {
    Copy copy;
    read_to(copy);
    return copy;
  }
  /// Its copy in place of an empty one.
  void read_to(Copy& copy) const noexcept {
    if (flags_ & kValueInside) [[likely]]
      copy.bytes = Bytes::hold(block());
    else if (flags_ & kValueOutside)
      copy.bytes = outside(value_at());
    if (flags_ & kExpires) copy.expires_at = expiry();
    if (flags_ & kStamped) read_stamps(copy);
  }
  bool has_tag(Tag tag) const noexcept;
  bool expires() const noexcept { return (flags_ & kExpires) != 0; }
  /// REQUIRES: expires().
  Time expiry() const noexcept { return read<Time>(0); }
  std::uint64_t version() const noexcept;

 private:
  enum Flag : std::uint8_t {
    kExpires = 1,
    kStamped = 2,
    kValueInside = 4,
    kValueOutside = 8,
    kNameOutside = 16,
    kEnded = 32,
  };

  static constexpr std::size_t kBodyAt = sizeof(PolicyEntry) + 4;

  Entry() = default;
  void read_stamps(Copy& copy) const noexcept;
  void write(const Plan& plan) noexcept;

  /// Two loads of 8 for keys of 8 to 16 bytes: memcmp() would be a call.
  static bool is_same(const char* a, const char* b, std::size_t size) noexcept {
    if (size < 8 || size > 16) return std::memcmp(a, b, size) == 0;
    std::uint64_t words[4];
    std::memcpy(&words[0], a, 8);
    std::memcpy(&words[1], b, 8);
    std::memcpy(&words[2], a + size - 8, 8);
    std::memcpy(&words[3], b + size - 8, 8);
    return ((words[0] ^ words[1]) | (words[2] ^ words[3])) == 0;
  }
  template <class T>
  T read(std::size_t at) const noexcept {
    T value;
    std::memcpy(&value, body() + at, sizeof value);
    return value;
  }
  const char* body() const noexcept { return reinterpret_cast<const char*>(this) + kBodyAt; }
  char* body() noexcept { return reinterpret_cast<char*>(this) + kBodyAt; }
  std::size_t stamps_at() const noexcept { return expires() ? sizeof(Time) : 0; }
  std::size_t tags_at() const noexcept { return stamps_at() + (flags_ & kStamped ? 16 : 0); }
  /// The first place at or behind `at` in the body that is aligned in the slot.
  static constexpr std::size_t aligned(std::size_t at, std::size_t to) {
    return (at + kBodyAt + to - 1) / to * to - kBodyAt;
  }
  std::size_t value_at() const noexcept {
    const std::size_t behind = name_at_ + (flags_ & kNameOutside ? sizeof(Bytes) : name_size_);
    return flags_ & kValueInside ? aligned(behind, 4) : aligned(behind, alignof(Bytes));
  }
  const Bytes& outside(std::size_t at) const noexcept {
    return *reinterpret_cast<const Bytes*>(body() + at);
  }
  Bytes::Block& block() const noexcept {
    return *reinterpret_cast<Bytes::Block*>(const_cast<char*>(body()) + value_at());
  }
  Bytes take_outside(std::size_t at) noexcept;

  std::uint16_t name_size_ = 0;
  std::uint8_t name_at_ = 0;  // in the body
  std::uint8_t flags_ = 0;
};

}  // namespace ringcache
