// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/log.h>
#include <ringcache/membership.h>
#include <ringcache/store.h>

namespace ringcache {

/// A read-only JSON document that the node serves beside the keys: "/v1/groups/{group}" and the
/// like.
struct HttpPage {
  /// Values of the route's `{names}` (decoded) and of the query's parameters.
  using Parameters = std::map<std::string, std::string, std::less<>>;

  std::string route;
  std::function<Result<std::string>(const Parameters&)> json;
};

struct HttpOptions {
  std::string listen = "127.0.0.1:8080";  ///< HOST:PORT; port 0 lets the system choose.
  unsigned threads = 2;
  std::size_t connections_max = 10'000;
  std::size_t key_bytes_max = std::size_t{64} << 10;
  std::size_t value_bytes_max = std::size_t{16} << 20;
  Duration request_timeout = std::chrono::seconds(5);  ///< A request's deadline if it names none.
  Duration idle_timeout = std::chrono::seconds(60);    ///< A silent connection is closed.
  std::string api_group = "scores";  ///< Group of `GET /api?key=` without `group`.
  std::vector<HttpPage> pages;
  /// Name of a key's owner, for the X-Ringcache header.
  std::function<std::string(const KeyView&)> owner_name;
  /// Answers /readyz: empty when ready, else the reason why not.
  std::function<std::string()> unready_reason;
  Log log;
};

/// Serves a Store as HTTP (docs/http.md). Constructed = listening; destroyed = drained and closed.
class HttpServer {
 public:
  /// Errc::unavailable with the reason when the address cannot be bound.
  /// REQUIRES: `store` outlives the server.
  static Result<std::unique_ptr<HttpServer>> listen(HttpOptions options, Store& store);
  ~HttpServer();

  std::uint16_t port() const;

  /// Takes no new connection; answers what comes on the kept ones with `Connection: close`; returns
  /// when all are closed, or after `grace`.
  void drain(Duration grace);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct HttpPeerOptions {
  unsigned threads = 1;
  unsigned connections_max = 32;  ///< Kept connections per peer; further calls wait for one.
  std::size_t value_bytes_max = std::size_t{16} << 20;
};

/// The other end of the same wire: Stores that live on other members, over kept connections.
/// Destroy it after the Stores it made.
class HttpPeers {
 public:
  explicit HttpPeers(HttpPeerOptions options = {});
  ~HttpPeers();
  std::shared_ptr<Store> connect(const Member& member);  ///< At Member::http.

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ringcache
