// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <ringcache/policy.h>

#include "cache/policy/auto/experts.h"
#include "cache/policy/auto/miniature.h"
#include "cache/policy/sketch.h"

namespace ringcache {

/// Miniatures of the cache under one policy each, asked for the same sample of its keys; and who
/// leads. A key is in the sample by its hash. All keys are at first; whenever a miniature has too
/// many entries, half of the sample and half of each capacity go: C. Waldspurger, T. Saemundsson,
/// I. Ahmad, N. Park, "Cache modeling and optimization using miniature simulations", ATC 2017.
///
/// While the cache fills, all its miniatures hold the same keys. Then pilots show what the policies
/// would make of a cache that is always a seventh of what is resident, so that the first choice,
/// which costs nothing, is no guess; the leader is the pilots' best until then.
class Contest {
 public:
  /// False where a budget is too small for miniatures that say anything.
  static bool is_possible(PolicyBudget budget) noexcept;

  /// REQUIRES: is_possible(budget).
  Contest(PolicyBudget budget, EntryPool& pool);

  bool is_sampled(std::uint64_t hash) const noexcept { return hash * kSpread < sampled_below_; }
  /// Should a use of that key be asked for? While the cache fills, only some uses for each
  /// insertion: where all that is asked for is resident, there is nothing to choose, and a hit
  /// costs next to nothing.
  bool wants(std::uint64_t hash) const noexcept { return hash * kSpread < wanted_below_; }
  bool is_whole() const noexcept { return halvings_ == 0; }
  /// And when the cache is full of entries like these?
  bool will_be_whole(std::uint64_t charge, std::size_t entries) const noexcept {
    return static_cast<double>(charge) * static_cast<double>(entries_max_) >=
           static_cast<double>(capacity_) * static_cast<double>(entries);
  }

  /// A request for a key, in the cache or not. True when the sample was halved for it. REQUIRES:
  /// is_sampled(hash).
  bool ask(std::uint64_t hash, std::uint32_t charge);
  /// One of the sample is about to be inserted into a cache that holds so much. REQUIRES: start()
  /// is to come.
  void fill(std::uint64_t charge, std::size_t entries);
  /// The cache is full: the leader is the pilots' best.
  void start();
  /// The sample's part of what is resident now, by charge. Half of all keys may be 45 % of the
  /// resident ones; with a capacity of half the cache's a loop would fit that does not fit the
  /// cache.
  void set_share(double share);
  /// The key was erased.
  void forget(std::uint64_t hash);
  /// True when the sample has changed for it.
  bool resize(PolicyBudget budget);
  /// The sample's part of a charge, as it should be.
  std::int64_t share_of(std::int64_t charge) const noexcept { return charge >> halvings_; }

  /// Time to look who should lead? True once, every tenth of the miniatures' size (a quarter where
  /// they see a part only).
  bool is_due() noexcept;
  /// The miniature with the most hits of late, older ones counting less, and how many more than the
  /// leader it has.
  std::size_t best() const noexcept;
  double advantage(std::size_t expert) const noexcept { return scores_[expert] - scores_[leader_]; }
  void set_leader(std::size_t expert) noexcept { leader_ = expert; }

  const Miniature& miniature(std::size_t expert) const noexcept { return *miniatures_[expert]; }
  const Miniature& leader() const noexcept { return *miniatures_[leader_]; }
  const Expert& leading_expert() const noexcept { return *experts_[leader_]; }

  /// What all of it may take: a constant, so that no hit makes a cache exceed its budget.
  std::size_t memory() const noexcept { return memory_; }

 private:
  static constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15;

  void set(PolicyBudget budget);
  PolicyBudget budget_of(const Expert& expert, std::size_t capacity) const noexcept;
  unsigned halvings_for(double entries) const noexcept;
  std::size_t sample_entries_max() const noexcept;
  std::size_t entries_now_max() const noexcept;
  std::size_t capacity() const noexcept;
  void set_capacity(std::size_t capacity);
  void add(const Expert& expert);
  std::unique_ptr<Miniature> make(const Expert& expert, std::size_t capacity);
  FrequencySketch& sketch_of(const Expert& expert) {
    return expert.forgets_soon ? small_sketch_ : sketch_;
  }
  void count(std::uint64_t hash);
  void ask_pilots(std::uint64_t hash, std::uint32_t charge);
  void halve();
  void set_sample(unsigned halvings) noexcept;
  void resize_miniatures();
  double keep() const noexcept;
  std::size_t best_pilot() const noexcept;

  std::uint64_t wanted_below_ = UINT64_MAX;
  std::uint64_t sampled_below_ = UINT64_MAX;
  EntryPool& pool_;
  std::size_t capacity_ = 0;  // of the cache
  std::size_t memory_ = 0;
  std::size_t entries_max_ = 0;
  std::size_t capacity_now_ = 0;  // of a miniature
  unsigned halvings_ = 0;
  std::uint32_t charge_seen_ = 0;  // of the first key
  bool by_size_ = false;           // charges differ
  std::size_t leader_ = 0;
  std::size_t asked_ = 0;   // since the last look
  FrequencySketch sketch_;  // of all miniatures that want one
  FrequencySketch small_sketch_;
  std::vector<const Expert*> experts_;
  std::vector<std::unique_ptr<Miniature>> miniatures_;
  std::vector<double> scores_;
  bool is_filling_ = true;  // start() is to come
  std::size_t wanted_ = 0;  // uses, until then
  std::size_t pilot_capacity_ = 0;
  std::vector<std::unique_ptr<Miniature>> pilots_;
  std::vector<double> pilot_scores_;
};

}  // namespace ringcache
