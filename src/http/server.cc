// SPDX-License-Identifier: Apache-2.0
#include <ringcache/http.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "http/connection.h"
#include "net/listener.h"
#include "net/loop.h"

namespace ringcache {
namespace {

/// Connections above the maximum that are told so; those above these are closed without a word.
constexpr std::size_t kRefusedMax = 256;
/// How long a connection may be on its way while the door closes: a round trip.
constexpr std::chrono::milliseconds kArrivalTime{50};
/// A connection that was told to end at once needs a turn of its loop for it.
constexpr std::chrono::seconds kAbortTime{5};

}  // namespace

struct HttpServer::Impl {
  Impl(HttpOptions options, Store& store)
      : loops(options.threads), door(std::make_shared<HttpDoor>(std::move(options), store)) {}

  void admit(const std::shared_ptr<NetLoop>& loop, NetSocket socket) {
    const std::size_t max = door->options.connections_max;
    auto connection = std::make_shared<HttpConnection>(door, loop, std::move(socket));
    const std::size_t present = door->crowd.enter(connection);
    if (present > max + kRefusedMax) return;  // its end closes it
    loop->post([connection = std::move(connection), full = present > max] {
      full ? connection->refuse() : connection->start();
    });
  }

  void tell_all(void (HttpConnection::*what)()) {
    for (auto& connection : door->crowd.all()) {
      NetLoop& loop = connection->loop();
      loop.post([connection = std::move(connection), what] { (connection.get()->*what)(); });
    }
  }

  NetLoops loops;
  std::shared_ptr<HttpDoor> door;
  std::unique_ptr<NetListener> listener;
};

HttpServer::HttpServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<HttpServer>> HttpServer::listen(HttpOptions options, Store& store) {
  const std::string address = options.listen;
  auto impl = std::make_unique<Impl>(std::move(options), store);
  auto listener = NetListener::open(address, impl->loops, impl->door->options.log);
  if (!listener) {
    Error error = std::move(listener.error());
    error.message += "; choose another with --listen-http";
    return std::unexpected(std::move(error));
  }
  impl->listener = std::move(*listener);
  impl->listener->start([door = impl.get()](const auto& loop, NetSocket socket) {
    door->admit(loop, std::move(socket));
  });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

HttpServer::~HttpServer() { drain(Duration{0}); }

std::uint16_t HttpServer::port() const { return impl_->listener->port(); }

void HttpServer::drain(Duration grace) {
  impl_->door->draining = true;
  impl_->listener->close(std::min<Duration>(grace, kArrivalTime));
  impl_->tell_all(&HttpConnection::drain);
  if (impl_->door->crowd.wait_until_empty(grace)) return;
  impl_->tell_all(&HttpConnection::cut);
  impl_->door->crowd.wait_until_empty(kAbortTime);
}

}  // namespace ringcache
