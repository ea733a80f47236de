// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <random>
#include <span>
#include <string>
#include <string_view>

#include "cache/policy/policies.h"
#include "unit/cache/policy/order.h"

namespace ringcache {
namespace {

using testing::make_entries;

std::string ask(std::size_t capacity, std::string_view letters) {
  return testing::ask(PolicyKind::s3fifo, capacity, letters);
}

TEST(S3FifoTest, TwoUsesOnTheWayLeadToTheMainQueue) { EXPECT_EQ(ask(2, "aaabcda"), ".++.bc+"); }

TEST(S3FifoTest, OneUseIsNotEnough) { EXPECT_EQ(ask(2, "aabcda"), ".+.abc"); }

TEST(S3FifoTest, AGhostThatReturnsEntersTheMainQueue) { EXPECT_EQ(ask(3, "abcdaefa"), "...abcd+"); }

TEST(S3FifoTest, InTheMainQueueAUseBuysAnotherRound) {
  SlabPool pool;
  const auto s3fifo = make_s3fifo({.capacity = 10}, pool);
  const auto entries = make_entries<3>(pool);
  for (PolicyEntry* entry : entries) {
    s3fifo->insert(*entry);
    for (int use = 0; use < 2; ++use) s3fifo->touch(*entry);
  }
  EXPECT_EQ(s3fifo->evict(), entries[0]);  // all have gone to the main queue, without their uses
  s3fifo->touch(*entries[1]);
  EXPECT_EQ(s3fifo->evict(), entries[2]);
  EXPECT_EQ(s3fifo->evict(), entries[1]);
}

/// Algorithm 1 of the paper, with what it leaves open: M is full when it holds more than S leaves
/// it, an entry's uses begin anew in M, and a ghost that returns is one no more.
class Paper {
 public:
  explicit Paper(std::size_t capacity) : c_(capacity) {}

  bool ask(char x) {
    for (Queue* queue : {&s_, &m_})
      for (Object& t : *queue)
        if (t.key == x) return t.freq = std::min(t.freq + 1, 3), true;
    while (s_.size() + m_.size() == c_) evict();
    (std::erase(g_, x) > 0 ? m_ : s_).push_back({.key = x});
    return false;
  }

 private:
  struct Object {
    char key;
    int freq = 0;
  };
  using Queue = std::deque<Object>;

  static Object pop(Queue& queue) {
    const Object t = queue.front();
    queue.pop_front();
    return t;
  }

  void evict() { s_.size() >= s_max() ? evict_s() : evict_m(); }

  void evict_s() {
    while (!s_.empty()) {
      const Object t = pop(s_);
      if (t.freq <= 1) return to_ghosts(t.key);
      m_.push_back({.key = t.key});
      if (m_.size() > c_ - s_max()) evict_m();
    }
  }

  void evict_m() {
    while (!m_.empty()) {
      const Object t = pop(m_);
      if (t.freq == 0) return;
      m_.push_back({.key = t.key, .freq = t.freq - 1});
    }
  }

  void to_ghosts(char key) {
    g_.push_back(key);
    if (g_.size() > c_ * 9 / 10) g_.pop_front();
  }

  std::size_t s_max() const { return std::max<std::size_t>(1, c_ / 10); }

  std::size_t c_;
  Queue s_, m_;
  std::deque<char> g_;
};

void expect_hits_of_paper(std::size_t capacity, const std::string& letters) {
  Paper paper(capacity);
  const std::string answer = ask(capacity, letters);
  for (std::size_t i = 0; i < letters.size(); ++i)
    ASSERT_EQ(answer[i] == '+', paper.ask(letters[i])) << "capacity " << capacity << " at " << i;
}

/// Letters of a few, which slowly change: most are used twice before S would give them up.
std::string warm_letters(std::uint64_t seed, std::size_t few) {
  std::mt19937_64 random(seed);
  std::string letters;
  for (std::size_t i = 0; i < 20'000; ++i)
    letters += static_cast<char>(128 + (i / 60 + random() % few) % 120);
  return letters;
}

TEST(S3FifoTest, HitsAreThoseOfThePaper) {
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  for (const std::size_t capacity : {1, 2, 3, 10, 20, 40}) {
    expect_hits_of_paper(capacity, testing::some_letters(seed));
    expect_hits_of_paper(capacity, warm_letters(seed, capacity + 2));
  }
}

TEST(S3FifoTest, WhatGoesOnToAFullMainQueueSendsAnotherAway) {
  SlabPool pool;
  const auto s3fifo = make_s3fifo({.capacity = 3}, pool);  // shares of 1 and 2
  const auto entries = make_entries<4>(pool);
  for (PolicyEntry* entry : entries) s3fifo->insert(*entry);
  for (PolicyEntry* entry : std::span(entries).first(3))
    for (int use = 0; use < 2; ++use) s3fifo->touch(*entry);
  EXPECT_EQ(s3fifo->evict(), entries[0]);
  EXPECT_TRUE(s3fifo->evicting());
  EXPECT_EQ(s3fifo->evict(), entries[3]) << "the one that S gives";
  EXPECT_FALSE(s3fifo->evicting());
}

TEST(S3FifoTest, SharesAreOfTheCharges) {
  SlabPool pool;
  const auto s3fifo = make_s3fifo({.capacity = 1000}, pool);  // shares of 100 and 900
  const auto entries = make_entries<4>(pool);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    entries[i]->charge = std::array{425u, 425u, 60u, 40u}[i];
    s3fifo->insert(*entries[i]);
  }
  for (PolicyEntry* entry : std::span(entries).first(2))
    for (int use = 0; use < 2; ++use) s3fifo->touch(*entry);
  EXPECT_EQ(s3fifo->evict(), entries[2]);
  EXPECT_EQ(s3fifo->evict(), entries[0]) << "40 are below the small share";
  s3fifo->recharge(*entries[3], 100);
  EXPECT_EQ(s3fifo->evict(), entries[3]);
}

TEST(S3FifoTest, GhostsKeepToTheirMemory) {
  constexpr std::size_t kMemory = 4'000;
  SlabPool pool;
  const auto s3fifo = make_s3fifo({.capacity = 1'000'000, .memory_max = kMemory}, pool);
  const auto entries = make_entries<10>(pool);
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    PolicyEntry& entry = *entries[i % entries.size()];
    if (i >= entries.size()) s3fifo->evict();
    entry.hash = i * 0x9e3779b97f4a7c15;
    s3fifo->insert(entry);
    ASSERT_LE(s3fifo->memory(), kMemory);
  }
  EXPECT_GT(s3fifo->memory(), kMemory / 2);
}

}  // namespace
}  // namespace ringcache
