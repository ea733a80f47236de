// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string_view>

#include <ringcache/cache.h>

#include "cache/slab_pool.h"

namespace ringcache {

/// A key with its copy, in one slot of a pool. Behind the policy's part and four bytes that say
/// what follows stand, each only where there is one: the expiry; version and time of the load; the
/// end of its freshness, if that comes before the expiry; tags; the name; the value. A value or
/// name that would make the slot larger than 2 KiB is outside, as Bytes of its own.
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

  /// Two loads of 8 for names of 8 to 16 bytes: memcmp() would be a call.
  [[gnu::always_inline]] bool is_named(std::string_view name) const noexcept {
    const std::size_t size = name.size();
    if (size - 8 > 8 || (flags_ & kNameOutside)) [[unlikely]]
      return is_long_named(name);
    const char* own = body() + name_at_;
    const auto is_same = [own, other = name.data()](std::size_t at) {
      return load<std::uint64_t>(own + at) == load<std::uint64_t>(other + at);
    };
    return name_size_ == size && is_same(0) && is_same(size - 8);
  }
  std::string_view name() const noexcept;
  Copy copy() const noexcept;
  /// copy() in place; its expiry is known already. What else there may be is read out of line.
  [[gnu::always_inline]] void copy_to(std::optional<Copy>& copy, Time expires_at) const noexcept {
    if (flags_ & kValueInside) [[likely]]
      copy.emplace(Bytes::hold(block()), 0u, Time{}, expires_at, expires_at, false);
    else
      copy.emplace(value_outside(), 0u, Time{}, expires_at, expires_at, false);
    if (flags_ & (kStamped | kFresh | kEndsWithRow)) read_rest(*copy);
  }
  bool has_tag(Tag tag) const noexcept;
  bool expires() const noexcept { return (flags_ & kExpires) != 0; }
  /// Time::max() for never.
  Time expires_at() const noexcept { return expires() ? read<Time>(0) : Time::max(); }
  std::uint64_t version() const noexcept;

 private:
  enum Flag : std::uint8_t {
    kExpires = 1,
    kStamped = 2,
    kValueInside = 4,
    kValueOutside = 8,
    kNameOutside = 16,
    kEnded = 32,
    kFresh = 64,
    kEndsWithRow = 128,
  };

  static constexpr std::size_t kBodyAt = sizeof(PolicyEntry) + 4;

  Entry() = default;
  bool is_long_named(std::string_view name) const noexcept;
  void read_rest(Copy& copy) const noexcept;
  Bytes value_outside() const noexcept;
  void write(const Plan& plan) noexcept;

  template <class T>
  static T load(const char* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  template <class T>
  T read(std::size_t at) const noexcept {
    return load<T>(body() + at);
  }
  const char* body() const noexcept { return reinterpret_cast<const char*>(this) + kBodyAt; }
  char* body() noexcept { return reinterpret_cast<char*>(this) + kBodyAt; }
  std::size_t stamps_at() const noexcept { return expires() ? sizeof(Time) : 0; }
  std::size_t fresh_at() const noexcept { return stamps_at() + (flags_ & kStamped ? 16 : 0); }
  std::size_t tags_at() const noexcept { return fresh_at() + (flags_ & kFresh ? sizeof(Time) : 0); }
  /// The first place at or behind `at` in the body that is aligned in the slot.
  static constexpr std::size_t aligned(std::size_t at, std::size_t to) {
    return (at + kBodyAt + to - 1) / to * to - kBodyAt;
  }
  /// REQUIRES: kValueOutside.
  std::size_t value_at() const noexcept {
    return aligned(name_at_ + (flags_ & kNameOutside ? sizeof(Bytes) : name_size_), alignof(Bytes));
  }
  const Bytes& outside(std::size_t at) const noexcept {
    return *reinterpret_cast<const Bytes*>(body() + at);
  }
  /// REQUIRES: kValueInside, and so is the name then.
  Bytes::Block& block() const noexcept {
    const std::size_t at = aligned(std::size_t{name_at_} + name_size_, 4);
    return *reinterpret_cast<Bytes::Block*>(const_cast<char*>(body()) + at);
  }
  Bytes take_outside(std::size_t at) noexcept;

  std::uint16_t name_size_ = 0;
  std::uint8_t name_at_ = 0;  // in the body
  std::uint8_t flags_ = 0;
};

}  // namespace ringcache
