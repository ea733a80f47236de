// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/result.h>

#include "etcd.grpc.pb.h"

namespace ringcache {

/// How long a call may take, and who may call it off.
struct EtcdCall {
  /// For each endpoint; every endpoint is tried once at most.
  std::chrono::milliseconds patience{2000};
  std::stop_token stop;
};

/// A client of one etcd cluster, over etcd's own gRPC API. All calls go to one current endpoint;
/// when it fails any of them, the next one becomes current, and a watch moves along: the lease's
/// keepalive is the watch's heartbeat. Calls block and are repeated at the next endpoint, so only
/// what is safe to repeat is here. Errors: unavailable when no endpoint gave an answer, otherwise
/// what etcd said (not_found, invalid_argument, unsupported, overloaded, internal). Thread-safe.
class EtcdClient {
 public:
  using OnResponse = std::function<bool(const etcdserverpb::WatchResponse&)>;

  /// REQUIRES: at least one endpoint. Connects when first used.
  explicit EtcdClient(const std::vector<std::string>& endpoints);
  ~EtcdClient();

  std::size_t endpoints() const noexcept { return endpoints_.size(); }

  /// "HOST:PORT, HOST:PORT", for messages.
  std::string addresses() const;

  /// All keys that start with `prefix`, as of `revision` (0: now). Linearizable.
  Result<etcdserverpb::RangeResponse> list(std::string_view prefix, std::int64_t revision,
                                           const EtcdCall& call);

  /// Does all of the request in one revision.
  Result<etcdserverpb::TxnResponse> commit(const etcdserverpb::TxnRequest& request,
                                           const EtcdCall& call);

  /// Grants the lease `id`, chosen by the caller so that a repeated grant is harmless. Returns the
  /// time to live, which etcd may have raised.
  Result<std::chrono::seconds> grant(std::int64_t id, std::chrono::seconds ttl,
                                     const EtcdCall& call);

  /// The time to live that is left now; zero when the lease is gone.
  Result<std::chrono::seconds> keep_alive(std::int64_t id, const EtcdCall& call);

  /// Ends a lease and deletes what was put under it. A lease that is gone already is no error.
  Result<void> revoke(std::int64_t id, const EtcdCall& call);

  /// Hands every response to `on_response`, on this thread, until that returns false, `stop` is
  /// requested, or the stream breaks, and returns why. Events come from revision `from` on.
  Error watch(std::string_view prefix, std::int64_t from, const OnResponse& on_response,
              std::stop_token stop);

 private:
  struct Endpoint;
  struct Seat {
    std::size_t at;
    std::stop_token left;  ///< Requested when the endpoint is not the current one any more.
  };

  template <class Response, class Attempt>
  Result<Response> call(const EtcdCall& how, Attempt attempt);
  Seat seat() const;
  void move_on(std::size_t from);

  std::vector<std::unique_ptr<Endpoint>> endpoints_;
  mutable std::mutex mutex_;
  std::size_t current_;
  std::stop_source tenure_;  // of the current endpoint
};

/// The least key above all that start with `prefix`. REQUIRES: it ends in a byte below 0xff.
std::string after_prefix(std::string_view prefix);

}  // namespace ringcache
