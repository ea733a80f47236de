// SPDX-License-Identifier: Apache-2.0
#include <ringcache/cluster.h>

#include <algorithm>
#include <cassert>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "cluster/published.h"

namespace ringcache {

/// Who wants to hear of new rings, and who is being told right now.
class Cluster::Changes {
 public:
  struct Listener {
    OnChange on_change;
    bool left = false;
  };
  using ListenerPtr = std::shared_ptr<Listener>;

  ListenerPtr add(OnChange on_change) {
    auto listener = std::make_shared<Listener>(std::move(on_change));
    const std::lock_guard lock(mutex_);
    listeners_.push_back(listener);
    return listener;
  }

  void remove(const ListenerPtr& listener) {
    std::unique_lock lock(mutex_);
    listener->left = true;
    std::erase(listeners_, listener);
    if (teller_ == std::this_thread::get_id())
      return;  // inside an OnChange: waiting would be for us
    told_.wait(lock, [&] { return telling_ != listener.get(); });
  }

  /// REQUIRES: one call at a time.
  void tell(const Ring& ring, bool forget_all) {
    for (const ListenerPtr& listener : listeners()) {
      if (!begin(*listener)) continue;
      listener->on_change(ring, forget_all);
      end();
    }
  }

 private:
  std::vector<ListenerPtr> listeners() {
    const std::lock_guard lock(mutex_);
    return listeners_;
  }

  bool begin(const Listener& listener) {
    const std::lock_guard lock(mutex_);
    if (listener.left) return false;
    telling_ = &listener;
    teller_ = std::this_thread::get_id();
    return true;
  }

  void end() {
    const std::lock_guard lock(mutex_);
    telling_ = nullptr;
    teller_ = {};
    told_.notify_all();
  }

  std::mutex mutex_;  // guards all below; not held while an OnChange runs
  std::condition_variable told_;
  std::vector<ListenerPtr> listeners_;
  const Listener* telling_ = nullptr;
  std::thread::id teller_;
};

namespace {

/// A ring and, beside each of its members, the way there.
struct Map {
  std::shared_ptr<const Ring> ring;
  std::vector<std::shared_ptr<Store>> peers;  // null for this node

  /// The index of the member of that name.
  std::optional<std::size_t> find(const std::string& name) const {
    const auto& members = ring->members();
    const auto at = std::ranges::lower_bound(members, name, {}, &Member::name);
    if (at == members.end() || at->name != name) return std::nullopt;
    return static_cast<std::size_t>(at - members.begin());
  }

  const Member* member(const std::string& name) const {
    const auto at = find(name);
    return at ? &ring->members()[*at] : nullptr;
  }

  /// The Store of the same incarnation of that member, or null.
  std::shared_ptr<Store> peer(const Member& wanted) const {
    const auto at = find(wanted.name);
    if (!at) return nullptr;
    const Member& known = ring->members()[*at];
    const bool same =
        known.id == wanted.id && known.address == wanted.address && known.http == wanted.http;
    return same ? peers[*at] : nullptr;
  }
};

}  // namespace

class Cluster::State {
 public:
  State(std::string self, Connect connect, RingOptions options)
      : self_(std::move(self)), connect_(std::move(connect)), options_(options) {
    auto map = std::make_unique<Map>();
    map->ring = std::make_shared<const Ring>(View{}, options_);
    published_.publish(std::move(map));
  }

  const std::string& self() const noexcept { return self_; }
  const std::shared_ptr<Changes>& changes() const noexcept { return changes_; }

  template <class Use>
  auto read(Use&& use) const {
    return published_.read([&](const Map* map) { return use(*map); });
  }

  void update(View view) {
    if (!enqueue(std::move(view))) return;
    while (auto next = dequeue()) adopt(std::move(*next));
  }

 private:
  /// True if the caller is to adopt what waits, until nothing does.
  bool enqueue(View view) {
    const std::lock_guard lock(mutex_);
    if (newest_ && view.epoch <= *newest_) return false;
    newest_ = view.epoch;
    if (waiting_) view.gap = true;
    waiting_ = std::move(view);
    return !std::exchange(adopting_, true);
  }

  std::optional<View> dequeue() {
    const std::lock_guard lock(mutex_);
    adopting_ = waiting_.has_value();
    return std::exchange(waiting_, std::nullopt);
  }

  void adopt(View view) {
    const bool gap = view.gap;
    const auto ring = std::make_shared<const Ring>(std::move(view), options_);
    auto next = make_map(ring);
    const bool forget_all = gap || !stays(*next);
    const auto before = published_.publish(std::move(next));
    changes_->tell(*ring, forget_all);
  }

  std::unique_ptr<Map> make_map(std::shared_ptr<const Ring> ring) const {
    auto map = std::make_unique<Map>();
    for (const Member& member : ring->members()) map->peers.push_back(peer_for(member));
    map->ring = std::move(ring);
    return map;
  }

  std::shared_ptr<Store> peer_for(const Member& member) const {
    if (member.name == self_) return nullptr;
    if (auto kept = published_.current()->peer(member)) return kept;
    auto made = connect_(member);
    assert(made);
    return made;
  }

  /// Not a member that the view before did not have: a newcomer cannot know what others did to keys
  /// that it now owns. One that left has lost its keys for all to see and needs no such care.
  bool stays(const Map& next) const {
    const Member* after = next.member(self_);
    const Member* before = published_.current()->member(self_);
    return !after || (before && before->id == after->id);
  }

  const std::string self_;
  const Connect connect_;
  const RingOptions options_;
  const std::shared_ptr<Changes> changes_ = std::make_shared<Changes>();
  Published<Map> published_;

  std::mutex mutex_;  // guards all below; held only to pass views on
  std::optional<std::uint64_t> newest_;
  std::optional<View> waiting_;
  bool adopting_ = false;
};

Cluster::Cluster(std::string self, Connect connect, RingOptions options)
    : state_(std::make_unique<State>(std::move(self), std::move(connect), options)) {}

Cluster::~Cluster() = default;

void Cluster::update(View view) { state_->update(std::move(view)); }

std::shared_ptr<Store> Cluster::owner(const KeyView& key) const {
  return state_->read([&](const Map& map) -> std::shared_ptr<Store> {
    if (map.ring->empty()) return nullptr;
    return map.peers[map.ring->locate(key).owner];
  });
}

bool Cluster::owns(const KeyView& key) const {
  return state_->read(
      [&](const Map& map) { return map.ring->empty() || !map.peers[map.ring->locate(key).owner]; });
}

std::vector<Cluster::Peer> Cluster::peers() const {
  return state_->read([](const Map& map) {
    std::vector<Peer> peers;
    for (std::size_t i = 0; i < map.peers.size(); ++i)
      if (map.peers[i]) peers.push_back({map.ring->members()[i].name, map.peers[i]});
    return peers;
  });
}

std::shared_ptr<const Ring> Cluster::ring() const {
  return state_->read([](const Map& map) { return map.ring; });
}

const std::string& Cluster::self() const noexcept { return state_->self(); }

std::unique_ptr<Cluster::Subscription> Cluster::subscribe(OnChange on_change) {
  class Leaves final : public Subscription {
   public:
    Leaves(std::shared_ptr<Changes> changes, OnChange on_change)
        : changes_(std::move(changes)), listener_(changes_->add(std::move(on_change))) {}
    ~Leaves() override { changes_->remove(listener_); }

   private:
    std::shared_ptr<Changes> changes_;
    Changes::ListenerPtr listener_;
  };
  return std::make_unique<Leaves>(state_->changes(), std::move(on_change));
}

}  // namespace ringcache
