// SPDX-License-Identifier: Apache-2.0
// Auto: chooses among the other policies while it runs, by miniature simulation (C. Waldspurger,
// T. Saemundsson, I. Ahmad, N. Park, "Cache modeling and optimization using miniature simulations",
// ATC 2017): each policy runs a small cache of its own on a sample of the keys, and the cache
// follows the one that hits most.
//
// To change the policy costs hits, as the new one would keep other entries than those that are
// here. So a policy takes the lead only when it is ahead by half as many hits as its miniature has
// entries that the cache (or the leader's miniature, where they are a sample) has not: a change
// then has nearly been paid for by what it would have gained already, and a cache between two
// policies that are equally good stays where it is.
//
// Three stages. While the cache fills, nothing has to be ordered ("auto/filling.h"). A cache as
// small as its miniatures follows the leading one, key by key ("auto/follower.h"). A larger one is
// under a full instance of the leader's policy; when the lead changes, every key that comes takes
// some entries along from the old policy to the new, coldest first, until the old one has none.
// An entry's lane says which of the two has it.
//
// Of a cache's shards one decides for all ("auto/lead.h"): the others have miniatures only as long
// as these are as large as they are themselves.
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "cache/policy/auto/contest.h"
#include "cache/policy/auto/filling.h"
#include "cache/policy/auto/follower.h"
#include "cache/policy/auto/lead.h"
#include "cache/policy/policies.h"

namespace ringcache {
namespace {

/// Entries that change policies at once, and then for each key that comes: no call takes more than
/// some microseconds for it, but for the first, a hundred. The sooner the better, as what leaves
/// meanwhile leaves in the old order.
constexpr int kMovesAtOnce = 1024;
constexpr int kMovesForEach = 64;
/// The hits by which another policy must be ahead, for each entry that a change costs.
constexpr double kHitsForEntry = 0.5;
/// And so many times the square root of a miniature's entries where it sees a sample only, for what
/// may be the sample's chance.
constexpr double kHitsForChance = 1;
/// The charges of so many tell how many a shard will have.
constexpr std::size_t kEntriesToTell = 32;

class Auto final : public Policy {
 public:
  Auto(PolicyBudget budget, EntryPool& pool, std::shared_ptr<Lead> lead, bool decides)
      : live_(std::make_unique<Filling>(budget.capacity, pool)),
        filling_(static_cast<Filling*>(live_.get())),
        contest_(std::in_place, budget, pool),
        lead_(std::move(lead)),
        decides_(decides),
        pool_(pool),
        budget_(budget) {}

  void prepare(std::uint64_t hash, std::uint32_t charge) override {
    coming_ = {.hash = hash, .charge = charge};
    if (is_sampled(hash)) {
      if (filling_) contest_->fill(filling_->charge(), filling_->size());
      ask(hash, charge);
    }
    if (!contest_ && !filling_ && !old_ && followed_ != &lead_->expert()) follow();
    if (old_) move(kMovesForEach);
    live_->prepare(hash, charge);
  }

  void insert(PolicyEntry& entry) override {
    coming_.reset();
    entry.lane = lane_;
    live_->insert(entry);
    ++entries_;
    note_charge(entry, entry.charge);
  }

  void touch(PolicyEntry& entry) override {
    if (contest_ && contest_->wants(entry.hash)) [[unlikely]]
      ask(entry.hash, entry.charge);
    if (filling_) return filling_->touch(entry);
    policy_of(entry).touch(entry);
  }

  void recharge(PolicyEntry& entry, std::uint32_t charge) override {
    note_charge(entry, std::int64_t{charge} - entry.charge);
    policy_of(entry).recharge(entry, charge);
  }

  void remove(PolicyEntry& entry) override {
    if (is_sampled(entry.hash)) contest_->forget(entry.hash);
    policy_of(entry).remove(entry);
    note_departure(entry);
  }

  PolicyEntry* evict() override {
    if (filling_) start();
    PolicyEntry* victim = old_ ? old_->evict() : nullptr;
    if (!victim) {
      old_.reset();
      victim = live_->evict();
    }
    if (victim) note_departure(*victim);
    return victim;
  }

  bool evicting() const noexcept override { return live_->evicting(); }

  bool relocate(PolicyEntry& from, PolicyEntry& to) override {
    return policy_of(from).relocate(from, to);
  }

  void resize(PolicyBudget budget) override {
    budget_ = budget;
    if (contest_ && contest_->resize(budget)) sampled_charge_ = contest_->share_of(charge_);
    leave_contest();
    live_->resize(live_budget());
    if (follower_) follow();
  }

  std::size_t memory() const noexcept override {
    return contest_memory() + live_->memory() + (old_ ? old_->memory() : 0);
  }

 private:
  struct Key {
    std::uint64_t hash;
    std::uint32_t charge;
  };

  bool is_sampled(std::uint64_t hash) const noexcept {
    return contest_ && contest_->is_sampled(hash);
  }

  std::size_t contest_memory() const noexcept { return contest_ ? contest_->memory() : 0; }

  Policy& policy_of(const PolicyEntry& entry) { return entry.lane == lane_ ? *live_ : *old_; }

  PolicyBudget live_budget() const {
    PolicyBudget budget = budget_;
    if (budget.memory_max != SIZE_MAX) {
      const std::size_t others = contest_memory() + (old_ ? old_->memory() : 0);
      budget.memory_max -= std::min(others, budget.memory_max);
    }
    return budget;
  }

  /// Not inlined into touch(), where it would cost every hit some registers.
  [[gnu::noinline]] void ask(std::uint64_t hash, std::uint32_t charge) {
    if (contest_->ask(hash, charge)) sampled_charge_ = contest_->leader().charge();
    leave_contest();
    if (follower_) {
      if (is_whole())
        for (const std::uint64_t left : contest_->leader().left()) follower_->left(left);
      else
        follow();
    }
    if (!contest_) return;
    if (decides_) lead_->set(contest_->leading_expert());
    if (!filling_ && !old_ && contest_->is_due()) {
      set_share();
      consider();
    }
  }

  bool is_whole() const noexcept { return contest_ && contest_->is_whole(); }

  /// A sample of another shard's keys says as much as one of ours.
  void leave_contest() {
    if (!decides_ && (!is_whole() || will_outgrow())) contest_.reset();
  }

  /// Will there be more entries than a miniature may have?
  bool will_outgrow() const noexcept {
    return filling_ && filling_->size() >= kEntriesToTell &&
           !contest_->will_be_whole(filling_->charge(), filling_->size());
  }

  void set_share() {
    if (charge_ > 0)
      contest_->set_share(static_cast<double>(sampled_charge_) / static_cast<double>(charge_));
  }

  void consider() {
    const std::size_t best = contest_->best();
    const double advantage = contest_->advantage(best);
    if (advantage <= 0 || advantage <= price(best)) return;
    contest_->set_leader(best);
    follow();
  }

  /// The hits that a change to that miniature must be worth.
  double price(std::size_t expert) const {
    const double chance =
        follower_ ? 0 : kHitsForChance * std::sqrt(static_cast<double>(contest_->leader().size()));
    return kHitsForEntry * static_cast<double>(missing(expert)) + chance;
  }

  /// Entries of that miniature that are not here.
  std::size_t missing(std::size_t expert) const {
    std::size_t missing = 0;
    contest_->miniature(expert).for_each([&](std::uint64_t hash) {
      missing += follower_ ? !follower_->holds(hash) : !contest_->leader().holds(hash);
    });
    return missing;
  }

  void note_charge(const PolicyEntry& entry, std::int64_t added) {
    charge_ += added;
    if (is_sampled(entry.hash)) sampled_charge_ += added;
  }

  void note_departure(const PolicyEntry& entry) {
    --entries_;
    if (entry.lane != lane_) --old_entries_;
    note_charge(entry, -std::int64_t{entry.charge});
    if (entries_ == 0) sampled_charge_ = 0;
  }

  /// The cache is full for the first time, or is emptied.
  void start() {
    filling_ = nullptr;
    if (contest_) {
      contest_->start();
      set_share();
    }
    follow();
    if (coming_) live_->prepare(coming_->hash, coming_->charge);
  }

  /// From now on as the leader would.
  void follow() {
    if (decides_) lead_->set(contest_->leading_expert());
    if (follower_ && is_whole()) return follower_->follow(contest_->leader());
    follower_ = nullptr;
    if (!is_whole()) {
      followed_ = contest_ ? &contest_->leading_expert() : &lead_->expert();
      return change_to(followed_->make(live_budget(), pool_, nullptr));
    }
    auto follower = std::make_unique<Follower>(contest_->leader(), pool_);
    Follower* made = follower.get();
    change_to(std::move(follower));
    while (old_) move(kMovesAtOnce);
    follower_ = made;
  }

  void change_to(std::unique_ptr<Policy> next) {
    assert(!old_);
    old_ = std::exchange(live_, std::move(next));
    lane_ ^= 1;
    old_entries_ = old_entries_at_first_ = entries_;
    old_memory_at_first_ = old_->memory();
    move(kMovesAtOnce);
  }

  void move(int most) {
    for (int i = 0; i < most; ++i) {
      PolicyEntry* entry = old_->evict();
      if (!entry) {
        old_.reset();
        return live_->resize(live_budget());
      }
      --old_entries_;
      entry->lane = lane_;
      live_->prepare(entry->hash, entry->charge);
      live_->insert(*entry);
    }
    shrink_old();
  }

  /// Its ghosts go with its entries: all at once they would take long, and both policies' together
  /// would take twice the memory.
  void shrink_old() {
    const double left =
        static_cast<double>(old_entries_) / static_cast<double>(old_entries_at_first_);
    const auto memory = static_cast<std::size_t>(left * static_cast<double>(old_memory_at_first_));
    old_->resize({.capacity = budget_.capacity, .memory_max = memory});
    live_->resize(live_budget());
  }

  std::unique_ptr<Policy> live_;
  Filling* filling_;              // live_, as long as nothing has been evicted
  std::unique_ptr<Policy> old_;   // its entries go over to live_
  Follower* follower_ = nullptr;  // live_, in a cache as small as the miniatures
  unsigned lane_ : 1 = 0;         // of live_
  std::optional<Contest> contest_;
  const std::shared_ptr<Lead> lead_;
  const bool decides_;                // for all shards; has a contest as long as it lives
  const Expert* followed_ = nullptr;  // whose policy live_ is, unless filling_ or follower_
  EntryPool& pool_;
  PolicyBudget budget_;
  std::size_t entries_ = 0;
  std::int64_t charge_ = 0;          // of the entries
  std::int64_t sampled_charge_ = 0;  // nearly, where the sample has changed
  std::size_t old_entries_ = 0;
  std::size_t old_entries_at_first_ = 0;
  std::size_t old_memory_at_first_ = 0;
  std::optional<Key> coming_;  // prepared, not inserted yet
};

}  // namespace

std::unique_ptr<Policy> make_auto(PolicyBudget budget, EntryPool& pool, std::shared_ptr<Lead> lead,
                                  bool decides) {
  if (!Contest::is_possible(budget)) return make_arc(budget, pool);
  return std::make_unique<Auto>(budget, pool, std::move(lead), decides);
}

}  // namespace ringcache
