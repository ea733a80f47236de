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
/// like. A `{name}` is one segment of the path; a last `{key}` is all that is left, slashes too.
/// `json` is called on a thread that serves clients: it must not block, nor throw.
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
  std::size_t batch_keys_max = 10'000;  ///< Of one request; above it Errc::invalid_argument.
  /// What an answer to many keys may come to. Of a key whose value has no room the result is
  /// Errc::too_large; the first always has room.
  std::size_t batch_bytes_max = std::size_t{16} << 20;
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

/// Serves a Store as HTTP/1.1 (docs/http.md), on threads of its own. A request that the store
/// answers at once is read, answered and written on one thread, its payload never copied.
/// Constructed = listening; destroyed = closed, what is under way unanswered: drain() first.
class HttpServer {
 public:
  /// Errc::unavailable with the reason when the address cannot be bound, Errc::invalid_argument
  /// when it is none. REQUIRES: `store` outlives the server; it may answer after the server's end.
  static Result<std::unique_ptr<HttpServer>> listen(HttpOptions options, Store& store);
  ~HttpServer();

  std::uint16_t port() const;

  /// Takes no new connection but those that wait already; answers what comes on the kept ones with
  /// `Connection: close`, and closes those that stay silent for half a second; returns when all are
  /// closed, or closes what is left after `grace`. REQUIRES: not on a thread of the server's.
  void drain(Duration grace);

 private:
  struct Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct HttpPeerOptions {
  unsigned threads = 1;
  unsigned connections_max = 32;  ///< Per peer, each for a call at a time; more calls wait.
  unsigned waiting_max = 10'000;  ///< Above it Errc::overloaded.
  Duration connect_timeout = std::chrono::seconds(1);
  std::size_t value_bytes_max = std::size_t{16} << 20;
  std::size_t batch_keys_max = 10'000;                  ///< No more than the member's own.
  std::size_t batch_bytes_max = std::size_t{16} << 20;  ///< No less than the member's own.
};

/// The other end of the same wire: Stores that live on other members, over kept connections. Calls
/// arrive there as forwarded. A read (or an invalidation) whose kept connection turns out to be
/// closed is asked once more; a write never is: it is `unavailable` when no byte of it has left,
/// else `unknown`. get_many() is one request, unless limits make it more: what had no room in an
/// answer is asked for again. Completions run on its threads. Destroy it after the Stores it made;
/// a Store that is let go fails the calls that it still has.
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
