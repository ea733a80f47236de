// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <ringcache/config.h>
#include <ringcache/loader.h>
#include <ringcache/log.h>
#include <ringcache/store.h>

namespace ringcache {

/// A whole node in this process: groups, doors, peers, membership. The composition root: the only
/// place where concrete parts are chosen and joined. Two nodes in one process are fine.
class Node {
 public:
  /// Makes the parts and the configured groups; nobody sees the node yet. Errors say what to do.
  static Result<std::unique_ptr<Node>> create(Config config, Log log = {});

  /// Leaves the ring and drains if it serves.
  ~Node();

  /// A group filled by a function of this process, or by any Store; before serve(). Every node of
  /// the cluster must add it. Errc::invalid_argument when the name is taken. The group lives as
  /// long as the node.
  Result<Group*> add_group(GroupOptions options, Loader loader, LoaderOptions loader_options = {});
  Result<Group*> add_group(GroupOptions options, std::shared_ptr<Store> source);

  /// Opens the doors and joins the cluster.
  Result<void> serve();

  /// Graceful leave: out of the ring, wait until the others know, drain the doors. Idempotent.
  void leave();

  /// Adopts log level and group limits of a newer configuration; says in the log what it cannot
  /// adopt.
  void reload(const Config& config);

  Store& store();  ///< All groups.
  std::uint16_t http_port() const;
  std::uint16_t grpc_port() const;

 private:
  struct Parts;
  explicit Node(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ringcache
