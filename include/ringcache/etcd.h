// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <ringcache/log.h>
#include <ringcache/membership.h>
#include <ringcache/scheduler.h>

namespace ringcache {

struct EtcdOptions {
  std::vector<std::string> endpoints{"127.0.0.1:2379"};  ///< HOST:PORT of the etcd members.
  std::string prefix =
      "/ringcache";  ///< Records lie at PREFIX/members/ID; one prefix = one cluster.
  /// A node that stops answering is out of every ring after this long (plus etcd's 0.5 s poll).
  std::chrono::seconds lease_ttl{3};
  /// Service name of the second record, SERVICE/HOST:PORT in etcd's gRPC naming format, by which Go
  /// clients resolve `etcd:///SERVICE`. Empty: none.
  std::string announce_as = "GroupCache";
  Log log;
};

/// Membership through an etcd cluster: a lease kept alive, two records under it, list then watch.
/// Survives the loss of any etcd member and of etcd as a whole (the last view stays in force; views
/// resume and the node registers again, under a new lease if need be, when etcd is back).
/// A malformed record is reported and ignored. Nothing here ever ends the process.
std::unique_ptr<Membership> etcd_membership(EtcdOptions options);

}  // namespace ringcache
