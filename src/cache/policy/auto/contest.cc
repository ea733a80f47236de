// SPDX-License-Identifier: Apache-2.0
#include "cache/policy/auto/contest.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace ringcache {
namespace {

/// Larger miniatures say no more; those of 16 entries still say something.
constexpr std::size_t kEntriesMax = 512;
constexpr std::size_t kEntriesMin = 16;
/// Nor do those that see a sample say more with more than these. What is asked for costs as much as
/// ten hits: half as many entries are half the cost.
constexpr std::size_t kSampleEntriesMax = 128;
/// Small caches gain from large sketches, as many keys pass through them between two uses of one.
constexpr std::size_t kSketchWords = 2048;
/// At first, and then as many as a miniature has entries.
constexpr std::size_t kSmallSketchWords = 16;
/// Of a budget in bytes.
constexpr std::size_t kMemoryShare = 100;

/// A hit counts half after 69 times the miniature's size in requests: short enough to follow a
/// change, long enough not to flap between policies that are equally good and keep different keys.
constexpr double kHorizon = 100;
constexpr double kPilotHorizon = 12;
/// Nobody is further behind than this, in sizes of a miniature: who led for long by far must not
/// lead for as long when the load has changed.
constexpr double kLeadMax = 2;
/// Uses that the pilots see for each insertion, and most of them together: more than they remember.
constexpr std::size_t kUsesForInsertion = 16;
constexpr std::size_t kUsesMax = 128;
constexpr std::size_t kPilotPart = 7;
constexpr std::size_t kPilotEntriesMin = 8;
/// By so much of its size must a pilot beat that of the first expert.
constexpr double kPilotMargin = 0.05;

std::size_t bytes_per_entry(const Expert& expert) {
  return Miniature::kBytesPerEntry + expert.bytes_per_entry;
}

/// Of all miniatures and pilots together.
std::size_t bytes_per_entry() {
  std::size_t bytes = bytes_per_entry(expert_by_size());
  for (const Expert& expert : experts()) bytes += bytes_per_entry(expert);
  return bytes + bytes / (kPilotPart - 1);
}

std::size_t entries_max(PolicyBudget budget) {
  if (budget.memory_max == SIZE_MAX) return kEntriesMax;
  const std::size_t memory = budget.capacity / kMemoryShare;
  const std::size_t sketch = kSketchWords * sizeof(std::uint64_t);
  return std::min((memory - std::min(memory, sketch)) / bytes_per_entry(), kEntriesMax);
}

std::size_t index_of_best(const std::vector<double>& scores) {
  return static_cast<std::size_t>(std::ranges::max_element(scores) - scores.begin());
}

}  // namespace

bool Contest::is_possible(PolicyBudget budget) noexcept {
  return entries_max(budget) >= kEntriesMin;
}

Contest::Contest(PolicyBudget budget, EntryPool& pool)
    : pool_(pool), sketch_(kSketchWords), small_sketch_(kSmallSketchWords) {
  set(budget);
  capacity_now_ = capacity();
  for (const Expert& expert : experts()) add(expert);
}

bool Contest::ask(std::uint64_t hash, std::uint32_t charge) {
  if (charge_seen_ == 0) charge_seen_ = charge;
  if (charge != charge_seen_ && !std::exchange(by_size_, true)) add(expert_by_size());
  count(hash);
  if (is_filling_) ask_pilots(hash, charge);
  const double kept = keep();
  bool is_too_large = false;
  for (std::size_t i = 0; i < miniatures_.size(); ++i) {
    scores_[i] = scores_[i] * kept + (miniatures_[i]->ask(hash, charge) ? 1 : 0);
    is_too_large |= miniatures_[i]->size() > entries_now_max();
  }
  ++asked_;
  if (is_too_large) halve();
  return is_too_large;
}

void Contest::fill(std::uint64_t charge, std::size_t entries) {
  wanted_ = std::min(wanted_ + kUsesForInsertion, kUsesMax);
  wanted_below_ = sampled_below_;
  leader_ = best_pilot();
  const std::uint64_t least = charge * kPilotEntriesMin / std::max<std::size_t>(entries, 1);
  const std::uint64_t wanted =
      std::min<std::uint64_t>(std::max(charge / kPilotPart, least), capacity_) >> halvings_;
  if (wanted < pilot_capacity_ + pilot_capacity_ / 4 + 1) return;
  pilot_capacity_ = wanted;
  for (std::size_t i = 0; i < pilots_.size(); ++i)
    pilots_[i]->resize(budget_of(*experts_[i], pilot_capacity_));
}

void Contest::start() {
  leader_ = best_pilot();
  pilots_.clear();
  is_filling_ = false;
  wanted_below_ = sampled_below_;
}

void Contest::set_share(double share) {
  if (is_whole()) return;
  const auto even = static_cast<double>(capacity());
  const double wanted =
      std::clamp(share * static_cast<double>(capacity_), even * 2 / 3, even * 3 / 2);
  const auto now = static_cast<double>(capacity_now_);
  if (std::abs(wanted - now) < 0.01 * even) return;
  set_capacity(static_cast<std::size_t>(wanted));
}

void Contest::set_capacity(std::size_t capacity) {
  capacity_now_ = std::max<std::size_t>(capacity, 1);
  for (std::size_t i = 0; i < miniatures_.size(); ++i)
    miniatures_[i]->resize(budget_of(*experts_[i], capacity_now_));
}

void Contest::forget(std::uint64_t hash) {
  for (const auto& miniature : miniatures_) miniature->forget(hash);
  for (const auto& pilot : pilots_) pilot->forget(hash);
}

bool Contest::resize(PolicyBudget budget) {
  const double change = static_cast<double>(budget.capacity) /
                        static_cast<double>(std::max<std::size_t>(capacity_, 1));
  set(budget);
  const unsigned halvings = halvings_for(static_cast<double>(leader().size()) * change);
  const bool is_other = halvings != halvings_;
  set_sample(halvings);
  resize_miniatures();
  return is_other;
}

/// Of the sample, where a miniature of the present one would have so many entries. Keys that left
/// the sample come back into it as they are asked for.
unsigned Contest::halvings_for(double entries) const noexcept {
  const double of_all = std::ldexp(entries, static_cast<int>(halvings_));
  if (of_all <= static_cast<double>(entries_max_)) return 0;
  unsigned halvings = halvings_;
  for (; halvings > 1 && entries * 2 <= static_cast<double>(sample_entries_max()); entries *= 2)
    --halvings;
  return halvings;
}

bool Contest::is_due() noexcept {
  const std::size_t size = leader().size();
  const std::size_t interval = is_whole() ? size / 10 : std::max<std::size_t>(size / 4, 20);
  if (asked_ < interval) return false;
  asked_ = 0;
  const double least = scores_[leader_] - kLeadMax * static_cast<double>(size);
  for (double& score : scores_) score = std::max(score, least);
  return true;
}

std::size_t Contest::best() const noexcept { return index_of_best(scores_); }

std::size_t Contest::best_pilot() const noexcept {
  const std::size_t best = index_of_best(pilot_scores_);
  const double margin = kPilotMargin * static_cast<double>(pilots_[0]->size());
  return pilot_scores_[best] > pilot_scores_[0] + margin ? best : 0;
}

void Contest::set(PolicyBudget budget) {
  capacity_ = budget.capacity;
  entries_max_ = std::max(entries_max(budget), kEntriesMin);
  memory_ = entries_max_ * bytes_per_entry() + sketch_.memory();
}

PolicyBudget Contest::budget_of(const Expert& expert, std::size_t capacity) const noexcept {
  return {.capacity = capacity, .memory_max = entries_max_ * expert.bytes_per_entry};
}

std::size_t Contest::sample_entries_max() const noexcept {
  return std::min(entries_max_, kSampleEntriesMax);
}

/// Until the first choice, a larger sample is worth what it costs for a while.
std::size_t Contest::entries_now_max() const noexcept {
  return is_whole() || is_filling_ ? entries_max_ : sample_entries_max();
}

std::size_t Contest::capacity() const noexcept {
  return std::max<std::size_t>(capacity_ >> halvings_, 1);
}

void Contest::add(const Expert& expert) {
  experts_.push_back(&expert);
  miniatures_.push_back(make(expert, capacity_now_));
  scores_.push_back(0);
  if (!is_filling_) return;
  pilots_.push_back(make(expert, pilot_capacity_));
  pilot_scores_.push_back(0);
}

std::unique_ptr<Miniature> Contest::make(const Expert& expert, std::size_t capacity) {
  return std::make_unique<Miniature>(
      pool_, expert.make(budget_of(expert, capacity), pool_, &sketch_of(expert)), capacity);
}

void Contest::count(std::uint64_t hash) {
  sketch_.add(hash);
  if (leader().size() > small_sketch_.words()) small_sketch_.resize(small_sketch_.words() * 2);
  small_sketch_.add(hash);
}

void Contest::ask_pilots(std::uint64_t hash, std::uint32_t charge) {
  if (wanted_ == 0 || --wanted_ == 0) wanted_below_ = 0;
  const double horizon = std::max(kPilotHorizon * static_cast<double>(pilots_[0]->size()), 20.0);
  for (std::size_t i = 0; i < pilots_.size(); ++i)
    pilot_scores_[i] =
        pilot_scores_[i] * (1 - 1 / horizon) + (pilots_[i]->ask(hash, charge) ? 1 : 0);
}

void Contest::halve() {
  set_sample(halvings_ + 1);
  pilot_capacity_ /= 2;
  resize_miniatures();
  small_sketch_.resize(small_sketch_.words() / 2);
}

void Contest::set_sample(unsigned halvings) noexcept {
  halvings_ = halvings;
  sampled_below_ = wanted_below_ = UINT64_MAX >> halvings_;
}

void Contest::resize_miniatures() {
  capacity_now_ = capacity();
  std::vector<std::uint64_t> gone;
  for (auto* list : {&miniatures_, &pilots_})
    for (std::size_t i = 0; i < list->size(); ++i) {
      Miniature& miniature = *(*list)[i];
      gone.clear();
      miniature.for_each([&](std::uint64_t hash) {
        if (!is_sampled(hash)) gone.push_back(hash);
      });
      for (const std::uint64_t hash : gone) miniature.forget(hash);
      miniature.resize(
          budget_of(*experts_[i], list == &miniatures_ ? capacity_now_ : pilot_capacity_));
    }
}

double Contest::keep() const noexcept {
  const double least = is_whole() ? 200 : 500;
  return 1 - 1 / std::max(kHorizon * static_cast<double>(leader().size()), least);
}

}  // namespace ringcache
