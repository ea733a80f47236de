// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <ringcache/log.h>
#include <ringcache/membership.h>
#include <ringcache/store.h>

namespace ringcache {

struct GrpcOptions {
  std::string listen = "127.0.0.1:9999";  ///< HOST:PORT; port 0 lets the system choose.
  std::size_t key_bytes_max = std::size_t{64} << 10;
  std::size_t value_bytes_max = std::size_t{16} << 20;
  std::size_t calls_max = 50'000;       ///< In flight at once; above it Errc::overloaded.
  std::size_t batch_keys_max = 10'000;  ///< Of one BatchGet; above it Errc::invalid_argument.
  /// What an answer to many keys may come to: less than the 4 MiB that gRPC's clients take unless
  /// told otherwise. Of a key whose value has no room the result is Errc::too_large; the first
  /// always has room.
  std::size_t batch_bytes_max = 4'000'000;
  Duration request_timeout = std::chrono::seconds(5);  ///< A call's deadline if it has none.
  /// Name of a key's owner, for the answer's `owner` field.
  std::function<std::string(const KeyView&)> owner_name{};
  Log log{};
};

/// Serves a Store as gRPC: ringcache.v1.Cache for clients, ringcache.v1.Peer between nodes,
/// ringcache.v1.Source for those whose source it is (remote_source.h), groupcachepb.GroupCache for
/// clients of the Go project, health and reflection.
/// Constructed = listening; destroyed = drained (for a request_timeout at most) and closed.
/// A Store's answer that comes after its call's deadline, or after the server, touches nothing.
class GrpcServer {
 public:
  /// Errc::unavailable with the reason when the address cannot be bound.
  /// REQUIRES: `store` outlives the server.
  static Result<std::unique_ptr<GrpcServer>> listen(GrpcOptions options, Store& store);
  ~GrpcServer();

  std::uint16_t port() const;

  /// Health answers NOT_SERVING, clients are told to go (GOAWAY) and no new call is taken; those in
  /// flight finish, or are cut off after `grace`. Answers wait for GOAWAY, at most 0.5 s, so that a
  /// client that heeds it loses no call. Returns when all is over.
  void drain(Duration grace);

 private:
  struct Impl;
  explicit GrpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct GrpcPeerOptions {
  std::size_t calls_max = 50'000;  ///< In flight at once; above it Errc::overloaded.
  std::size_t value_bytes_max = std::size_t{16} << 20;
  std::size_t batch_keys_max = 10'000;      ///< No more than the member's own.
  std::size_t batch_bytes_max = 4'000'000;  ///< No less than the member's own.
};

/// The other end of the same wire: a Store that lives on `member`, at Member::address, over one
/// kept connection of its own. Calls run to their end, at the deadline at the latest, even if the
/// Store is destroyed meanwhile; completions run on threads of gRPC's, or inside the call.
/// get_many() is one message, unless limits make it more: what had no room in an answer is asked
/// for again.
/// A write is sent only over a connection that stands: before that it fails as Errc::unavailable,
/// after it as Errc::unknown unless the member itself says more. An address that is none is
/// unreachable.
std::shared_ptr<Store> grpc_peer(const Member& member, GrpcPeerOptions options = {});

}  // namespace ringcache
