// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/ghost_list.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace ringcache {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;
constexpr std::size_t kBucketsMin = 8;

}  // namespace

void GhostList::push(std::uint64_t hash, std::uint32_t charge) {
  if (size_ >= buckets_.size()) rebuild(std::max(2 * buckets_.size(), kBucketsMin));
  const std::uint32_t made = take_free();
  std::uint32_t& first = bucket(hash);
  pool_[made] = {.hash = hash, .charge = charge, .older = newest_, .newer = kNone, .chain = first};
  first = made;
  (newest_ == kNone ? oldest_ : pool_[newest_].newer) = made;
  newest_ = made;
  ++size_;
  charge_ += charge;
}

std::optional<std::uint32_t> GhostList::take(std::uint64_t hash) {
  std::uint32_t* link = find(hash);
  if (!link) return std::nullopt;
  const std::uint32_t charge = pool_[*link].charge;
  remove(*link);
  return charge;
}

void GhostList::pop_oldest() {
  assert(!empty());
  std::uint32_t* link = &bucket(pool_[oldest_].hash);
  while (*link != oldest_) link = &pool_[*link].chain;
  remove(*link);
}

/// The link in the bucket's chain that points at the ghost of `hash`, or null.
std::uint32_t* GhostList::find(std::uint64_t hash) {
  if (buckets_.empty()) return nullptr;
  std::uint32_t* link = &bucket(hash);
  while (*link != kNone && pool_[*link].hash != hash) link = &pool_[*link].chain;
  return *link == kNone ? nullptr : link;
}

void GhostList::remove(std::uint32_t& link) {
  const std::uint32_t index = link;
  Ghost& ghost = pool_[index];
  link = ghost.chain;
  (ghost.older == kNone ? oldest_ : pool_[ghost.older].newer) = ghost.newer;
  (ghost.newer == kNone ? newest_ : pool_[ghost.newer].older) = ghost.older;
  ghost.chain = free_;
  free_ = index;
  --size_;
  charge_ -= ghost.charge;
  if (size_ < buckets_.size() / 8 && buckets_.size() > kBucketsMin) rebuild(buckets_.size() / 2);
}

std::uint32_t GhostList::take_free() {
  if (free_ == kNone) {
    pool_.emplace_back();
    return static_cast<std::uint32_t>(pool_.size() - 1);
  }
  const std::uint32_t taken = free_;
  free_ = pool_[taken].chain;
  return taken;
}

/// All ghosts in order into a pool of that size, and a fresh index.
void GhostList::rebuild(std::size_t buckets) {
  std::vector<Ghost> old(std::move(pool_));
  pool_ = {};
  pool_.reserve(buckets);
  buckets_ = std::vector<std::uint32_t>(buckets, kNone);
  std::uint32_t at = oldest_;
  free_ = oldest_ = newest_ = kNone;
  size_ = charge_ = 0;
  for (; at != kNone; at = old[at].newer) push(old[at].hash, old[at].charge);
}

}  // namespace ringcache
