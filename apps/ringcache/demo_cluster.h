// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include <ringcache/result.h>

namespace ringcache {

/// One of the demo's three nodes.
struct DemoNode {
  std::string name;
  std::string http;
};

/// The cluster of deploy/demo/Procfile: three etcd members and three nodes over a database of
/// students, run by foreman in a process group of their own, ended with this object.
class DemoCluster {
 public:
  /// Errors name what is missing or which port is taken, and what to do about it.
  static Result<DemoCluster> start(const std::string& data);
  ~DemoCluster();
  DemoCluster(DemoCluster&& other) noexcept;

  static const std::vector<DemoNode>& nodes();
  /// Process id of a node as its supervisor last wrote it; 0 when unknown.
  pid_t pid_of(const std::string& node) const;
  std::string log_file() const { return (data_ / "cluster.log").string(); }

 private:
  DemoCluster(std::filesystem::path data, pid_t foreman)
      : data_(std::move(data)), foreman_(foreman) {}

  std::filesystem::path data_;
  pid_t foreman_;
};

}  // namespace ringcache
