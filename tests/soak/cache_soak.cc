// SPDX-License-Identifier: Apache-2.0
// Does a budget hold? Values of 1 B to 8 MiB (or small ones alone) come and go, and the capacity
// changes three times; all the while the process must not take more than the budget allows, and
// whatever has not been reported as gone must be here and right. bench/README.md has the figures.
//
//   cache_soak SECONDS [BUDGET_MIB [POLICY [log|even|small]]]
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include <ringcache/cache.h>

using namespace ringcache;

namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;
constexpr std::size_t kValueMax = 8 * kMiB;

std::size_t rss() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

/// A value that says whose it is, in each of its pages.
Bytes value_of(std::uint64_t id, std::size_t size) {
  return Bytes::build(size, [id, size](char* to) {
    std::memset(to, static_cast<int>(id % 251), size);
    if (size >= sizeof id) std::memcpy(to, &id, sizeof id);
  });
}
bool is_right(std::string_view value, std::uint64_t id, std::size_t size) {
  if (value.size() != size) return false;
  std::uint64_t said = id;
  if (size >= sizeof id) std::memcpy(&said, value.data(), sizeof said);
  return said == id && (size <= 8 || value[size - 1] == static_cast<char>(id % 251));
}

class Soak {
 public:
  Soak(std::size_t budget, PolicyKind policy, std::string sizes)
      : budget_(budget),
        sizes_(std::move(sizes)),
        before_(rss()),
        cache_({.capacity = budget,
                .policy = policy,
                .on_departure = [this](std::string_view name, const Copy&,
                                       Departure) { here_.erase(id_of(name)); }},
               clock_) {}

  /// The number of complaints.
  int run(std::chrono::seconds time) {
    const auto begin = std::chrono::steady_clock::now();
    const std::size_t budgets[] = {budget_, budget_ / 4, budget_ * 3 / 2, budget_};
    for (std::size_t phase = 0; phase < std::size(budgets); ++phase) {
      cache_.resize(budgets[phase]);
      most_ = 0;
      do {
        for (int i = 0; i < 200; ++i) step();
        most_here_ = std::max(most_here_, here_.size());
        watch(budgets[phase]);
      } while (std::chrono::steady_clock::now() - begin < time * (phase + 1) / std::size(budgets));
      report(budgets[phase]);
    }
    for (const auto& [id, size] : here_) look(id, size);
    return complaints_;
  }

 private:
  static std::uint64_t id_of(std::string_view name) {
    return std::strtoull(std::string(name).c_str(), nullptr, 10);
  }

  std::size_t some_size() {
    if (sizes_ == "even") return 1 + random_() % kValueMax;
    if (sizes_ == "small") return 1 + random_() % 1000;
    const double exponent = std::uniform_real_distribution<>(0, std::log2(kValueMax))(random_);
    return static_cast<std::size_t>(std::exp2(exponent));
  }

  void step() {
    const std::uint64_t id = random_() % 2'000'000;
    const auto found = here_.find(id);
    if (found != here_.end()) return look(id, found->second);
    const std::size_t size = some_size();
    here_[id] = size;
    if (!cache_.insert({"", std::to_string(id)}, {.bytes = value_of(id, size)})) here_.erase(id);
    ++inserted_;
  }

  void look(std::uint64_t id, std::size_t size) {
    const auto found = cache_.find({"", std::to_string(id)});
    if (!found || !is_right(found->bytes.view(), id, size)) complain("lost or wrong: ", id);
  }

  void watch(std::size_t budget) {
    const std::size_t model = most_here_ * 64;
    const std::size_t taken = rss() - before_ - std::min(model, rss() - before_);
    most_ = std::max(most_, taken);
    if (taken > budget + budget / 10 + 32 * kMiB) complain("above the budget, MiB: ", taken / kMiB);
    if (cache_.stats().charge > budget) complain("charge above the budget: ", budget);
  }

  void complain(const char* what, std::uint64_t which) {
    if (++complaints_ <= 10) std::cout << what << which << '\n';
  }

  void report(std::size_t budget) {
    std::cout << "budget " << budget / kMiB << " MiB: at most " << most_ / kMiB << " MiB taken, "
              << cache_.size() << " entries, " << inserted_ << " insertions so far\n";
  }

  const std::size_t budget_;
  const std::string sizes_;
  const std::size_t before_;
  std::size_t most_ = 0;
  std::size_t most_here_ = 0;  // entries of the model, whose memory stays
  std::uint64_t inserted_ = 0;
  int complaints_ = 0;
  std::mt19937_64 random_{1};
  std::unordered_map<std::uint64_t, std::size_t> here_;
  SystemClock clock_;
  Cache cache_;
};

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments + 1, arguments + count);
  const auto word = [&](std::size_t at, const char* otherwise) {
    return at < words.size() ? words[at] : std::string(otherwise);
  };
  const auto policy = policy_from_name(word(2, "auto"));
  if (!policy) return std::cerr << "no such policy\n", 2;
  Soak soak(std::strtoull(word(1, "256").c_str(), nullptr, 10) * kMiB, *policy, word(3, "log"));
  return soak.run(std::chrono::seconds(std::atoi(word(0, "10").c_str()))) == 0 ? 0 : 1;
}
