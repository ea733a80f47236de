// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/ghost_nodes.h"

namespace ringcache {

GhostNodes::~GhostNodes() {
  table_.walk(1, [this](std::uint32_t, EntryId id) {
    pool_.free_ghost(pool_.at(id));
    return true;
  });
}

/// The table grows by a quarter at a load of 4/5, so has at most 25/16 homes for each ghost, and
/// some hundred bytes beside.
std::size_t GhostNodes::fits(std::size_t bytes) noexcept {
  constexpr std::size_t kEach = sizeof(PolicyEntry) + (8 * 25 + 15) / 16;
  constexpr std::size_t kBeside = 512;
  return bytes < kBeside ? 0 : (bytes - kBeside) / kEach;
}

PolicyEntry& GhostNodes::add(std::uint64_t hash, std::uint32_t charge) {
  PolicyEntry& ghost = pool_.make_ghost();
  ghost.hash = hash;
  ghost.charge = charge;
  ghost.mark = kMark;
  table_.insert(tag(hash), EntryPool::id_of(ghost));
  charge_ += charge;
  return ghost;
}

PolicyEntry* GhostNodes::find(std::uint64_t hash) const noexcept {
  return table_.find(tag(hash), [&](EntryId id) {
    PolicyEntry& ghost = pool_.at(id);
    return ghost.hash == hash ? &ghost : nullptr;
  });
}

void GhostNodes::remove(PolicyEntry& ghost) {
  charge_ -= ghost.charge;
  table_.erase(tag(ghost.hash), EntryPool::id_of(ghost));
  pool_.free_ghost(ghost);
}

}  // namespace ringcache
