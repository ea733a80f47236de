// SPDX-License-Identifier: Apache-2.0
// Random operations on a cache and on a model so simple that it is right: a map of entries and, for
// the simplest policies, a rule that names the victim by looking at all of them. The cache tells of
// every departure, so that the model knows what is here under every policy.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <utility>

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

/// What is here, and, for some policies, who leaves next.
class Model {
 public:
  explicit Model(PolicyKind policy) : policy_(policy) {}

  Held* find(const std::string& name) {
    const auto found = held_.find(name);
    return found == held_.end() ? nullptr : &found->second;
  }
  void add(const std::string& name, Held fresh) {
    rewind_hand();
    use(fresh);
    fresh.came = fresh.used;
    fresh.visited = false;
    held_[name] = fresh;
  }
  void use(Held& held) {
    held.used = ++clock_;
    held.visited = true;
    held.priority = inflation_ + static_cast<double>(++held.count) * 1e6 / held.weight;
  }
  void erase(const std::string& name) { held_.erase(name); }

  bool knows_victims() const {
    constexpr std::array kExact{PolicyKind::fifo, PolicyKind::lru, PolicyKind::lfu,
                                PolicyKind::sieve, PolicyKind::gdsf};
    return std::ranges::find(kExact, policy_) != kExact.end();
  }
  std::string next_victim() {
    const Place victim = policy_ == PolicyKind::sieve
                             ? sieve_victim()
                             : std::ranges::min_element(held_, {}, [this](const auto& held) {
                                 return rank(held.second);
                               });
    inflation_ = victim->second.priority;
    return victim->first;
  }
  /// Does its policy send away more than there must be room for?
  bool may_overdo() const { return policy_ == PolicyKind::s3fifo; }

  std::uint64_t entries() const { return held_.size(); }
  std::uint64_t charge() const {
    std::uint64_t sum = 0;
    for (const auto& [name, held] : held_) sum += held.weight;
    return sum;
  }

 private:
  using Rank = std::tuple<double, std::uint64_t>;
  using Place = std::map<std::string, Held>::iterator;

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

  PolicyKind policy_;
  std::uint64_t clock_ = 0;
  double inflation_ = 0;    // GDSF's clock
  std::uint64_t hand_ = 0;  // SIEVE's
  std::map<std::string, Held> held_;
};

/// One cache, one model and a seed. The cache tells who leaves; the model whether he had to, and
/// whether it was his turn.
class Trial {
 public:
  Trial(PolicyKind policy, std::uint64_t capacity, std::uint64_t seed)
      : random_(seed),
        most_(capacity),
        capacity_(capacity),
        model_(policy),
        cache_({.capacity = capacity,
                .unit = CapacityUnit::objects,
                .policy = policy,
                .shards = 1,
                .on_departure = [this](std::string_view name, const Copy& copy,
                                       Departure why) { leave(std::string(name), copy, why); }},
               clock_) {}

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
  bool is_alive(const Held* held) const { return held && held->expires_at > clock_.now(); }

  void leave(const std::string& name, const Copy& copy, Departure why) {
    Held* held = model_.find(name);
    ASSERT_NE(held, nullptr) << name << " was not here";
    ASSERT_EQ(copy.bytes.view(), held->text) << name;
    if (why == Departure::replaced) {
      set(*held, coming_);
      return model_.use(*held);
    }
    if (why == Departure::expired) {
      add_coming();  // it was here when the hand that finds what has expired went round
      ASSERT_TRUE(!is_alive(held) || name == coming_name_) << name << " is alive";
    } else if (why == Departure::evicted) {
      ASSERT_TRUE(model_.charge() + coming_.weight > capacity_ || model_.may_overdo())
          << name << " need not leave";
      const bool is_own = name == coming_name_ && coming_.weight > capacity_;
      if (model_.knows_victims() && !is_own) {
        ASSERT_EQ(name, model_.next_victim());
      }
    }
    model_.erase(name);
  }

  /// What is being inserted is in the model, if it is new and will be kept.
  void add_coming() {
    if (is_new_) model_.add(coming_name_, std::exchange(coming_, {.weight = 0}));
    is_new_ = false;
  }

  static void set(Held& held, const Held& to) {
    std::tie(held.text, held.version, held.expires_at, held.weight) =
        std::tie(to.text, to.version, to.expires_at, to.weight);
  }

  void expect_same(const std::string& name, const std::optional<Copy>& found) {
    const Held* held = model_.find(name);
    ASSERT_EQ(found.has_value(), is_alive(held)) << name;
    if (!found) return;
    ASSERT_EQ(found->bytes.view(), held->text) << name;
    ASSERT_EQ(found->version, held->version) << name;
    ASSERT_EQ(found->expires_at, held->expires_at) << name;
  }

  void find(const std::string& name) {
    const auto found = cache_.find(key(name));
    expect_same(name, found);
    if (found) model_.use(*model_.find(name));
  }
  void peek(const std::string& name) { expect_same(name, cache_.peek(key(name))); }

  void insert(const std::string& name) {
    coming_name_ = name;
    coming_ = {.text = std::to_string(++made_), .expires_at = Time::max()};
    coming_.version = static_cast<std::uint64_t>(upto(3));
    coming_.weight = upto(10) == 0 ? 1 + static_cast<unsigned>(upto(40)) : 1;
    if (upto(3) == 0) coming_.expires_at = clock_.now() + std::chrono::seconds(upto(20));
    coming_.text.resize(static_cast<std::size_t>(upto(20) == 0 ? 2'100 : 10 + upto(60)), ' ');
    const Held* old = model_.find(name);
    const bool is_outdated = old && old->version > coming_.version;
    const bool fits = is_alive(&coming_) && coming_.weight <= capacity_;
    is_new_ = !old && fits;
    const bool is_kept = cache_.insert(key(name),
                                       {.bytes = Bytes::copy(coming_.text),
                                        .version = coming_.version,
                                        .expires_at = coming_.expires_at},
                                       coming_.weight);
    add_coming();
    ASSERT_EQ(is_kept, fits && !is_outdated && model_.find(name)) << name;
    coming_.weight = 0;
    coming_name_.clear();
  }

  void erase(const std::string& name) {
    const bool is_expected = model_.find(name) != nullptr;
    ASSERT_EQ(cache_.erase(key(name)), is_expected) << name;
    ASSERT_EQ(model_.find(name), nullptr) << "nobody was told";
  }

  void erase_all(char first) {
    cache_.erase_prefix(std::string(1, first), Departure::moved);
    for (int i = 0; i < 16; ++i) ASSERT_EQ(model_.find(first + std::to_string(i)), nullptr);
  }

  void resize() {
    capacity_ = upto(2) == 0 ? most_ : static_cast<unsigned>(upto(30));
    cache_.resize(capacity_);
  }

  std::mt19937_64 random_;
  const std::uint64_t most_;
  std::uint64_t capacity_;
  std::uint64_t made_ = 0;
  testing::SimScheduler clock_;
  Held coming_{.weight = 0};
  std::string coming_name_;
  bool is_new_ = false;
  Model model_;
  Cache cache_;
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
