// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <map>
#include <random>
#include <string>
#include <vector>

#include <ringcache/hash.h>

#include "cache/policy/policies.h"
#include "unit/cache/policy/order.h"

namespace ringcache {
namespace {

TEST(LirsTest, TheFirstKeysAreLirAndOutlastAScan) {
  EXPECT_EQ(testing::ask(PolicyKind::lirs, 4, "abcdefghabc"), "....defg+++");
}

TEST(LirsTest, AKeyThatReturnsSoonTakesTheLowestLirKeysRank) {
  // c returns while in S: a, the bottom, is HIR now and leaves next.
  EXPECT_EQ(testing::ask(PolicyKind::lirs, 3, "abcdcecb"), "...cda++");
}

TEST(LirsTest, AResidentHirKeyIsPromotedOnlyWhileInTheStack) {
  // The hit on c makes it LIR and a HIR, the hits on c and b prune nothing but leave a out of S:
  // the hit on a then renews a in S and Q, no more.
  EXPECT_EQ(testing::ask(PolicyKind::lirs, 3, "abccad"), "...++a");
}

TEST(LirsTest, AKeyThatFellOutOfTheStackIsForgotten) {
  // When a and b are used, S is pruned of the ghost c; its return is that of a new key.
  EXPECT_EQ(testing::ask(PolicyKind::lirs, 3, "abcdabcdab"), "...c++dc++");
}

TEST(LirsTest, ALoopOneLongerThanTheCacheHitsAllButTwo) {
  std::string letters;
  for (int i = 0; i < 100; ++i) letters += "abcdefghijk";
  const std::string answer = testing::ask(PolicyKind::lirs, 10, letters);
  EXPECT_EQ(std::ranges::count(answer, '+'), 99 * 9);
}

/// The paper's rules over a list of keys from the bottom of S to its top and one from the front of
/// Q to its back; ghosts beyond twice the capacity are forgotten from the bottom.
class Paper {
 public:
  explicit Paper(std::size_t capacity)
      : c_(capacity), lir_max_(std::max<std::size_t>(capacity * 99 / 100, 1)) {}

  bool ask(int x) {
    const bool hit = lir_.contains(x) || contains(q_, x);
    const bool was_in_stack = contains(s_, x);
    if (!hit && lir_.size() + q_.size() == c_) evict();
    std::erase(s_, x);
    s_.push_back(x);
    if (!lir_.contains(x)) {
      std::erase(q_, x);
      const bool is_lir = was_in_stack || (!hit && lir_.size() < lir_max_);
      is_lir ? void(lir_[x] = true) : q_.push_back(x);
    }
    if (lir_.size() > lir_max_) {
      lir_.erase(s_.front());
      q_.push_back(s_.front());
      s_.pop_front();
    }
    prune();
    forget();
    return hit;
  }

 private:
  using Keys = std::list<int>;

  static bool contains(const Keys& keys, int x) { return std::ranges::find(keys, x) != keys.end(); }
  bool is_ghost(int x) const { return !lir_.contains(x) && !contains(q_, x); }

  void evict() {
    if (!q_.empty()) return q_.pop_front();
    lir_.erase(s_.front());
    s_.pop_front();
    prune();
  }
  void prune() {
    while (!s_.empty() && !lir_.contains(s_.front())) s_.pop_front();
  }
  void forget() {
    const auto ghost = [this](int x) { return is_ghost(x); };
    while (static_cast<std::size_t>(std::ranges::count_if(s_, ghost)) > 2 * c_)
      s_.erase(std::ranges::find_if(s_, ghost));
  }

  std::size_t c_;
  std::size_t lir_max_;
  Keys s_, q_;
  std::map<int, bool> lir_;
};

std::string some_letters(std::mt19937_64& random) {
  std::string letters;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t sway = i / 1000 % 2 == 0 ? random() % 30 : 20;  // now skewed, now a scan
    letters += static_cast<char>(128 + std::min(random() % 120, sway + random() % 100));
  }
  return letters;
}

TEST(LirsTest, HitsAreThoseOfThePaper) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const std::size_t capacity : {1, 2, 3, 10, 40}) {
    const std::string letters = some_letters(random);
    Paper paper(capacity);
    const std::string answer = testing::ask(PolicyKind::lirs, capacity, letters);
    for (std::size_t i = 0; i < letters.size(); ++i)
      ASSERT_EQ(answer[i] == '+', paper.ask(letters[i])) << "capacity " << capacity << " at " << i;
  }
}

/// A cache of its own kind, by hash; entries are in the pool.
class LirsCache {
 public:
  explicit LirsCache(PolicyBudget budget)
      : capacity_(budget.capacity), lirs_(make_lirs(budget, pool_)) {}

  bool ask(std::uint64_t hash, std::uint32_t charge = 1) {
    if (const auto found = resident_.find(hash); found != resident_.end())
      return lirs_->touch(*found->second), true;
    lirs_->prepare(hash, charge);
    while (used_ + charge > capacity_) leave(*lirs_->evict());
    PolicyEntry& entry = pool_.make_ghost();
    entry.hash = hash;
    entry.charge = charge;
    lirs_->insert(entry);
    resident_[hash] = &entry;
    used_ += charge;
    return false;
  }

  void erase(std::uint64_t hash) {
    if (!resident_.contains(hash)) return;
    lirs_->remove(*resident_[hash]);
    leave(*resident_[hash]);
  }

  void move(std::uint64_t hash) {
    if (!resident_.contains(hash)) return;
    PolicyEntry& from = *resident_[hash];
    PolicyEntry& to = pool_.make_ghost();
    to = from;
    ASSERT_TRUE(lirs_->relocate(from, to));
    pool_.free_ghost(from);
    resident_[hash] = &to;
  }

  Policy& policy() { return *lirs_; }

 private:
  void leave(PolicyEntry& entry) {
    used_ -= entry.charge;
    resident_.erase(entry.hash);
    pool_.free_ghost(entry);
  }

  std::size_t capacity_;
  SlabPool pool_;
  std::unique_ptr<Policy> lirs_;
  std::map<std::uint64_t, PolicyEntry*> resident_;
  std::size_t used_ = 0;
};

TEST(LirsTest, EntriesThatMoveChangeNothing) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (const std::size_t capacity : {2, 10, 150}) {
    LirsCache moved({.capacity = capacity});
    LirsCache still({.capacity = capacity});
    for (int i = 0; i < 20'000; ++i) {
      const std::uint64_t hash = std::min(random() % 300, random() % 300);
      ASSERT_EQ(moved.ask(hash), still.ask(hash)) << i;
      moved.move(random() % 300);
      if (random() % 10 > 0) continue;
      moved.erase(hash);
      still.erase(hash);
    }
  }
}

TEST(LirsTest, MemoryHasABound) {
  for (const std::size_t bytes : {0, 1'000, 20'000}) {
    LirsCache cache({.capacity = 10'000, .memory_max = bytes});
    for (std::uint64_t i = 0; i < 100'000; ++i) {
      cache.ask(hash64(std::to_string(i)));
      if (i % 3 == 0) cache.ask(hash64(std::to_string(i / 2)));
      ASSERT_LE(cache.policy().memory(), bytes + 2'000) << "the queue of a hundred entries is more";
    }
  }
}

TEST(LirsTest, GhostsCostAtMostTwiceTheCapacity) {
  LirsCache cache({.capacity = 1'000});
  for (std::uint64_t i = 0; i < 1'000; ++i) cache.ask(i, 10);
  EXPECT_GT(cache.policy().memory(), 200 * sizeof(PolicyEntry));
  EXPECT_LT(cache.policy().memory(), 200 * 2 * sizeof(PolicyEntry));
  for (int i = 0; i < 90; ++i) cache.policy().evict();
  cache.policy().resize({.capacity = 100});
  EXPECT_LT(cache.policy().memory(), 20 * 2 * sizeof(PolicyEntry) + 500);
}

TEST(LirsTest, AnEntryAboveTheShareOfLirNeverBecomesLir) {
  LirsCache cache({.capacity = 1'000});
  for (std::uint64_t i = 0; i < 9; ++i) cache.ask(i, 100);
  for (int times = 0; times < 3; ++times) cache.ask(77, 995);  // a ghost, then a hit
  cache.ask(1, 100);
  EXPECT_FALSE(cache.ask(77, 995)) << "it left for the first that came";
}

TEST(LirsTest, AHirEntryOfManyBytesTakesThePlaceOfSeveral) {
  LirsCache cache({.capacity = 1'000});
  for (std::uint64_t i = 0; i < 9; ++i) cache.ask(i, 110);
  cache.ask(77, 500);  // Q is empty, so five leave from the bottom
  EXPECT_TRUE(cache.ask(77, 500));
  for (std::uint64_t i = 5; i < 9; ++i) EXPECT_TRUE(cache.ask(i, 110)) << i;
}

}  // namespace
}  // namespace ringcache
