// SPDX-License-Identifier: Apache-2.0
#include <ringcache/grpc.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <functional>
#include <optional>
#include <utility>

#include <grpcpp/grpcpp.h>

#include "grpc/errors.h"
#include "grpc/spans.h"
#include "ringcache.grpc.pb.h"

namespace ringcache {
namespace {

using std::chrono::microseconds;

constexpr std::size_t kMessageSlack = std::size_t{1} << 20;
constexpr int kReconnectFirstMs = 100;
constexpr int kReconnectMostMs = 1'000;
constexpr int kConnectMs = 1'000;
constexpr int kKeepaliveMs = 2'000;  // a machine that vanished is noticed after twice this

grpc::ChannelArguments channel_arguments(const GrpcPeerOptions& options) {
  grpc::ChannelArguments arguments;
  const std::size_t bytes = options.value_bytes_max + kMessageSlack;
  arguments.SetMaxReceiveMessageSize(static_cast<int>(std::min<std::size_t>(bytes, INT_MAX)));
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // a write must not be sent twice unseen
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMostMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return arguments;
}

/// One kept connection; shared with the calls in flight, which outlive their GrpcPeer.
struct Link {
  Link(const std::string& address, const GrpcPeerOptions& given)
      : options(given),
        channel(grpc::CreateCustomChannel("dns:///" + address, grpc::InsecureChannelCredentials(),
                                          channel_arguments(given))),
        stub(v1::Peer::NewStub(channel)) {}

  const GrpcPeerOptions options;
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<v1::Peer::Stub> stub;
  std::atomic<std::size_t> calls{0};
};

/// One call under way: all that gRPC and the completion need until it is over.
template <class Request, class Response, class T>
struct Exchange {
  Exchange(std::shared_ptr<Link> over, const KeyView& key, Intent what, Done<T> then)
      : link(std::move(over)), intent(what), done(std::move(then)) {
    request.set_group(key.group.data(), key.group.size());
    request.set_key(key.name.data(), key.name.size());
    ++link->calls;
  }
  ~Exchange() { --link->calls; }

  std::shared_ptr<Link> link;
  const Intent intent;
  const Time began = BootClock::now();
  grpc::ClientContext context;
  Request request;
  Response response;
  Done<T> done;
};

using Get = Exchange<v1::PeerGetRequest, v1::PeerValue, Value>;
using Put = Exchange<v1::PeerPutRequest, v1::PeerValue, Value>;
using Delete = Exchange<v1::PeerDeleteRequest, v1::PeerDeleted, void>;
using Finished = std::function<void(grpc::Status)>;

void send(v1::Peer::Stub& stub, Get& e, Finished finished) {
  stub.async()->Get(&e.context, &e.request, &e.response, std::move(finished));
}
void send(v1::Peer::Stub& stub, Put& e, Finished finished) {
  stub.async()->Put(&e.context, &e.request, &e.response, std::move(finished));
}
void send(v1::Peer::Stub& stub, Delete& e, Finished finished) {
  stub.async()->Delete(&e.context, &e.request, &e.response, std::move(finished));
}

std::optional<Error> objection(const Link& link, Time deadline, Intent intent) {
  if (link.calls > link.options.calls_max)
    return Error{Errc::overloaded, "too many calls in flight to this node"};
  if (deadline > BootClock::now()) return {};
  if (intent == Intent::read) return late(intent);
  return Error{Errc::unavailable, "the deadline has passed; the write was not sent"};
}

void set_deadline(grpc::ClientContext& context, Time deadline) {
  if (deadline != Time::max()) context.set_deadline(deadline_in(deadline - BootClock::now()));
}

/// Makes the call; `read` turns its response into a T.
template <class Exchange, class Read>
void run(const std::shared_ptr<Exchange>& exchange, Time deadline, Read read) {
  Exchange& e = *exchange;
  if (auto error = objection(*e.link, deadline, e.intent))
    return e.done(std::unexpected(std::move(*error)));
  set_deadline(e.context, deadline);
  send(*e.link->stub, e, [exchange, read](const grpc::Status& status) {
    Exchange& over = *exchange;
    if (status.ok()) return over.done(read(over));
    over.done(std::unexpected(error_of(status, over.context, over.intent)));
  });
}

struct Ping {
  grpc::ClientContext context;
  v1::PeerPing request;
  v1::PeerPong response;
};

/// Makes a write, which must not be sent before there is a connection: of a call that failed gRPC
/// does not tell whether it was sent, so what came too far is unknown for ever.
template <class Exchange, class Read>
void run_write(const std::shared_ptr<Exchange>& exchange, Time deadline, Read read) {
  Link& link = *exchange->link;
  const bool refused = objection(link, deadline, Intent::write).has_value();
  if (refused || link.channel->GetState(true) == GRPC_CHANNEL_READY)
    return run(exchange, deadline, read);
  const auto ping = std::make_shared<Ping>();
  set_deadline(ping->context, deadline);
  const auto answered = [ping, exchange, deadline, read](const grpc::Status& status) {
    if (status.ok()) return run(exchange, deadline, read);
    exchange->done(fail(Errc::unavailable, "not sent: " + status.error_message()));
  };
  link.stub->async()->Ping(&ping->context, &ping->request, &ping->response, answered);
}

/// The answer in this node's own time: it left no earlier than the call came here plus the time
/// it was held there, so a copy is never taken for younger than it is.
Value value_of(const v1::PeerValue& response, Time began, Bytes put) {
  const Time left_at = saturating_add(began, span_of<microseconds>(response.held_us()));
  Value value{.bytes = response.has_value() ? Bytes::copy(response.value()) : std::move(put),
              .version = response.version(),
              .hit = response.hit(),
              .stale = response.stale(),
              .load_time = span_of<microseconds>(response.load_us())};
  if (response.has_age_us()) value.loaded_at = left_at - span_of<microseconds>(response.age_us());
  if (response.has_ttl_us())
    value.expires_at = saturating_add(left_at, span_of<microseconds>(response.ttl_us()));
  return value;
}

class GrpcPeer final : public Store {
 public:
  GrpcPeer(const Member& member, const GrpcPeerOptions& options)
      : link_(std::make_shared<Link>(member.address, options)) {}

  void get(const KeyView& key, const Call& call, Done<Value> done) override {
    const auto exchange = std::make_shared<Get>(link_, key, Intent::read, std::move(done));
    exchange->request.set_max_stale_us(count_of<microseconds>(call.max_stale));
    run(exchange, call.deadline, [](Get& over) { return value_of(over.response, over.began, {}); });
  }

  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
    const auto exchange = std::make_shared<Put>(link_, key, Intent::write, std::move(done));
    if (value.bytes.size() > link_->options.value_bytes_max)
      return exchange->done(fail(Errc::too_large, "the value is larger than a node may send"));
    exchange->request.set_value(value.bytes.view().data(), value.bytes.size());
    if (value.expires_at != Time::max())
      exchange->request.set_ttl_us(count_of<microseconds>(value.expires_at - exchange->began));
    run_write(exchange, call.deadline, [bytes = std::move(value.bytes)](Put& over) {
      return value_of(over.response, over.began, bytes);
    });
  }

  void erase(const KeyView& key, const Call& call, Done<void> done) override {
    run_write(std::make_shared<Delete>(link_, key, Intent::write, std::move(done)), call.deadline,
              [](Delete&) { return Result<void>(); });
  }

 private:
  std::shared_ptr<Link> link_;
};

}  // namespace

std::shared_ptr<Store> grpc_peer(const Member& member, GrpcPeerOptions options) {
  return std::make_shared<GrpcPeer>(member, options);
}

}  // namespace ringcache
