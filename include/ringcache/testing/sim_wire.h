// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <ringcache/membership.h>
#include <ringcache/store.h>
#include <ringcache/testing/sim_scheduler.h>

namespace ringcache::testing {

/// The network of a simulated cluster: messages take time, get lost, and find nobody at home. What
/// happens is a function of the scheduler's seed. Not thread-safe.
class SimWire {
 public:
  /// Each message takes a time between the two and is lost with this probability.
  struct Weather {
    Duration delay_min = std::chrono::microseconds(100);
    Duration delay_max = std::chrono::milliseconds(2);
    double loss = 0;
  };

  explicit SimWire(SimScheduler& scheduler) : scheduler_(scheduler) {}

  void set_weather(Weather weather) { weather_ = weather; }

  /// The node of that name answers by `door` from now on; null: its process is gone, calls are
  /// refused and those under way break off.
  void attach(const std::string& name, Store* door) {
    nodes_[name].door = door;
    ++nodes_[name].incarnation;
  }

  /// A node that hangs: messages to it and answers from it vanish.
  void freeze(const std::string& name, bool frozen = true) { nodes_[name].frozen = frozen; }

  /// The way to `member`: what Cluster::Connect wants.
  std::shared_ptr<Store> connect(const Member& member) {
    return std::make_shared<Peer>(*this, member.name);
  }

  /// Calls that have arrived anywhere.
  std::size_t delivered() const { return delivered_; }

 private:
  struct Node {
    Store* door = nullptr;
    unsigned incarnation = 0;
    bool frozen = false;
  };

  /// One call on its way: whatever comes first, answer, break or deadline, ends it.
  template <class T>
  struct Transit {
    Done<T> done;
    void end(Result<T> result) {
      if (auto first = std::exchange(done, nullptr)) first(std::move(result));
    }
  };

  class Peer final : public Store {
   public:
    Peer(SimWire& wire, std::string name) : wire_(wire), name_(std::move(name)) {}

    void get(const KeyView& key, const Call& call, Done<Value> done) override {
      wire_.send<Value>(name_, call, {Errc::deadline_exceeded, Errc::unavailable}, std::move(done),
                        [key = OwnedKey(key), call](Store& door, Done<Value> answer) {
                          door.get(key.view(), call, std::move(answer));
                        });
    }
    /// One message, and one for the answer.
    void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override {
      std::vector<OwnedKey> owned(keys.begin(), keys.end());
      wire_.send<Values>(name_, call, {Errc::deadline_exceeded, Errc::unavailable}, std::move(done),
                         [owned, call](Store& door, Done<Values> answer) {
                           std::vector<KeyView> views;
                           for (const OwnedKey& key : owned) views.push_back(key.view());
                           door.get_many(views, call, std::move(answer));
                         });
    }
    void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
      wire_.send<Value>(name_, call, {Errc::unknown, Errc::unknown}, std::move(done),
                        [key = OwnedKey(key), value, call](Store& door, Done<Value> answer) {
                          door.put(key.view(), value, call, std::move(answer));
                        });
    }
    void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                         Done<Value> done) override {
      wire_.send<Value>(
          name_, call, {Errc::unknown, Errc::unknown}, std::move(done),
          [key = OwnedKey(key), expected, value, call](Store& door, Done<Value> answer) {
            door.compare_and_set(key.view(), expected, value, call, std::move(answer));
          });
    }
    void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) override {
      wire_.send<Value>(name_, call, {Errc::unknown, Errc::unknown}, std::move(done),
                        [key = OwnedKey(key), expires_at, call](Store& door, Done<Value> answer) {
                          door.touch(key.view(), expires_at, call, std::move(answer));
                        });
    }
    void invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done) override {
      wire_.send<std::uint64_t>(name_, call, {Errc::unavailable, Errc::unavailable},
                                std::move(done),
                                [what, call](Store& door, Done<std::uint64_t> answer) {
                                  door.invalidate(what, call, std::move(answer));
                                });
    }
    void erase(const KeyView& key, const Call& call, Done<void> done) override {
      wire_.send<void>(name_, call, {Errc::unknown, Errc::unknown}, std::move(done),
                       [key = OwnedKey(key), call](Store& door, Done<void> answer) {
                         door.erase(key.view(), call, std::move(answer));
                       });
    }

   private:
    SimWire& wire_;
    const std::string name_;
  };

  /// What the caller hears when no answer comes, and when the node dies with the call in hand.
  struct Failures {
    Errc late;
    Errc broken;
  };

  template <class T, class Deliver>
  void send(const std::string& name, const Call& call, Failures failures, Done<T> done,
            Deliver deliver) {
    auto transit = std::make_shared<Transit<T>>(std::move(done));
    const Duration patience = std::min<Duration>(call.deadline - scheduler_.now(), kPatience);
    scheduler_.after(patience, [transit, failures] {
      transit->end(fail(failures.late, "no answer over the simulated wire"));
    });
    if (lost()) return;
    scheduler_.after(delay(),
                     [this, name, failures, transit, deliver = std::move(deliver)] mutable {
                       arrive<T>(name, failures, transit, std::move(deliver));
                     });
  }

  template <class T, class Deliver>
  void arrive(const std::string& name, Failures failures,
              const std::shared_ptr<Transit<T>>& transit, Deliver deliver) {
    const Node& node = nodes_[name];
    if (node.frozen) return;
    if (!node.door) return refuse<T>(transit);
    ++delivered_;
    deliver(*node.door,
            [this, name, failures, transit, incarnation = node.incarnation](Result<T> result) {
              if (lost()) return;
              if (nodes_[name].incarnation != incarnation)
                result = fail(failures.broken, "the simulated node went down");
              scheduler_.after(delay(), [transit, result = std::move(result)] mutable {
                transit->end(std::move(result));
              });
            });
  }

  template <class T>
  void refuse(const std::shared_ptr<Transit<T>>& transit) {
    scheduler_.after(delay(), [transit] {
      transit->end(fail(Errc::unavailable, "the simulated node refuses connections"));
    });
  }

  bool lost() { return std::bernoulli_distribution(weather_.loss)(scheduler_.random()); }

  Duration delay() {
    return Duration(std::uniform_int_distribution<Duration::rep>(
        weather_.delay_min.count(), weather_.delay_max.count())(scheduler_.random()));
  }

  static constexpr Duration kPatience = std::chrono::seconds(10);

  SimScheduler& scheduler_;
  Weather weather_;
  std::map<std::string, Node> nodes_;
  std::size_t delivered_ = 0;
};

}  // namespace ringcache::testing
