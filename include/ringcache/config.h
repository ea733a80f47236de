// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include <ringcache/group.h>
#include <ringcache/membership.h>
#include <ringcache/ring.h>

namespace ringcache {

/// Everything a node can be told. Defaults make a useful single node on loopback: HTTP on
/// 127.0.0.1:8080, gRPC on 127.0.0.1:9999, the durable group `kv`. docs/config.md has each key.
struct Config {
  struct NodeSection {
    std::string name;       ///< Default: the advertised gRPC address.
    std::string advertise;  ///< HOST:PORT others reach us at. Default: listen.grpc.
    unsigned weight = 1;
    std::string data_dir = "ringcache-data";
    friend bool operator==(const NodeSection&, const NodeSection&) = default;
  };
  struct ListenSection {
    std::string http = "127.0.0.1:8080";  ///< Empty: no such door.
    std::string grpc = "127.0.0.1:9999";
    friend bool operator==(const ListenSection&, const ListenSection&) = default;
  };
  struct MembershipSection {
    enum class Type { none, fixed, etcd };
    Type type = Type::none;
    std::vector<Member> members;         ///< fixed
    std::vector<std::string> endpoints;  ///< etcd
    std::string prefix = "/ringcache";
    std::chrono::seconds lease_ttl{3};
    std::string announce_as = "GroupCache";
    friend bool operator==(const MembershipSection&, const MembershipSection&) = default;
  };
  enum class Transport { grpc, http };
  struct SourceSection {
    std::string name;
    /// "sqlite:PATH", "kv:PATH" for the embedded durable store, or "grpc://HOST:PORT" for a program
    /// that serves it (remote_source.h).
    std::string dsn;
    unsigned pool = 8;
    Duration timeout = std::chrono::seconds(2);
    unsigned max_loads = 64;        ///< SourceLimits::loads_max.
    unsigned loads_per_second = 0;  ///< SourceLimits::loads_per_second.
    Duration feed{0};               ///< SqlFeedOptions::poll; 0: no change feed.
    friend bool operator==(const SourceSection&, const SourceSection&) = default;
  };
  struct GroupSection {
    GroupOptions options;
    std::string source;                                 ///< Name of a source; empty: a plain cache.
    std::string get, get_many, put, cas, touch, erase;  ///< Statements, where the source is SQL.
    Duration batch_window = std::chrono::microseconds(500);  ///< SqlStatements::batch_window.
  };
  struct LogSection {
    std::string level = "info";
    std::string format = "text";
  };

  NodeSection node;
  ListenSection listen;
  MembershipSection membership;
  RingOptions ring;
  Transport peer_transport = Transport::grpc;
  std::vector<SourceSection> sources;
  std::vector<GroupSection> groups;
  LogSection log;
};

/// One mistake in a configuration.
struct ConfigError {
  std::string where;    ///< FILE:LINE, or the variable or flag.
  std::string message;  ///< What is wrong and what would be right.
};

/// Settings given beside the file: flags by dotted name ("listen.http"), the environment by
/// variable.
using Overrides = std::map<std::string, std::string>;

/// Defaults < file < environment (RINGCACHE_LISTEN_HTTP, …) < flags. An empty path means no file.
/// All mistakes are reported, not only the first.
std::expected<Config, std::vector<ConfigError>> load_config(const std::string& path,
                                                            const Overrides& environment,
                                                            const Overrides& flags);

/// The RINGCACHE_… variables of this process.
Overrides environment_overrides();

}  // namespace ringcache
