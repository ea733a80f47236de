// SPDX-License-Identifier: Apache-2.0
#include "grpc/link.h"

#include <algorithm>
#include <climits>

#include <grpcpp/generic/generic_stub.h>

namespace ringcache {
namespace {

constexpr int kReconnectFirstMs = 100;
constexpr int kReconnectMostMs = 1'000;
constexpr int kConnectMs = 1'000;
/// A machine that vanished is noticed when it has not acknowledged what was sent for so long, or,
/// where nothing was, has not answered the question whether it lives.
constexpr int kSilenceMs = 2'000;

grpc::ChannelArguments channel_arguments(const LinkOptions& options) {
  grpc::ChannelArguments arguments;
  const std::size_t bytes = std::min<std::size_t>(options.message_bytes_max, INT_MAX);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(bytes));
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);  // a write must not be sent twice unseen
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectFirstMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMostMs);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(options.keepalive.count()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kSilenceMs);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  return arguments;
}

struct Ping {
  explicit Ping(const std::shared_ptr<grpc::Channel>& channel) : stub(channel) {}

  grpc::GenericStub stub;
  grpc::ClientContext context;
  grpc::Slice nothing;
  grpc::ByteBuffer request{&nothing, 1};
  grpc::ByteBuffer response;
  std::move_only_function<void(Result<void>)> then;
};

/// gRPC 1.51 ends the threads that it calls back on with the last channel or server, by joining
/// them. A call that outlives its Store lets go of the last channel on such a thread, which would
/// join itself, and go on with a queue that is gone. So one channel, which leads nowhere, stays.
void keep_callback_threads() {
  [[gnu::used]] static const Ping* const kept = [] {  // a leak checker finds it here
    auto* ping = new Ping(grpc::CreateCustomChannel("", nullptr, {}));  // NOLINT: for ever
    ping->stub.UnaryCall(&ping->context, "/", {}, &ping->request, &ping->response,
                         [](const grpc::Status&) {});
    return ping;
  }();
}

}  // namespace

Link::Link(LinkOptions given)
    : options(std::move(given)),
      channel(grpc::CreateCustomChannel("dns:///" + options.address,
                                        grpc::InsecureChannelCredentials(),
                                        channel_arguments(options))) {
  keep_callback_threads();
}

std::optional<Error> Link::objection(Time deadline, Intent intent) const {
  if (calls > options.calls_max) return Error{Errc::overloaded, "too many calls in flight"};
  if (deadline > BootClock::now()) return {};
  if (intent == Intent::read) return late(intent);
  return Error{Errc::unavailable, "the deadline has passed; the write was not sent"};
}

/// gRPC queues a call until its connection stands or fails, so one call that does nothing is a way
/// to wait without a thread. How it ends says little: to be refused by a server takes a connection.
void Link::connect(Time deadline, std::move_only_function<void(Result<void>)> then) {
  const auto ping = std::make_shared<Ping>(channel);
  ping->then = std::move(then);
  set_deadline(ping->context, deadline);
  const auto over = [ping, wire = channel](const grpc::Status& status) {
    if (wire->GetState(false) == GRPC_CHANNEL_READY) return ping->then({});
    const bool lost = status.ok();
    ping->then(fail(Errc::unavailable,
                    "not sent: " + (lost ? "the connection was lost" : status.error_message())));
  };
  ping->stub.UnaryCall(&ping->context, options.ping, {}, &ping->request, &ping->response, over);
}

void set_deadline(grpc::ClientContext& context, Time deadline) {
  if (deadline != Time::max()) context.set_deadline(deadline_in(deadline - BootClock::now()));
}

}  // namespace ringcache
