// SPDX-License-Identifier: Apache-2.0
// Random operations on a cache and on a model so simple that it is right: a list of entries and a
// rule that names the victim by looking at all of them. Under a policy with ghosts the model cannot
// tell who left; it then checks what a cache may never do.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>

#include <ringcache/cache.h>
#include <ringcache/testing/sim_scheduler.h>

namespace ringcache {
namespace {

using namespace std::chrono_literals;

struct Held {
  std::string text;
  std::uint64_t version = 0;
  Time expires_at;
  std::uint32_t weight = 1;
  std::uint64_t came = 0;
  std::uint64_t used = 0;
  std::uint64_t count = 0;
  double priority = 0;   // GDSF's
  bool visited = false;  // SIEVE's
};

class Model {
 public:
  Model(PolicyKind policy, std::uint64_t capacity) : policy_(policy), capacity_(capacity) {}

  /// Does it know who leaves?
  bool is_exact() const {
    constexpr std::array kExact{PolicyKind::fifo, PolicyKind::lru, PolicyKind::lfu,
                                PolicyKind::sieve, PolicyKind::gdsf};
    return std::ranges::find(kExact, policy_) != kExact.end();
  }

  Held* find(const std::string& name, Time now) {
    const auto found = held_.find(name);
    if (found == held_.end()) return nullptr;
    if (found->second.expires_at <= now) return held_.erase(found), nullptr;
    return use(found->second), &found->second;
  }

  const Held* peek(const std::string& name, Time now) const {
    const auto found = held_.find(name);
    return found == held_.end() || found->second.expires_at <= now ? nullptr : &found->second;
  }

  /// True if kept.
  bool insert(const std::string& name, Held fresh, Time now) {
    const auto old = held_.find(name);
    if (old != held_.end() && old->second.version > fresh.version) return false;
    if (fresh.expires_at <= now || fresh.weight > capacity_) return held_.erase(name), false;
    if (old == held_.end()) {
      evict_down_to(capacity_ - fresh.weight);
      rewind_hand();
      use(fresh);
      fresh.came = fresh.used;
      fresh.visited = false;
      held_[name] = fresh;
      return true;
    }
    std::tie(old->second.text, old->second.version, old->second.expires_at, old->second.weight) =
        std::tie(fresh.text, fresh.version, fresh.expires_at, fresh.weight);
    use(old->second);
    evict_down_to(capacity_);
    return held_.contains(name);
  }

  bool erase(const std::string& name) { return held_.erase(name) > 0; }
  void erase_all(char first) {
    std::erase_if(held_, [first](const auto& held) { return held.first[0] == first; });
  }
  void resize(std::uint64_t capacity) {
    capacity_ = capacity;
    evict_down_to(capacity);
  }

  std::uint64_t entries() const { return held_.size(); }
  std::uint64_t charge() const {
    std::uint64_t sum = 0;
    for (const auto& [name, held] : held_) sum += held.weight;
    return sum;
  }

 private:
  using Rank = std::tuple<double, std::uint64_t>;
  using Place = std::map<std::string, Held>::iterator;

  void use(Held& held) {
    held.used = ++clock_;
    held.visited = true;
    held.priority = inflation_ + static_cast<double>(++held.count) * 1e6 / held.weight;
  }

  Rank rank(const Held& held) const {
    if (policy_ == PolicyKind::fifo) return {0, held.came};
    if (policy_ == PolicyKind::lru) return {0, held.used};
    if (policy_ == PolicyKind::gdsf) return {held.priority, held.used};
    return {static_cast<double>(held.count), held.used};
  }

  /// The oldest of those that came at `hand_` or later, else of all.
  Place under_hand() {
    const auto from_hand = [this](const auto& held) {
      return std::tuple(held.second.came < hand_, held.second.came);
    };
    return std::ranges::min_element(held_, {}, from_hand);
  }

  /// A hand that has passed the newest does not wait for newer ones.
  void rewind_hand() {
    if (!held_.empty() && under_hand()->second.came < hand_) hand_ = 0;
  }

  Place sieve_victim() {
    Place at = under_hand();
    for (; at->second.visited; at = under_hand()) {
      at->second.visited = false;
      hand_ = at->second.came + 1;
    }
    hand_ = at->second.came + 1;
    return at;
  }

  void evict_down_to(std::uint64_t charge_left) {
    while (is_exact() && charge() > charge_left) {
      const Place victim = policy_ == PolicyKind::sieve
                               ? sieve_victim()
                               : std::ranges::min_element(held_, {}, [this](const auto& held) {
                                   return rank(held.second);
                                 });
      inflation_ = victim->second.priority;
      held_.erase(victim);
    }
  }

  PolicyKind policy_;
  std::uint64_t capacity_;
  std::uint64_t clock_ = 0;
  double inflation_ = 0;    // GDSF's clock
  std::uint64_t hand_ = 0;  // SIEVE's
  std::map<std::string, Held> held_;
};

/// One cache, one model and a seed.
class Trial {
 public:
  Trial(PolicyKind policy, std::uint64_t capacity, std::uint64_t seed)
      : random_(seed),
        capacity_(capacity),
        cache_({.capacity = capacity, .unit = CapacityUnit::objects, .policy = policy, .shards = 1},
               clock_),
        model_(policy, capacity) {}

  void step() {
    const std::string name = some_name();
    const int dice = upto(1000);
    if (dice < 450) return find(name);
    if (dice < 850) return insert(name);
    if (dice < 900) return erase(name);
    if (dice < 950) return peek(name);
    if (dice < 990) return clock_.advance(std::chrono::seconds(upto(3)));
    if (dice < 997) return resize();
    erase_all(name[0]);
  }

  void check() const {
    ASSERT_EQ(cache_.audit(), "");
    if (!model_.is_exact()) return;
    ASSERT_EQ(cache_.stats().entries, model_.entries());
    ASSERT_EQ(cache_.stats().charge, model_.charge());
  }

 private:
  int upto(int most) { return static_cast<int>(random_() % static_cast<unsigned>(most)); }
  std::string some_name() {
    std::string name(1, static_cast<char>('a' + upto(4)));
    return name += std::to_string(std::min(upto(16), upto(16)));
  }
  static KeyView key(const std::string& name) { return {"", name}; }

  void expect_same(const std::string& name, const std::optional<Copy>& found, const Held* held) {
    if (model_.is_exact()) {
      ASSERT_EQ(found.has_value(), held != nullptr) << name;
    }
    if (found) {
      ASSERT_NE(held, nullptr) << name << " should be gone";
      ASSERT_EQ(found->bytes.view(), held->text) << name;
      ASSERT_EQ(found->version, held->version) << name;
    } else if (held) {
      model_.erase(name);  // evicted, unless peek() found nothing: then it is nowhere either
    }
  }

  void find(const std::string& name) {
    const auto found = cache_.find(key(name));
    expect_same(name, found, model_.find(name, clock_.now()));
  }
  void peek(const std::string& name) {
    const auto found = cache_.peek(key(name));
    expect_same(name, found, model_.peek(name, clock_.now()));
  }

  void insert(const std::string& name) {
    Held fresh{.text = std::to_string(++made_), .expires_at = Time::max()};
    fresh.version = static_cast<std::uint64_t>(upto(3));
    fresh.weight = upto(10) == 0 ? 1 + static_cast<unsigned>(upto(40)) : 1;
    if (upto(3) == 0) fresh.expires_at = clock_.now() + std::chrono::seconds(upto(20));
    if (!cache_.peek(key(name)) && !model_.is_exact()) model_.erase(name);
    const Copy copy{
        .bytes = Bytes::copy(fresh.text), .version = fresh.version, .expires_at = fresh.expires_at};
    const bool is_kept = cache_.insert(key(name), copy, fresh.weight);
    const bool is_expected = model_.insert(name, fresh, clock_.now());
    if (model_.is_exact()) {
      ASSERT_EQ(is_kept, is_expected) << name;
    } else if (is_kept) {
      ASSERT_TRUE(is_expected) << name;
    }
  }

  void erase(const std::string& name) {
    const bool was_here = cache_.erase(key(name));
    const bool is_expected = model_.erase(name);
    if (model_.is_exact()) {  // otherwise it may have forgotten one that has expired
      ASSERT_EQ(was_here, is_expected) << name;
    }
  }

  void erase_all(char first) {
    cache_.erase_if([first](std::string_view name) { return name[0] == first; }, Departure::moved);
    model_.erase_all(first);
  }

  void resize() {
    const std::uint64_t capacity = upto(2) == 0 ? capacity_ : static_cast<unsigned>(upto(30));
    cache_.resize(capacity);
    model_.resize(capacity);
  }

  std::mt19937_64 random_;
  std::uint64_t capacity_;
  std::uint64_t made_ = 0;
  testing::SimScheduler clock_;
  Cache cache_;
  Model model_;
};

/// {0, 1, some of the keys, all of them}
using Case = std::tuple<PolicyKind, std::uint64_t>;
class CacheModelTest : public ::testing::TestWithParam<Case> {};

INSTANTIATE_TEST_SUITE_P(PoliciesAndCapacities, CacheModelTest,
                         ::testing::Combine(::testing::ValuesIn(policy_kinds()),
                                            ::testing::Values(0u, 1u, 20u, 4'000u)),
                         [](const auto& test) {
                           return std::string(policy_name(std::get<0>(test.param))) + "_" +
                                  std::to_string(std::get<1>(test.param));
                         });

TEST_P(CacheModelTest, ACacheDoesWhatItsModelDoes) {
  const auto [policy, capacity] = GetParam();
  const std::uint64_t seed = std::random_device()();
  SCOPED_TRACE("seed " + std::to_string(seed));
  Trial trial(policy, capacity, seed);
  for (int i = 0; i < 40'000 && !HasFatalFailure(); ++i) {
    SCOPED_TRACE("step " + std::to_string(i));
    trial.step();
    if (i % 10 == 0) trial.check();
  }
}

}  // namespace
}  // namespace ringcache
