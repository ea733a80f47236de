// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/ghost_nodes.h"

namespace ringcache {

GhostNodes::~GhostNodes() {
  index_.for_each([this](PolicyEntry& ghost) { pool_.free_ghost(ghost); });
}

/// Some hundred bytes of the index are there for the first ghost already.
std::size_t GhostNodes::fits(std::size_t bytes) noexcept {
  constexpr std::size_t kEach = sizeof(PolicyEntry) + EntryIndex::kBytesPerEntry;
  constexpr std::size_t kBeside = 512;
  return bytes < kBeside ? 0 : (bytes - kBeside) / kEach;
}

PolicyEntry& GhostNodes::add(std::uint64_t hash, std::uint32_t charge) {
  PolicyEntry& ghost = pool_.make_ghost();
  ghost.hash = hash;
  ghost.charge = charge;
  ghost.mark = kMark;
  index_.insert(ghost);
  charge_ += charge;
  return ghost;
}

void GhostNodes::remove(PolicyEntry& ghost) {
  charge_ -= ghost.charge;
  index_.erase(ghost);
  pool_.free_ghost(ghost);
}

}  // namespace ringcache
