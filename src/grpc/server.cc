// SPDX-License-Identifier: Apache-2.0
#include <ringcache/grpc.h>

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cerrno>
#include <climits>
#include <mutex>
#include <system_error>
#include <vector>

#include <grpc/grpc.h>
#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/health_check_service_interface.h>

#include "base/units.h"
#include "grpc/errors.h"
#include "grpc/services.h"

namespace ringcache {
namespace {

constexpr std::array kServiceNames{"ringcache.v1.Cache", "ringcache.v1.Peer", "ringcache.v1.Source",
                                   "groupcachepb.GroupCache"};

/// Room beside key and value, so that a message a little too large is refused in our own words.
constexpr std::size_t kMessageSlack = std::size_t{1} << 20;
/// What is larger ends the connection with all its calls: gRPC 1.51 refuses the stream, and then
/// takes the rest of its headers for a breach of protocol.
constexpr int kMetadataBytesMax = 256 << 10;
constexpr int kPingIntervalMinMs = 1'000;  // peers ask whether we live while a call is in flight
constexpr Duration kStill = std::chrono::milliseconds(100);  // what is under way arrives in this
constexpr Duration kStillMost = std::chrono::milliseconds(500);
constexpr Duration kLinger = std::chrono::seconds(1);  // a client short of CPU reads in this
constexpr int kKeepaliveMs = 60'000;                   // we ask whether silent clients do

std::string reason(int error) {
  std::string words = std::generic_category().message(error);
  words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  return error == EADDRINUSE ? words + "; choose another with --listen-grpc" : words;
}

/// 0, or the errno that keeps a listener from this address.
int bind_error(const addrinfo& address) {
  const int fd = ::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  const int yes = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const int error = ::bind(fd, address.ai_addr, address.ai_addrlen) == 0 ? 0 : errno;
  ::close(fd);
  return error;
}

/// gRPC says only that it cannot listen, and is content with one of several addresses of a name;
/// so we try first, for the reason's sake.
Result<void> check_free(const std::string& listen, const HostPort& where) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(where.host.empty() ? nullptr : where.host.c_str(),
                                   std::to_string(where.port).c_str(), &hints, &found);
  if (failed != 0) return fail(Errc::unavailable, listen + ": " + ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, &::freeaddrinfo);
  int error = 0;
  bool usable = false;
  for (const addrinfo* address = found; address; address = address->ai_next) {
    const int code = bind_error(*address);
    if (code == EADDRINUSE) return fail(Errc::unavailable, listen + ": " + reason(code));
    if (code == 0)
      usable = true;
    else
      error = code;
  }
  if (!usable) return fail(Errc::unavailable, listen + ": " + reason(error));
  return {};
}

int message_bytes_max(const GrpcOptions& options) {
  const std::size_t bytes = options.key_bytes_max + options.value_bytes_max + kMessageSlack;
  return static_cast<int>(std::min<std::size_t>(bytes, INT_MAX));
}

void set_limits(grpc::ServerBuilder& builder, const GrpcOptions& options) {
  builder.SetMaxReceiveMessageSize(message_bytes_max(options));
  builder.SetMaxSendMessageSize(-1);
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMetadataBytesMax);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kPingIntervalMinMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
}

}  // namespace

struct GrpcServer::Impl {
  Impl(GrpcOptions given, Store& store) : options(std::move(given)), backend{options, store} {
    services.push_back(cache_service(backend));
    services.push_back(peer_service(backend));
    services.push_back(groupcache_service(backend));
    services.push_back(source_service(backend));
  }

  Result<void> start(const HostPort& where) {
    grpc::EnableDefaultHealthCheckService(true);
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
    grpc::ServerBuilder builder;
    set_limits(builder, options);
    const std::string any = "[::]:" + std::to_string(where.port);
    builder.AddListeningPort(where.host.empty() ? any : options.listen,
                             grpc::InsecureServerCredentials(), &port);
    for (const auto& service : services) builder.RegisterService(service.get());
    closing = builder.AddCompletionQueue(false);
    server = builder.BuildAndStart();
    if (!server || port == 0) return fail(Errc::unavailable, options.listen + ": cannot listen");
    for (const char* name : kServiceNames)
      server->GetHealthCheckService()->SetServingStatus(name, true);
    return {};
  }

  /// Closes the listener and tells every client so (GOAWAY).
  //
  // gRPC refuses what arrives from this moment, also what a client sent before it could know
  // (CANCELLED, which nobody may repeat). So: 1. answers are held back; 2. a client that waits for
  // one sends no more, and soon nothing is under way; 3. GOAWAY goes out; 4. the answers follow
  // it on the same connections, and whoever reads one has read GOAWAY.
  void close() {
    backend.gate.hold(kStill, kStillMost);
    grpc_server_shutdown_and_notify(server->c_server(), closing->cq(), nullptr);
    backend.gate.release();
  }

  /// Connections end by themselves once their clients have read the last answer. Cut off earlier, a
  /// client that happens to write gets an error, and drops what it has not read.
  void linger() { grpc_completion_queue_next(closing->cq(), deadline_in(kLinger), nullptr); }

  /// What is still there, the watchers of our health among it, is cut off.
  void end() {
    grpc_server_cancel_all_calls(server->c_server());
    server->Shutdown();
    closing->Shutdown();
    const gpr_timespec never = gpr_inf_future(GPR_CLOCK_REALTIME);
    while (grpc_completion_queue_next(closing->cq(), never, nullptr).type != GRPC_QUEUE_SHUTDOWN) {
    }
  }

  const GrpcOptions options;
  Backend backend;
  std::vector<std::unique_ptr<grpc::Service>> services;
  int port = 0;
  std::once_flag drained;
  std::unique_ptr<grpc::ServerCompletionQueue> closing;  // hears of the end of closing
  std::unique_ptr<grpc::Server> server;                  // last: ends before what it serves
};

Result<std::unique_ptr<GrpcServer>> GrpcServer::listen(GrpcOptions options, Store& store) {
  const auto where = parse_host_port(options.listen);
  if (!where) return std::unexpected(where.error());
  if (auto free = check_free(options.listen, *where); !free) return std::unexpected(free.error());
  auto impl = std::make_unique<Impl>(std::move(options), store);
  if (auto started = impl->start(*where); !started) return std::unexpected(started.error());
  return std::unique_ptr<GrpcServer>(new GrpcServer(std::move(impl)));
}

GrpcServer::GrpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

GrpcServer::~GrpcServer() { drain(impl_->options.request_timeout); }

std::uint16_t GrpcServer::port() const { return static_cast<std::uint16_t>(impl_->port); }

void GrpcServer::drain(Duration grace) {
  const Time deadline = saturating_add(BootClock::now(), grace);
  std::call_once(impl_->drained, [this, deadline] {
    impl_->server->GetHealthCheckService()->SetServingStatus(false);
    impl_->close();
    impl_->backend.gate.await_empty(deadline);
    if (const auto left = impl_->backend.gate.inside(); left > 0)
      impl_->options.log.warn("calls cut off unanswered: " + std::to_string(left));
    else
      impl_->linger();
    impl_->end();
  });
}

}  // namespace ringcache
