// SPDX-License-Identifier: Apache-2.0
// An eviction policy of your own, in a cache used alone: a second chance (CLOCK) for what was read.
#include <ringcache/cache.h>

#include <iostream>
#include <memory>
#include <string>

using namespace ringcache;

namespace {

/// Entries stand in a queue; one that was read since it joined goes round once more. Called under
/// the lock of the cache's shard, which has a policy of its own: no locking here.
class SecondChance final : public Policy {
 public:
  explicit SecondChance(EntryPool& pool) : queue_(pool) {}

  void insert(PolicyEntry& entry) override {
    entry.mark = 0;
    queue_.push_back(entry);
  }
  void touch(PolicyEntry& entry) override { entry.mark = 1; }
  void remove(PolicyEntry& entry) override { queue_.remove(entry); }
  PolicyEntry* evict() override {
    while (PolicyEntry* first = queue_.pop_front()) {
      if (first->mark == 0) return first;
      insert(*first);
    }
    return nullptr;
  }
  bool relocate(PolicyEntry& from, PolicyEntry& to) override {
    queue_.relocate(from, to);
    return true;
  }
  void resize(PolicyBudget) override {}

 private:
  EntryList queue_;
};

}  // namespace

int main() {
  const SystemClock clock;
  Cache cache({.capacity = 100,
               .unit = CapacityUnit::objects,
               .own_policy = [](PolicyBudget,
                                EntryPool& pool) { return std::make_unique<SecondChance>(pool); }},
              clock);
  const KeyView tom("scores", "Tom");
  cache.insert(tom, {.bytes = Bytes::copy("630")});
  for (int i = 0; i < 1'000; ++i) {  // a stream of others; Tom is asked for all along
    const std::string name = "passer-by " + std::to_string(i);
    cache.insert({"scores", name}, {.bytes = Bytes::copy("0")});
    cache.find(tom);
  }
  const auto found = cache.find(tom);
  std::cout << "score of Tom: " << (found ? found->bytes.view() : "gone") << '\n';
  return found ? 0 : 1;
}
