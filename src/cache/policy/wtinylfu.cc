// SPDX-License-Identifier: Apache-2.0
// W-TinyLFU: G. Einziger, R. Friedman, B. Manes, "TinyLFU: a highly efficient cache admission
// policy", ACM Transactions on Storage 13(4), 2017. New entries stand in a window, in order of last
// use. What falls out of it is admitted to the main part only if a sketch of past requests says
// that it was asked for more often than what would leave there. The main part is a segmented LRU:
// an entry is on probation until it is used, then protected, as far as 80 % hold the protected. The
// window's share climbs the hill of the hit ratio: G. Einziger, O. Eytan, R. Friedman, B. Manes,
// "Adaptive software cache management", Middleware 2018.
//
// Shares are sums of charges; a candidate that costs more than a victim must be asked for more
// often than each victim that leaves for it. Ours: of candidates asked for six times or more, one
// in 128 is admitted against the sketch, which also keeps an attacker from freezing the main part;
// parts that are larger than their shares shrink by a few entries in each call, so that none is
// long; and the sketch grows with the number of entries.
#include "cache/policy/wtinylfu.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <utility>

#include "cache/policy/policies.h"

namespace ringcache {
namespace {

/// Entries that a call moves from one part to another at most.
constexpr int kMovesMax = 16;

/// A list of entries and the sum of their charges.
struct Part {
  explicit Part(const EntryPool& pool) : list(pool) {}

  EntryList list;
  std::uint64_t charge = 0;

  void push(PolicyEntry& entry) {
    list.push_back(entry);
    charge += entry.charge;
  }
  void remove(PolicyEntry& entry) {
    list.remove(entry);
    charge -= entry.charge;
  }
};

/// Goes on as long as the hit ratio grows and turns when it falls, with ever smaller steps; a large
/// change of the ratio, as after a change of the load, makes the steps large again.
class HillClimber {
 public:
  /// The next step, as a share of the capacity, of a cache of `entries`.
  double next(double hit_ratio, double entries) {
    const double change = hit_ratio - std::exchange(last_ratio_, hit_ratio);
    if (change < 0) direction_ = -direction_;
    const double step = direction_ * step_;
    if (std::abs(change) >= kRestart)
      step_ = kFirstStep;
    else
      step_ = std::max(step_ * (is_small(entries) ? .995 : .98),
                       is_small(entries) ? 2 / entries : 1 / entries);
    return step;
  }

  /// Requests from one step to the next. The hit ratio of a small cache needs more of them to be
  /// told from noise.
  static std::uint64_t sample(double entries) {
    return static_cast<std::uint64_t>(std::max(1.0, entries * (is_small(entries) ? 40 : 10)));
  }

 private:
  static constexpr double kFirstStep = .0625;
  static constexpr double kRestart = .05;

  static bool is_small(double entries) { return entries <= 512; }

  double step_ = kFirstStep;
  double direction_ = 1;
  double last_ratio_ = 0;
};

class WTinyLfu final : public Policy {
 public:
  WTinyLfu(PolicyBudget budget, EntryPool& pool, WTinyLfuOptions options)
      : parts_{Part(pool), Part(pool), Part(pool)},
        words_for_each_(options.words),
        own_sketch_(options.sketch ? 1 : sketch_words(0, budget.memory_max)),
        sketch_(options.sketch ? options.sketch : &own_sketch_),
        counted_(options.sketch ? nullptr : &own_sketch_),
        climbs_(options.climbs),
        window_share_(options.window) {
    set(budget);
  }

  void prepare(std::uint64_t hash, std::uint32_t charge) override {
    coming_ = charge;
    if (counted_) {
      if (count_ * words_for_each_ >= counted_->words()) fit_sketch();
      counted_->add(hash);
    }
    if (!was_full_) sample_ = HillClimber::sample(entries_when_full());
    ++misses_;
    if (++requests_ >= sample_) climb();
  }

  void insert(PolicyEntry& entry) override {
    coming_ = 0;
    ++count_;
    place(entry, kWindow);
    for (int moves = 0; moves < kMovesMax && is_above(window(), window_max_); ++moves)
      move_oldest(kWindow, kProbation);
    shrink_protected();
  }

  void touch(PolicyEntry& entry) override {
    if (counted_) counted_->add(entry.hash);
    if (++requests_ >= sample_) climb();
    if (entry.mark == kProbation) return promote(entry);
    part_of(entry).list.move_to_back(entry);
  }

  void recharge(PolicyEntry& entry, std::uint32_t charge) override {
    std::uint64_t& sum = part_of(entry).charge;
    sum = sum - entry.charge + charge;
    entry.charge = charge;
  }

  void remove(PolicyEntry& entry) override {
    part_of(entry).remove(entry);
    --count_;
  }

  PolicyEntry* evict() override {
    was_full_ = true;
    PolicyEntry* victim = choose();
    if (victim) remove(*victim);
    return victim;
  }

  bool relocate(PolicyEntry& from, PolicyEntry& to) override {
    part_of(from).list.relocate(from, to);
    return true;
  }

  void resize(PolicyBudget budget) override {
    set(budget);
    if (counted_) fit_sketch();
  }

  std::size_t memory() const noexcept override { return own_sketch_.memory(); }

 private:
  /// An entry's mark: the part that it is in.
  static constexpr std::uint32_t kWindow = 0;
  static constexpr std::uint32_t kProbation = 1;
  static constexpr std::uint32_t kProtected = 2;

  static constexpr double kProtectedShare = .8;
  static constexpr double kWindowMax = .8;

  /// A counter of a few for each entry; small caches gain from more, as many keys pass through them
  /// between two uses of one.
  std::size_t sketch_words(std::size_t entries, std::size_t memory_max) const {
    constexpr std::size_t kWordsMin = 1024;
    const std::size_t wanted = std::bit_ceil(std::max(entries * words_for_each_, kWordsMin));
    return std::min(wanted, std::bit_floor(memory_max / sizeof(std::uint64_t)));
  }

  void fit_sketch() {
    const std::size_t words = sketch_words(count_ + 1, memory_max_);
    if (words != counted_->words()) counted_->resize(words);  // which counts the period anew
  }

  Part& window() { return parts_[kWindow]; }
  Part& probation() { return parts_[kProbation]; }
  Part& protected_part() { return parts_[kProtected]; }
  Part& part_of(const PolicyEntry& entry) { return parts_[entry.mark]; }

  void set(PolicyBudget budget) {
    capacity_ = budget.capacity;
    memory_max_ = budget.memory_max;
    set_window();
  }

  void set_window() {
    const auto capacity = static_cast<double>(capacity_);
    window_max_ = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(window_share_ * capacity));
    const double main = capacity - std::min(capacity, static_cast<double>(window_max_));
    protected_max_ = static_cast<std::uint64_t>(kProtectedShare * main);
  }

  void place(PolicyEntry& entry, std::uint32_t part) {
    entry.mark = part & 3;
    parts_[part].push(entry);
  }

  /// Not inlined into touch(), where it would cost every hit some registers.
  [[gnu::noinline]] void promote(PolicyEntry& entry) {
    probation().remove(entry);
    place(entry, kProtected);
    shrink_protected();
  }

  void move_oldest(std::uint32_t from, std::uint32_t to) {
    PolicyEntry& oldest = *parts_[from].list.front();
    parts_[from].remove(oldest);
    place(oldest, to);
  }

  /// The newest entry may be larger than its part's share.
  static bool is_above(const Part& part, std::uint64_t share) {
    return part.charge > share && !part.list.holds_one();
  }

  void shrink_protected() {
    for (int moves = 0; moves < kMovesMax && is_above(protected_part(), protected_max_); ++moves)
      move_oldest(kProtected, kProbation);
  }

  /// While the window lets go of an entry for the one that comes, that is a candidate, and stays
  /// where it is while others leave for it; insert() moves it on.
  PolicyEntry* choose() {
    PolicyEntry* candidate = window().list.front();
    PolicyEntry* victim = probation().list.front();
    if (!victim) victim = protected_part().list.front();
    if (!candidate || !victim) return candidate ? candidate : victim;
    const bool is_window_full = window().charge + coming_ > window_max_;
    return is_window_full && !admits(*candidate, *victim) ? candidate : victim;
  }

  bool admits(const PolicyEntry& candidate, const PolicyEntry& victim) {
    constexpr unsigned kOften = 6;
    constexpr std::uint64_t kOneIn = 128;
    const unsigned frequency = sketch_->frequency(candidate.hash);
    if (frequency > sketch_->frequency(victim.hash)) return true;
    return frequency >= kOften && random() % kOneIn == 0;
  }

  /// G. Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8(14), 2003.
  std::uint64_t random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    return random_ ^= random_ << 17;
  }

  double entries_when_full() const {
    const auto charge = static_cast<double>(charge_of_all() + coming_);
    const auto count = static_cast<double>(count_ + (coming_ > 0 ? 1 : 0));
    return charge == 0 ? 1 : std::max(1.0, static_cast<double>(capacity_) / charge * count);
  }

  std::uint64_t charge_of_all() const {
    return parts_[0].charge + parts_[1].charge + parts_[2].charge;
  }

  [[gnu::noinline]] void climb() {
    const double entries = entries_when_full();
    if (climbs_ && misses_ > 0) {  // without misses there is nothing to gain
      const double misses = static_cast<double>(misses_) / static_cast<double>(requests_);
      const double share = window_share_ + climber_.next(1 - misses, entries);
      window_share_ = std::max(1 / entries, std::min({share, kWindowMax, 1 - 1 / entries}));
      set_window();
    }
    sample_ = HillClimber::sample(entries);
    requests_ = misses_ = 0;
  }

  std::array<Part, 3> parts_;
  const std::size_t words_for_each_;
  FrequencySketch own_sketch_;
  FrequencySketch* const sketch_;
  FrequencySketch* const counted_;  // null when somebody else counts
  std::size_t capacity_ = 0;
  std::size_t memory_max_ = 0;
  std::uint64_t window_max_ = 0;
  std::uint64_t protected_max_ = 0;
  std::size_t count_ = 0;
  std::uint64_t coming_ = 0;  // the charge of what is about to be inserted
  std::uint64_t random_ = 0x2545F4914F6CDD1D;

  bool climbs_;
  bool was_full_ = false;
  double window_share_;
  HillClimber climber_;
  std::uint64_t sample_ = UINT64_MAX;
  std::uint64_t requests_ = 0;  // in this sample
  std::uint64_t misses_ = 0;
};

}  // namespace

std::unique_ptr<Policy> make_wtinylfu(PolicyBudget budget, EntryPool& pool) {
  return std::make_unique<WTinyLfu>(budget, pool, WTinyLfuOptions());
}

std::unique_ptr<Policy> make_wtinylfu(PolicyBudget budget, EntryPool& pool,
                                      WTinyLfuOptions options) {
  return std::make_unique<WTinyLfu>(budget, pool, options);
}

}  // namespace ringcache
