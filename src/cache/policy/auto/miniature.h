// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <ringcache/policy.h>

#include "cache/policy/entry_index.h"

namespace ringcache {

/// A cache of hashes alone, under a policy: asked for a sample of the keys, it tells what that
/// policy would make of all of them in a cache larger by as much.
class Miniature {
 public:
  /// Most memory for an entry, beside what the policy keeps.
  static constexpr std::size_t kBytesPerEntry = sizeof(PolicyEntry) + EntryIndex::kBytesPerEntry;

  /// REQUIRES: the policy was made for `capacity`.
  Miniature(EntryPool& pool, std::unique_ptr<Policy> policy, std::size_t capacity);
  ~Miniature();
  Miniature(const Miniature&) = delete;
  Miniature& operator=(const Miniature&) = delete;

  /// Was it here? It is afterwards, unless it alone exceeds the capacity.
  bool ask(std::uint64_t hash, std::uint32_t charge);
  /// The key was erased.
  void forget(std::uint64_t hash);
  void resize(PolicyBudget budget);

  bool holds(std::uint64_t hash) const noexcept { return index_.find(hash) != nullptr; }
  std::uint64_t charge() const noexcept { return charge_; }
  std::size_t size() const noexcept { return index_.size(); }
  /// The hashes that left in the last ask().
  std::span<const std::uint64_t> left() const noexcept { return left_; }

  template <class Visit>
  void for_each(Visit&& visit) const {
    index_.for_each([&visit](const PolicyEntry& entry) { visit(entry.hash); });
  }

 private:
  void use(PolicyEntry& entry, std::uint32_t charge);
  void evict_down_to(std::uint64_t charge);
  void unlink(PolicyEntry& entry);

  EntryPool& pool_;
  std::unique_ptr<Policy> policy_;
  std::uint64_t capacity_;
  std::uint64_t charge_ = 0;
  EntryIndex index_;
  std::vector<std::uint64_t> left_;
};

}  // namespace ringcache
