// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <random>
#include <string>
#include <vector>

#include "cache/policy/policies.h"
#include "unit/cache/policy/order.h"

namespace ringcache {
namespace {

TEST(ArcTest, KeysUsedTwiceOutlastAScan) {
  EXPECT_EQ(testing::ask(PolicyKind::arc, 4, "aabbcdefgab"), ".+.+..cde++");
}

TEST(ArcTest, AReturnOfARecentKeyRaisesTheShareOfRecentKeys) {
  // b comes back from B1: p is 1, so that a, used twice, leaves and not c.
  EXPECT_EQ(testing::ask(PolicyKind::arc, 2, "aabcbc"), ".+.ba+");
}

TEST(ArcTest, AReturnOfAFrequentKeyLowersItAgain) {
  // As above, p is 1 and d takes b's place; then a comes back from B2: p is 0, and c and d, used
  // once, make way for a and b.
  EXPECT_EQ(testing::ask(PolicyKind::arc, 2, "aabcbdab"), ".+.babcd");
}

/// The paper's pseudocode, line by line, over lists of keys.
class Paper {
 public:
  explicit Paper(std::size_t capacity) : c_(capacity) {}

  bool ask(int x) {
    if (take(t1_, x) || take(t2_, x)) return t2_.push_back(x), true;
    const auto b1 = static_cast<double>(b1_.size());
    const auto b2 = static_cast<double>(b2_.size());
    if (contains(b1_, x)) {
      p_ = std::min(p_ + std::max(1.0, b2 / b1), static_cast<double>(c_));
      replace(false);
      take(b1_, x);
      t2_.push_back(x);
    } else if (contains(b2_, x)) {
      p_ = std::max(p_ - std::max(1.0, b1 / b2), 0.0);
      replace(true);
      take(b2_, x);
      t2_.push_back(x);
    } else {
      make_room();
      t1_.push_back(x);
    }
    return false;
  }

 private:
  using Keys = std::list<int>;

  static bool contains(const Keys& keys, int x) { return std::ranges::find(keys, x) != keys.end(); }
  static bool take(Keys& keys, int x) { return std::erase(keys, x) > 0; }
  static void move_oldest(Keys& from, Keys& to) { to.splice(to.end(), from, from.begin()); }

  void make_room() {
    if (t1_.size() + b1_.size() == c_) {
      if (t1_.size() == c_) return t1_.pop_front();
      b1_.pop_front();
      return replace(false);
    }
    const std::size_t total = t1_.size() + b1_.size() + t2_.size() + b2_.size();
    if (total == 2 * c_) b2_.pop_front();
    if (total >= c_) replace(false);
  }

  void replace(bool is_in_b2) {
    const auto size = static_cast<double>(t1_.size());
    const bool is_at_target = t1_.size() == static_cast<std::size_t>(p_);
    if (!t1_.empty() && (size > p_ || (is_in_b2 && is_at_target)))
      move_oldest(t1_, b1_);
    else
      move_oldest(t2_, b2_);
  }

  std::size_t c_;
  double p_ = 0;
  Keys t1_, t2_, b1_, b2_;
};

TEST(ArcTest, HitsAreThoseOfThePaper) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (const std::size_t capacity : {1, 2, 3, 10, 40}) {
    const std::string letters = testing::some_letters(seed);
    Paper paper(capacity);
    const std::string answer = testing::ask(PolicyKind::arc, capacity, letters);
    for (std::size_t i = 0; i < letters.size(); ++i)
      ASSERT_EQ(answer[i] == '+', paper.ask(letters[i])) << "capacity " << capacity << " at " << i;
  }
}

TEST(ArcTest, GhostsLearnFromSizesInBytes) {
  SlabPool pool;
  const auto arc = make_arc({.capacity = 1000}, pool);
  std::vector<PolicyEntry*> entries;
  const auto add = [&](std::uint64_t hash, std::uint32_t charge) {
    entries.push_back(&pool.make_ghost());
    entries.back()->hash = hash;
    entries.back()->charge = charge;
    arc->prepare(hash, charge);
    arc->insert(*entries.back());
  };
  add(1, 400);
  arc->touch(*entries[0]);
  add(2, 600);
  EXPECT_EQ(arc->evict()->hash, 2u) << "T1 is above its target of 0";
  add(3, 300);
  arc->prepare(2, 600);  // back from B1: the target is 600, above T1's 300
  EXPECT_EQ(arc->evict()->hash, 1u);
}

}  // namespace
}  // namespace ringcache
