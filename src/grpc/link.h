// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <grpcpp/grpcpp.h>

#include <ringcache/store.h>

#include "grpc/errors.h"

namespace ringcache {

struct LinkOptions {
  std::string address;  ///< HOST:PORT; one that is none is unreachable.
  /// "/SERVICE/METHOD", sent without arguments to make a connection; whatever comes back is fine.
  std::string ping;
  std::size_t calls_max = 0;
  std::size_t message_bytes_max = 0;  ///< Of an answer.
  /// How often a server is asked whether it lives while a call waits. A server that does not know
  /// us ends the connection when that is more often than every five minutes.
  std::chrono::milliseconds keepalive{0};
};

/// What gRPC calls when a call is over.
using Finished = std::function<void(grpc::Status)>;

/// One kept connection to a server, opened again whenever it is lost. Shared with the calls in
/// flight, which outlive whoever made them. Thread-safe.
class Link {
 public:
  explicit Link(LinkOptions options);

  /// Why a call is not to be sent at all.
  std::optional<Error> objection(Time deadline, Intent intent) const;

  /// Whether there is a connection now; if not, one is begun.
  bool stands() { return channel->GetState(true) == GRPC_CHANNEL_READY; }

  /// Tries to have a connection, until `deadline`; then tells whether there is, or why not.
  void connect(Time deadline, std::move_only_function<void(Result<void>)> then);

  const LinkOptions options;
  const std::shared_ptr<grpc::Channel> channel;
  std::atomic<std::size_t> calls{0};  ///< In flight.
};

/// A Link on which `Service` is spoken.
template <class Service>
struct ServiceLink : Link {
  explicit ServiceLink(LinkOptions given)
      : Link(std::move(given)), stub(Service::NewStub(channel)) {}

  const std::unique_ptr<typename Service::Stub> stub;
};

/// One call under way: all that gRPC and the completion need until it is over. Who derives from it
/// has send(Finished), which starts the call on `link->stub`.
template <class Service, class Request, class Response, class T>
struct Exchange {
  Exchange(std::shared_ptr<ServiceLink<Service>> over, Intent what, Done<T> then)
      : link(std::move(over)), intent(what), done(std::move(then)) {
    ++link->calls;
  }
  ~Exchange() { --link->calls; }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const std::shared_ptr<ServiceLink<Service>> link;
  const Intent intent;
  const Time began = BootClock::now();
  grpc::ClientContext context;
  Request request;
  Response response;
  Done<T> done;
};

void set_deadline(grpc::ClientContext& context, Time deadline);

/// Names the key in a request.
template <class Request>
void set_key(Request& request, const KeyView& key) {
  request.set_group(key.group.data(), key.group.size());
  request.set_key(key.name.data(), key.name.size());
}

/// Makes the call; `read` turns its response into a T, or a Result of it.
template <class Exchange, class Read>
void run(const std::shared_ptr<Exchange>& exchange, Time deadline, Read read) {
  if (auto error = exchange->link->objection(deadline, exchange->intent))
    return exchange->done(std::unexpected(std::move(*error)));
  set_deadline(exchange->context, deadline);
  exchange->send([exchange, read](const grpc::Status& status) {
    Exchange& over = *exchange;
    if (status.ok()) return over.done(read(over));
    over.done(std::unexpected(error_of(status, over.context, over.intent)));
  });
}

/// Makes a write, which must not be sent before there is a connection: of a call that failed gRPC
/// does not tell whether it was sent, so what came too far is unknown for ever.
template <class Exchange, class Read>
void run_write(const std::shared_ptr<Exchange>& exchange, Time deadline, Read read) {
  const bool refused = exchange->link->objection(deadline, Intent::write).has_value();
  if (refused || exchange->link->stands()) return run(exchange, deadline, read);
  exchange->link->connect(deadline, [exchange, deadline, read](Result<void> connected) {
    if (connected) return run(exchange, deadline, read);
    exchange->done(std::unexpected(std::move(connected.error())));
  });
}

}  // namespace ringcache
