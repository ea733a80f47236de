// SPDX-License-Identifier: Apache-2.0
#include "cache/entry.h"

#include <algorithm>
#include <cassert>
#include <new>
#include <utility>

#include "cache/table.h"

namespace ringcache {
Entry::Plan::Plan(const KeyView& key, const Copy& copy, std::span<const Tag> tags) noexcept
    : key_(key), copy_(copy), tags_(tags) {
  assert(tags.size() <= kTagsMax);
  const bool is_absent = copy.absent();
  lay_out(is_absent ? 0 : kValueInside);
  if (bytes_ > SlabPool::kSlotBytesMax && !is_absent) lay_out(kValueOutside);
  if (bytes_ > SlabPool::kSlotBytesMax)
    lay_out(static_cast<std::uint8_t>(kNameOutside | (is_absent ? 0 : kValueOutside)));
}

void Entry::Plan::lay_out(std::uint8_t places) noexcept {
  const bool is_stamped = copy_.version != 0 || copy_.loaded_at != Time{};
  flags_ = static_cast<std::uint8_t>(places | (copy_.expires_at != Time::max() ? kExpires : 0) |
                                     (is_stamped ? kStamped : 0) |
                                     (copy_.fresh_until < copy_.expires_at ? kFresh : 0) |
                                     (copy_.ends_with_row ? kEndsWithRow : 0));
  name_at_ = (flags_ & kExpires ? 8 : 0) + (flags_ & kStamped ? 16 : 0) +
             (flags_ & kFresh ? 8 : 0) + sizeof(Tag) * tags_.size();
  if (flags_ & kNameOutside) name_at_ = aligned(name_at_, alignof(Bytes));
  value_at_ = name_at_ + (flags_ & kNameOutside ? sizeof(Bytes) : key_.name.size());
  std::size_t end = value_at_;
  if (flags_ & kValueInside) {
    value_at_ = aligned(value_at_, 4);
    end = value_at_ + Bytes::block_bytes(copy_.bytes.size());
  } else if (flags_ & kValueOutside) {
    value_at_ = aligned(value_at_, alignof(Bytes));
    end = value_at_ + sizeof(Bytes);
  }
  bytes_ = kBodyAt + end;
}

std::uint64_t Entry::Plan::footprint() const noexcept {
  return SlabPool::slot_bytes(bytes_) + Table::kBytesPerEntry +
         (flags_ & kNameOutside ? Bytes::footprint(key_.name.size()) : 0) +
         (flags_ & kValueOutside ? Bytes::footprint(copy_.bytes.size()) : 0);
}

Entry& Entry::make(SlabPool& pool, const Plan& plan, std::uint32_t charge) {
  auto* entry = new (pool.allocate(std::max(plan.bytes_, sizeof(Entry)))) Entry;
  entry->hash = plan.key_.hash;
  entry->charge = charge;
  entry->write(plan);
  return *entry;
}

void Entry::write(const Plan& plan) noexcept {
  flags_ = plan.flags_;
  name_at_ = static_cast<std::uint8_t>(plan.name_at_);
  if (flags_ & kExpires) std::memcpy(body(), &plan.copy_.expires_at, sizeof(Time));
  if (flags_ & kStamped) {
    std::memcpy(body() + stamps_at(), &plan.copy_.version, 8);
    std::memcpy(body() + stamps_at() + 8, &plan.copy_.loaded_at, 8);
  }
  if (flags_ & kFresh) std::memcpy(body() + fresh_at(), &plan.copy_.fresh_until, sizeof(Time));
  std::memset(body() + tags_at(), 0, plan.name_at_ - tags_at());  // a gap is no tag
  std::ranges::copy(std::as_bytes(plan.tags_), reinterpret_cast<std::byte*>(body() + tags_at()));
  const std::string_view name = plan.key_.name;
  if (flags_ & kNameOutside) {
    new (body() + name_at_) Bytes(Bytes::copy(name));
  } else {
    name_size_ = static_cast<std::uint16_t>(name.size());
    std::ranges::copy(name, body() + name_at_);
  }
  if (flags_ & kValueInside) Bytes::settle(body() + plan.value_at_, plan.copy_.bytes.view());
  if (flags_ & kValueOutside) new (body() + plan.value_at_) Bytes(plan.copy_.bytes);
}

Entry::Outside Entry::end(SlabPool& pool, Entry& entry) noexcept {
  Outside outside;
  if (entry.flags_ & kNameOutside) outside.name = entry.take_outside(entry.name_at_);
  if (entry.flags_ & kValueOutside) outside.value = entry.take_outside(entry.value_at());
  const bool is_inside = (entry.flags_ & kValueInside) != 0;
  entry.flags_ |= kEnded;
  if (is_inside)
    pool.free_when_left(&entry, entry.block());
  else
    pool.free(&entry);
  return outside;
}

Entry* Entry::move(SlabPool& pool, Entry& entry) {
  if (entry.flags_ & kEnded) return nullptr;
  if ((entry.flags_ & kValueInside) && !Bytes::is_sole(entry.block())) return nullptr;
  const std::size_t bytes = SlabPool::size_of(&entry);
  void* room = pool.allocate(bytes);
  std::memcpy(room, static_cast<const void*>(&entry), bytes);
  return static_cast<Entry*>(room);
}

std::string_view Entry::name() const noexcept {
  if (flags_ & kNameOutside) return outside(name_at_).view();
  return {body() + name_at_, name_size_};
}

bool Entry::is_long_named(std::string_view name) const noexcept { return this->name() == name; }

Copy Entry::copy() const noexcept {
  std::optional<Copy> copy;
  copy_to(copy, expires_at());
  return *std::move(copy);
}

/// Null where there is none.
Bytes Entry::value_outside() const noexcept {
  return flags_ & kValueOutside ? outside(value_at()) : Bytes();
}

void Entry::read_rest(Copy& copy) const noexcept {
  if (flags_ & kStamped) {
    copy.version = read<std::uint64_t>(stamps_at());
    copy.loaded_at = read<Time>(stamps_at() + 8);
  }
  if (flags_ & kFresh) copy.fresh_until = read<Time>(fresh_at());
  copy.ends_with_row = (flags_ & kEndsWithRow) != 0;
}

bool Entry::has_tag(Tag tag) const noexcept {
  for (std::size_t at = tags_at(); at + sizeof(Tag) <= name_at_; at += sizeof(Tag))
    if (read<Tag>(at) == tag) return true;
  return false;
}

std::uint64_t Entry::version() const noexcept {
  return flags_ & kStamped ? read<std::uint64_t>(stamps_at()) : 0;
}

Bytes Entry::take_outside(std::size_t at) noexcept {
  return std::move(*reinterpret_cast<Bytes*>(body() + at));
}

}  // namespace ringcache
