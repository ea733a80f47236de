// SPDX-License-Identifier: Apache-2.0
// GDSF, greedy dual size with frequency: L. Cherkasova, "Improving WWW proxies performance with
// greedy-dual-size-frequency caching policy", HP Laboratories technical report HPL-98-69R1, 1998.
// Of priority clock + uses * cost / size, with the clock as it was at the last use, the lowest
// leaves, and the clock takes its priority: small and often used entries stay, and none for ever.
// Every entry costs the same to load here. Of equal priorities the least recently used leaves, as
// in libCacheSim; so does the scale of the cost, which decides how sums are rounded.
//
// A heap holds a node of 24 bytes for each entry. They are as many as there are entries, so the
// policy's memory may exceed what its budget has for ghosts; a cache counts it all the same.
#include <algorithm>
#include <cassert>
#include <cstdint>
#include <vector>

#include "cache/policy/policies.h"

namespace ringcache {
namespace {

constexpr double kCost = 1e6;
constexpr std::size_t kEntriesMax = std::size_t{1} << 28;  // as far as a mark counts

/// Four children for a node: half the levels of two, and they lie side by side. An entry's mark is
/// its node's place.
class Gdsf final : public Policy {
 public:
  /// Here the heap grows, so that its memory is counted before victims are chosen.
  void prepare(std::uint64_t /*hash*/, std::uint32_t /*charge*/) override {
    if (heap_.size() == heap_.capacity()) heap_.reserve(with_room(heap_.size()));
  }

  void insert(PolicyEntry& entry) override {
    assert(heap_.size() < kEntriesMax);
    heap_.push_back({.priority = 0, .entry = &entry, .used = 0, .uses = 0});
    use(heap_.size() - 1);
  }

  /// Constant time for most hits: they raise a priority, and three of four nodes have no children
  /// to sink below.
  void touch(PolicyEntry& entry) override { use(entry.mark); }

  void remove(PolicyEntry& entry) override { take(entry.mark); }

  PolicyEntry* evict() override {
    if (heap_.empty()) return nullptr;
    clock_ = heap_.front().priority;
    return take(0);
  }

  bool relocate(PolicyEntry& from, PolicyEntry& to) override {
    heap_[from.mark].entry = &to;
    return true;
  }

  void resize(PolicyBudget /*budget*/) override {}

  std::size_t memory() const noexcept override { return heap_.capacity() * sizeof(Node); }

 private:
  struct Node {
    double priority;
    PolicyEntry* entry;
    std::uint32_t used;  ///< The number of its last use, which may have begun again at 0.
    std::uint32_t uses;

    bool leaves_before(const Node& other) const {
      if (priority != other.priority) return priority < other.priority;
      return static_cast<std::int32_t>(used - other.used) < 0;
    }
  };

  static std::size_t with_room(std::size_t size) { return size + size / 8 + 4; }

  void use(std::size_t at) {
    Node node = heap_[at];
    node.uses += node.uses < UINT32_MAX;
    node.used = ++uses_;
    node.priority = clock_ + node.uses * kCost / node.entry->charge;
    settle(at, node);
  }

  PolicyEntry* take(std::size_t at) {
    PolicyEntry* entry = heap_[at].entry;
    const Node last = heap_.back();
    heap_.pop_back();
    if (at < heap_.size()) settle(at, last);
    if (heap_.capacity() > heap_.size() + heap_.size() / 2 + 8) shrink();
    return entry;
  }

  /// Puts a node where it belongs, from a place that is free upwards or downwards.
  void settle(std::size_t at, const Node& node) {
    for (; at > 0 && node.leaves_before(heap_[(at - 1) / 4]); at = (at - 1) / 4)
      put(at, heap_[(at - 1) / 4]);
    for (std::size_t child = first_child(at, node); child != 0; child = first_child(at, node)) {
      put(at, heap_[child]);
      at = child;
    }
    put(at, node);
  }

  /// The child that leaves first, if it leaves before `node`; else 0.
  std::size_t first_child(std::size_t at, const Node& node) const {
    const std::size_t end = std::min(4 * at + 5, heap_.size());
    std::size_t first = 0;
    for (std::size_t child = 4 * at + 1; child < end; ++child)
      if (heap_[child].leaves_before(first == 0 ? node : heap_[first])) first = child;
    return first;
  }

  void put(std::size_t at, const Node& node) {
    node.entry->mark = static_cast<std::uint32_t>(at) & (kEntriesMax - 1);
    heap_[at] = node;
  }

  void shrink() {
    std::vector<Node> smaller;
    smaller.reserve(with_room(heap_.size()));
    smaller.assign(heap_.begin(), heap_.end());
    heap_ = std::move(smaller);
  }

  std::vector<Node> heap_;
  double clock_ = 0;
  std::uint32_t uses_ = 0;  // of all entries
};

}  // namespace

std::unique_ptr<Policy> make_gdsf() { return std::make_unique<Gdsf>(); }

}  // namespace ringcache
