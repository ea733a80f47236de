// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <iterator>
#include <list>
#include <random>
#include <string>

#include "cache/policy/policies.h"
#include "unit/cache/policy/order.h"

namespace ringcache {
namespace {

using testing::make_entries;

TEST(SieveTest, WhatWasUsedIsSparedAndStaysInItsPlace) {
  EXPECT_EQ(testing::ask(PolicyKind::sieve, 3, "abcade"), "...+bc");
}

TEST(SieveTest, TheHandGoesOnFromWhereItStopped) {
  // It spares a, takes b, and goes on to c although a is older and no longer marked.
  EXPECT_EQ(testing::ask(PolicyKind::sieve, 4, "abcdaefg"), "....+bcd");
}

TEST(SieveTest, AfterTheNewestComesTheOldest) {
  EXPECT_EQ(testing::ask(PolicyKind::sieve, 2, "ababcd"), "..++ab");
}

/// The paper's algorithm 1, line by line: the head is the newest, the hand walks from the tail.
class Paper {
 public:
  explicit Paper(std::size_t capacity) : c_(capacity) {}

  bool ask(char x) {
    for (Object& object : t_)
      if (object.key == x) return object.visited = true;
    if (t_.size() == c_) evict();
    t_.push_front({.key = x});
    return false;
  }

 private:
  struct Object {
    char key;
    bool visited = false;
  };

  void evict() {
    auto o = is_null_ ? std::prev(t_.end()) : hand_;
    while (o->visited) {
      o->visited = false;
      o = o == t_.begin() ? std::prev(t_.end()) : std::prev(o);
    }
    is_null_ = o == t_.begin();
    if (!is_null_) hand_ = std::prev(o);
    t_.erase(o);
  }

  std::size_t c_;
  std::list<Object> t_;
  std::list<Object>::iterator hand_;
  bool is_null_ = true;
};

TEST(SieveTest, HitsAreThoseOfThePaper) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (const std::size_t capacity : {1, 2, 3, 10, 40}) {
    const std::string letters = testing::some_letters(seed);
    Paper paper(capacity);
    const std::string answer = testing::ask(PolicyKind::sieve, capacity, letters);
    for (std::size_t i = 0; i < letters.size(); ++i)
      ASSERT_EQ(answer[i] == '+', paper.ask(letters[i])) << "capacity " << capacity << " at " << i;
  }
}

TEST(SieveTest, TheHandMovesOnFromAnEntryThatIsErased) {
  SlabPool pool;
  const auto sieve = make_sieve(pool);
  const auto entries = make_entries<4>(pool);
  for (PolicyEntry* entry : entries) sieve->insert(*entry);
  sieve->touch(*entries[0]);
  EXPECT_EQ(sieve->evict(), entries[1]);  // the hand is at 2
  sieve->remove(*entries[2]);
  EXPECT_EQ(sieve->evict(), entries[3]);
  EXPECT_EQ(sieve->evict(), entries[0]);
}

TEST(SieveTest, TheHandGoesAlongWithAnEntryThatMoves) {
  SlabPool pool;
  const auto sieve = make_sieve(pool);
  const auto entries = make_entries<4>(pool);
  for (std::size_t i = 0; i < 3; ++i) sieve->insert(*entries[i]);
  sieve->touch(*entries[0]);
  EXPECT_EQ(sieve->evict(), entries[1]);  // the hand is at 2
  *entries[3] = *entries[2];
  EXPECT_TRUE(sieve->relocate(*entries[2], *entries[3]));
  EXPECT_EQ(sieve->evict(), entries[3]);
}

}  // namespace
}  // namespace ringcache
