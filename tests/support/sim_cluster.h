// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <ringcache/group.h>
#include <ringcache/testing/fake_source.h>
#include <ringcache/testing/sim_scheduler.h>
#include <ringcache/testing/sim_wire.h>

#include "support/asked.h"

namespace ringcache::testing {

/// A node: its idea of the ring, and one group "g".
struct SimNode {
  SimNode(const std::string& name, std::string node_id, GroupOptions options,
          std::shared_ptr<Store> source, SimWire& wire, SimScheduler& scheduler)
      : id(std::move(node_id)),
        cluster(name, [&wire](const Member& member) { return wire.connect(member); },
                {.type = RingType::classic, .replicas = 8}),  // quick to build
        group(std::make_unique<Group>(std::move(options), std::move(source), cluster, scheduler)) {}

  const std::string id;
  Cluster cluster;
  std::unique_ptr<Group> group;
};

/// Nodes over one source in one thread. Each node sees the views it is shown.
class SimCluster {
 public:
  explicit SimCluster(std::uint64_t seed = 1, GroupOptions group_options = {})
      : scheduler(seed), wire(scheduler), options(std::move(group_options)) {
    options.name = "g";
  }

  SimNode& start(const std::string& name) {
    nodes_[name] = std::make_unique<SimNode>(name, name + std::to_string(++incarnations_), options,
                                             source_of(name), wire, scheduler);
    wire.attach(name, nodes_[name]->group.get());
    return *nodes_[name];
  }

  /// REQUIRES: not called from a completion.
  void crash(const std::string& name) {
    wire.attach(name, nullptr);
    nodes_.erase(name);
  }

  bool up(const std::string& name) const { return nodes_.contains(name); }
  SimNode& node(const std::string& name) { return *nodes_.at(name); }
  Group& group(const std::string& name) { return *node(name).group; }

  /// The next view: those of the named nodes that are up.
  View view_of(const std::vector<std::string>& names, bool gap = false) {
    View view{.epoch = ++epoch_, .members = {}, .gap = gap};
    for (const std::string& name : names)
      if (up(name)) view.members.push_back({.id = node(name).id, .name = name, .address = name});
    return view;
  }

  /// Starts the nodes and shows all of them to each.
  void start_all(const std::vector<std::string>& names) {
    for (const std::string& name : names) start(name);
    show_all(names);
  }

  void show_all(const std::vector<std::string>& names) {
    const View view = view_of(names);
    for (auto& [name, node] : nodes_) node->cluster.update(view);
  }

  /// A key that `owner` owns in the eyes of `viewer`.
  std::string key_owned_by(const std::string& owner, const std::string& viewer, int skip = 0) {
    const auto ring = node(viewer).cluster.ring();
    for (int i = 0;; ++i) {
      std::string name = "key-" + std::to_string(i);
      if (ring->owner({"g", name}).name == owner && skip-- == 0) return name;
    }
  }
  std::string key_owned_by(const std::string& owner) { return key_owned_by(owner, owner); }

  Asked<Value> get(const std::string& at, std::string_view name, const Call& call = {}) {
    return ask_get(group(at), {"g", name}, call);
  }
  Asked<Value> put(const std::string& at, std::string_view name, std::string_view bytes,
                   const Call& call = {}) {
    return ask_put(group(at), {"g", name}, bytes, call);
  }
  Asked<void> erase(const std::string& at, std::string_view name, const Call& call = {}) {
    return ask_erase(group(at), {"g", name}, call);
  }
  bool has_copy(const std::string& at, std::string_view name) {
    return group(at).explain({"g", name}).copy.has_value();
  }

  SimScheduler scheduler;
  SimWire wire;
  GroupOptions options;
  std::shared_ptr<FakeSource> source = std::make_shared<FakeSource>();
  /// The way from a node to the source; a test may stand in it.
  std::function<std::shared_ptr<Store>(const std::string& node)> source_of =
      [this](const std::string&) { return source; };

 private:
  std::map<std::string, std::unique_ptr<SimNode>> nodes_;
  std::uint64_t epoch_ = 0;
  unsigned incarnations_ = 0;
};

}  // namespace ringcache::testing
