// SPDX-License-Identifier: Apache-2.0
#include "cache/table.h"

#include <algorithm>
#include <utility>

namespace ringcache {
namespace {

/// Buckets behind the last home, where crowds are as long as anywhere.
constexpr std::size_t kOverhang = 4;

/// Of the slots of all homes.
constexpr std::size_t kTwentieths = 20;
constexpr std::size_t kLoadMax = 17;
constexpr std::size_t kLoadMin = 8;

}  // namespace

unsigned Table::Bucket::up_to(std::uint32_t tag) const noexcept {
  unsigned count = 0;
  for (const std::uint32_t here : tags) count += here - 1 < tag;  // 0 - 1 is no less than any
  return count;
}

void Table::Bucket::insert(unsigned at, std::uint32_t tag, EntryId id) noexcept {
  std::copy_backward(tags.begin() + at, tags.end() - 1, tags.end());
  std::copy_backward(ids.begin() + at, ids.end() - 1, ids.end());
  tags[at] = tag;
  ids[at] = id;
}

void Table::Bucket::remove(unsigned at) noexcept {
  std::copy(tags.begin() + at + 1, tags.end(), tags.begin() + at);
  std::copy(ids.begin() + at + 1, ids.end(), ids.begin() + at);
  tags.back() = 0;
}

/// A full bucket passes its last on to the next, whose first it becomes.
void Table::insert(std::uint32_t tag, EntryId id) {
  if ((size_ + 1) * kTwentieths > homes_ * kSlots * kLoadMax)
    resize(homes_ + std::max<std::size_t>(homes_ / 8, 1));
  std::size_t at = home(tag);
  while (buckets_[at].ends_before(tag)) ++at;
  unsigned slot = buckets_[at].up_to(tag);
  for (; tag != 0; ++at, slot = 0) {
    if (at + 1 == buckets_.size()) buckets_.resize(buckets_.size() + kOverhang);
    const std::uint32_t last_tag = buckets_[at].tags.back();
    const EntryId last_id = buckets_[at].ids.back();
    buckets_[at].insert(slot, tag, id);
    tag = last_tag;
    id = last_id;
  }
  ++size_;
}

/// What was pushed into the next bucket comes back.
void Table::erase(std::uint32_t tag, EntryId id) {
  auto [at, slot] = place_of(tag, id);
  for (; has_pushed(at); ++at, slot = 0) {
    const Bucket& next = buckets_[at + 1];
    buckets_[at].remove(slot);
    buckets_[at].tags.back() = next.tags.front();
    buckets_[at].ids.back() = next.ids.front();
  }
  buckets_[at].remove(slot);
  --size_;
  if (homes_ > 1 && size_ * kTwentieths < homes_ * kSlots * kLoadMin)
    resize(std::max<std::size_t>(homes_ * 5 / 8, 1));
}

/// Whether the next bucket has what belongs into this one or before it.
bool Table::has_pushed(std::size_t at) const noexcept {
  if (!buckets_[at].is_full()) return false;
  const std::uint32_t first = buckets_[at + 1].tags.front();
  return first != 0 && home(first) <= at;
}

void Table::replace(std::uint32_t tag, EntryId id, EntryId with) noexcept {
  const auto [at, slot] = place_of(tag, id);
  buckets_[at].ids[slot] = with;
}

Table::Place Table::place_of(std::uint32_t tag, EntryId id) const noexcept {
  for (std::size_t at = home(tag);; ++at)
    for (unsigned which = buckets_[at].where(tag); which != 0; which &= which - 1) {
      const unsigned slot = first_of(which);
      if (buckets_[at].ids[slot] == id) return {.bucket = at, .slot = slot};
    }
}

void Table::resize(std::size_t homes) {
  const auto old = std::exchange(buckets_, decltype(buckets_)(homes + kOverhang));
  homes_ = homes;
  std::size_t at = 0;
  unsigned used = 0;  // slots of that bucket
  for (const Bucket& bucket : old)
    for (unsigned i = 0; i < kSlots && bucket.tags[i] != 0; ++i) {
      if (used == kSlots) ++at, used = 0;
      if (const std::size_t home = this->home(bucket.tags[i]); home > at) at = home, used = 0;
      if (at + 1 == buckets_.size()) buckets_.resize(buckets_.size() + kOverhang);
      buckets_[at].tags[used] = bucket.tags[i];
      buckets_[at].ids[used++] = bucket.ids[i];
    }
}

}  // namespace ringcache
