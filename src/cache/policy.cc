// SPDX-License-Identifier: Apache-2.0
#include <ringcache/policy.h>

#include <algorithm>
#include <array>

#include "cache/policy/policies.h"

namespace ringcache {
namespace {

constexpr std::array kKinds{PolicyKind::fifo,     PolicyKind::lru,      PolicyKind::lfu,
                            PolicyKind::arc,      PolicyKind::sieve,    PolicyKind::s3fifo,
                            PolicyKind::lirs,     PolicyKind::wtinylfu, PolicyKind::gdsf,
                            PolicyKind::automatic};
constexpr std::array<std::string_view, kKinds.size()> kNames{
    "fifo", "lru", "lfu", "arc", "sieve", "s3fifo", "lirs", "wtinylfu", "gdsf", "auto"};

}  // namespace

std::span<const PolicyKind> policy_kinds() noexcept { return kKinds; }

std::string_view policy_name(PolicyKind kind) noexcept {
  return kNames.at(static_cast<std::size_t>(kind));
}

std::optional<PolicyKind> policy_from_name(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kNames, name);
  if (found == kNames.end()) return std::nullopt;
  return kKinds.at(static_cast<std::size_t>(found - kNames.begin()));
}

std::unique_ptr<Policy> make_policy(PolicyKind kind, PolicyBudget budget, EntryPool& pool) {
  switch (kind) {
    case PolicyKind::fifo:
      return make_fifo(pool);
    case PolicyKind::lru:
      return make_lru(pool);
    case PolicyKind::lfu:
      return make_lfu(pool);
    case PolicyKind::arc:
      return make_arc(budget, pool);
    case PolicyKind::sieve:
      return make_sieve(pool);
    case PolicyKind::s3fifo:
      return make_s3fifo(budget, pool);
    case PolicyKind::lirs:
      return make_lirs(budget, pool);
    case PolicyKind::wtinylfu:
      return make_wtinylfu(budget, pool);
    case PolicyKind::gdsf:
      return make_gdsf();
    case PolicyKind::automatic:
      return make_auto(budget, pool, std::make_shared<Lead>(), true);
  }
  return nullptr;
}

}  // namespace ringcache
