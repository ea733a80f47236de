// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>

#include <ringcache/ring.h>
#include <ringcache/store.h>

namespace ringcache {

/// Where keys live: the current ring, published whole, and a Store for every other member.
/// Thread-safe; route() takes no lock that update() holds while it works.
class Cluster {
 public:
  /// Makes the Store that speaks to a member. Called once per incarnation, never under a lock.
  using Connect = std::function<std::shared_ptr<Store>(const Member&)>;
  /// Called after a new ring is published, in order. `forget_all`: this node may have lost and
  /// regained keys unseen (a gap, or it is a new incarnation); every copy is suspect.
  using OnChange = std::function<void(const Ring& ring, bool forget_all)>;

  /// A subscription; OnChange is not running and will not run again once it is destroyed.
  class Subscription;

  /// `self` is this node's Member::name.
  Cluster(std::string self, Connect connect, RingOptions options = {});
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// Adopts a newer view; older or equal epochs are ignored.
  void update(View view);

  /// The peer that owns the key, or null when this node does (also while no view has come, or this
  /// node is alone, or is not in the view and nobody is).
  std::shared_ptr<Store> owner(const KeyView& key) const;
  bool owns(const KeyView& key) const { return owner(key) == nullptr; }

  std::shared_ptr<const Ring> ring() const;
  const std::string& self() const noexcept { return self_; }

  std::unique_ptr<Subscription> subscribe(OnChange on_change);

 private:
  struct Map;
  struct State;

  std::string self_;
  std::shared_ptr<State> state_;
};

}  // namespace ringcache
