// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ringcache/ring.h>
#include <ringcache/store.h>

namespace ringcache {

/// Where keys live: the current ring, published whole, and a Store for every other member.
///
/// Thread-safe. owner(), owns() and ring() take no lock and never wait for update(). A member's
/// Store is kept from view to view while its incarnation is there; once it has left the view, its
/// Store goes when the last call that uses it is done. Of those that have no deadline its end may
/// be the answer.
class Cluster {
 public:
  /// Makes the Store that speaks to a member. Called once per incarnation (and again if it changes
  /// its address), never under a lock. Must not throw nor return null.
  using Connect = std::function<std::shared_ptr<Store>(const Member&)>;
  /// Called after a new ring is published, in order, one at a time, on the thread that is in
  /// update(). `forget_all`: this node may have lost and regained keys unseen (a gap, or it was not
  /// in the view before as the incarnation it is now); every copy is suspect. Must not throw.
  using OnChange = std::function<void(const Ring& ring, bool forget_all)>;

  /// A subscription. Once it is destroyed OnChange is not running and will not run again, except
  /// that an OnChange which destroys its own subscription runs on to its end. It may outlive the
  /// Cluster. REQUIRES of the destroyer: holds no lock that OnChange takes.
  class Subscription {
   public:
    virtual ~Subscription() = default;
  };

  /// A node alone: it owns every key.
  Cluster() : Cluster({}, {}) {}
  /// `self` is this node's Member::name. `connect` may be empty if no other member ever comes.
  Cluster(std::string self, Connect connect, RingOptions options = {});
  /// REQUIRES: nobody is in a call, nor in OnChange.
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  /// Adopts a newer view; older or equal epochs are ignored. On return the view is published and
  /// every OnChange has run, unless another thread, or an OnChange up the stack, is in update()
  /// already: that one then does it. A view that is overtaken while it waits for this is never
  /// published, and the one that overtakes it counts as having a gap.
  void update(View view);

  /// The peer that owns the key, or null when this node does (also while no view has come, or the
  /// view is empty). Costs Ring::locate() and about 20 ns.
  std::shared_ptr<Store> owner(const KeyView& key) const;
  bool owns(const KeyView& key) const;

  struct Peer {
    std::string name;
    std::shared_ptr<Store> store;
  };
  /// The other members, by name.
  std::vector<Peer> peers() const;

  /// The ring in use, never null: empty while no view has come.
  std::shared_ptr<const Ring> ring() const;
  const std::string& self() const noexcept;

  /// From now on each new ring is told to `on_change`: a ring not told is to be seen in ring()
  /// already when this returns.
  std::unique_ptr<Subscription> subscribe(OnChange on_change);

 private:
  class Changes;
  class State;

  std::unique_ptr<State> state_;
};

}  // namespace ringcache
