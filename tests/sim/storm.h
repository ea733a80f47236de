// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/sim_cluster.h"

namespace ringcache::testing {

/// Runs `scenario` for each seed, or for RINGCACHE_SEED alone; under a sanitizer, which looks for
/// something else, for a tenth of them. The first seed that breaks a promise ends the run and is
/// named.
inline void for_each_seed(std::uint64_t seeds, const std::function<void(std::uint64_t)>& scenario) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  seeds /= 10;
#endif
  std::uint64_t first = 1;
  if (const char* wanted = std::getenv("RINGCACHE_SEED")) {
    first = std::strtoull(wanted, nullptr, 10);
    seeds = 1;
  }
  for (std::uint64_t seed = first; seed < first + seeds; ++seed) {
    SCOPED_TRACE("RINGCACHE_SEED=" + std::to_string(seed));
    scenario(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

/// Stands between a node and the source: sees in which order writes reach it, and that those of a
/// key come one at a time.
class WatchedSource final : public Store {
 public:
  /// The writes of each key by whichever node, in the order in which they reached the source. An
  /// erase is an empty string.
  using Log = std::map<std::string, std::vector<std::string>, std::less<>>;

  WatchedSource(std::shared_ptr<Store> inner, Log& log) : inner_(std::move(inner)), log_(log) {}

  void get(const KeyView& key, const Call& call, Done<Value> done) override {
    inner_->get(key, call, std::move(done));
  }
  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
    begin(key, std::string(value.bytes.view()));
    inner_->put(key, std::move(value), call, watched(key, std::move(done)));
  }
  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                       Done<Value> done) override {
    begin(key, std::string(value.bytes.view()));
    inner_->compare_and_set(key, std::move(expected), std::move(value), call,
                            watched(key, std::move(done)));
  }
  void erase(const KeyView& key, const Call& call, Done<void> done) override {
    begin(key, "");
    inner_->erase(key, call, watched(key, std::move(done)));
  }

 private:
  using Running = std::map<std::string, int>;

  void begin(const KeyView& key, std::string bytes) {
    log_[std::string(key.name)].push_back(std::move(bytes));
    EXPECT_EQ(++(*writing_)[std::string(key.name)], 1) << "two writes of a key at once";
  }

  template <class T>
  Done<T> watched(const KeyView& key, Done<T> done) {
    return [writing = writing_, name = std::string(key.name),
            done = std::move(done)](Result<T> result) mutable {
      --(*writing)[name];
      done(std::move(result));
    };
  }

  std::shared_ptr<Store> inner_;
  Log& log_;
  std::shared_ptr<Running> writing_ = std::make_shared<Running>();
};

/// Three nodes a, b, c over one source with latencies of up to 10 ms, and random calls.
class Storm {
 public:
  struct Read {
    std::string key;
    Time begun, ended{};
    Asked<Value> asked{};

    bool succeeded() const { return asked.result() || asked.word() == "not_found"; }
  };
  struct Written {
    std::string key, bytes;  ///< Empty: an erase.
    Time ended{};
    Asked<Value> asked{};
  };

  Storm(std::uint64_t seed, GroupOptions options)
      : sim(seed, std::move(options)),
        random(seed),
        keys{"k" + std::to_string(seed), "l" + std::to_string(seed), "m" + std::to_string(seed)} {
    sim.source = std::make_shared<FakeSource>(
        sim.scheduler, [this] { return std::chrono::microseconds(pick(10'000)); });
    sim.source_of = [this](const std::string&) {
      return std::make_shared<WatchedSource>(sim.source, log);
    };
    for (const std::string& key : keys)
      if (pick(2)) sim.source->set(key, kInitial);
    sim.start_all({"a", "b", "c"});
  }

  static constexpr const char* kInitial = "initial";

  std::uint64_t pick(std::uint64_t below) { return random() % below; }
  const std::string& any_key() { return keys[pick(keys.size())]; }

  void at(Duration when, std::function<void()> act) { sim.scheduler.after(when, std::move(act)); }

  void read(const std::string& node, const std::string& key, Duration patience) {
    if (!sim.up(node)) return;
    const Time now = sim.scheduler.now();
    Read& read = *reads.emplace_back(std::make_unique<Read>(key, now));
    sim.group(node).get({"g", key}, {.deadline = now + patience},
                        timed(read.asked.done(), read.ended));
  }

  void write(const std::string& node, const std::string& key, Duration patience) {
    if (!sim.up(node)) return;
    const bool erase = pick(4) == 0;
    Written& write = *writes.emplace_back(
        std::make_unique<Written>(key, erase ? "" : std::to_string(writes.size())));
    const Call call{.deadline = sim.scheduler.now() + patience};
    auto done = timed(write.asked.done(), write.ended);
    if (!erase)
      return sim.group(node).put({"g", key}, Value{.bytes = Bytes::copy(write.bytes)}, call,
                                 std::move(done));
    sim.group(node).erase({"g", key}, call, [done = std::move(done)](Result<void> result) mutable {
      done(result ? Result<Value>(Value{}) : std::unexpected(result.error()));
    });
  }

  /// Runs until nothing is left to happen, timers included.
  void end() { sim.scheduler.run(); }

  void each_call_was_answered_once() const {
    for (const auto& read : reads) ASSERT_EQ(read->asked.answers(), 1) << read->key;
    for (const auto& write : writes) ASSERT_EQ(write->asked.answers(), 1) << write->key;
  }

  /// At this moment: a copy is kept by none but the owner, as the node itself sees it.
  void only_owners_keep_copies() {
    for (const char* name : {"a", "b", "c"})
      for (const std::string& key : keys)
        if (sim.up(name) && !sim.node(name).cluster.owns({"g", key})) {
          EXPECT_FALSE(sim.has_copy(name, key)) << name << " keeps " << key;
        }
  }

  /// Every node answers what the source holds.
  void all_nodes_tell_the_truth() {
    for (const char* name : {"a", "b", "c"})
      for (const std::string& key : keys) {
        const auto asked = sim.get(name, key);
        end();
        EXPECT_EQ(asked.word(), sim.source->row(key).value_or("not_found")) << name << " " << key;
      }
  }

  SimCluster sim;
  std::mt19937_64 random;
  const std::vector<std::string> keys;
  WatchedSource::Log log;
  std::vector<std::unique_ptr<Read>> reads;
  std::vector<std::unique_ptr<Written>> writes;

 private:
  Done<Value> timed(Done<Value> done, Time& ended) {
    return [this, &ended, done = std::move(done)](Result<Value> result) mutable {
      ended = sim.scheduler.now();
      done(std::move(result));
    };
  }
};

}  // namespace ringcache::testing
