// SPDX-License-Identifier: Apache-2.0
#include "etcd/client.h"

#include <grpcpp/grpcpp.h>

#include <random>
#include <utility>

namespace ringcache {

using etcdserverpb::LeaseGrantRequest;
using etcdserverpb::LeaseGrantResponse;
using etcdserverpb::LeaseKeepAliveRequest;
using etcdserverpb::LeaseKeepAliveResponse;
using etcdserverpb::LeaseRevokeRequest;
using etcdserverpb::LeaseRevokeResponse;
using etcdserverpb::RangeRequest;
using etcdserverpb::RangeResponse;
using etcdserverpb::TxnRequest;
using etcdserverpb::TxnResponse;
using etcdserverpb::WatchRequest;
using etcdserverpb::WatchResponse;
using Seconds = std::chrono::seconds;

namespace {

constexpr int kConnectMs = 1000;
constexpr int kReconnectMs = 100;
constexpr int kReconnectMostMs = 500;
constexpr int kPingMs = 10'000;  // etcd answers more than one in 5 s with too_many_pings
constexpr int kPingTimeoutMs = 3'000;
constexpr int kResolveMs = 200;
constexpr int kMaxMessageBytes = 64 << 20;

grpc::ChannelArguments channel_arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kConnectMs);  // the time to connect, in fact
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kReconnectMs);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kReconnectMostMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kPingMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kPingTimeoutMs);
  arguments.SetInt(GRPC_ARG_DNS_MIN_TIME_BETWEEN_RESOLUTIONS_MS, kResolveMs);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  return arguments;
}

/// Has etcd decided, so that asking another endpoint would change nothing?
bool is_answer(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::OK:
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return true;
    default:
      return false;
  }
}

Errc errc_of(grpc::StatusCode code) {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
      return Errc::not_found;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::OUT_OF_RANGE:
      return Errc::invalid_argument;
    case grpc::StatusCode::FAILED_PRECONDITION:
      return Errc::unsupported;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return Errc::overloaded;
    default:
      return is_answer(code) ? Errc::internal : Errc::unavailable;
  }
}

/// Sets what every call carries. A member cut off from its leader then says so at once.
void prepare(grpc::ClientContext& context) { context.AddMetadata("hasleader", "true"); }

}  // namespace

struct EtcdClient::Endpoint {
  explicit Endpoint(const std::string& name)
      : address(name),
        channel(grpc::CreateCustomChannel(name, grpc::InsecureChannelCredentials(),
                                          channel_arguments())),
        kv(channel),
        lease(channel),
        watch(channel) {}

  Error error(const grpc::Status& status) const {
    return Error{errc_of(status.error_code()), address + ": " + status.error_message()};
  }

  std::string address;
  std::shared_ptr<grpc::Channel> channel;
  etcdserverpb::KV::Stub kv;
  etcdserverpb::Lease::Stub lease;
  etcdserverpb::Watch::Stub watch;
};

EtcdClient::EtcdClient(const std::vector<std::string>& endpoints)
    : current_(std::random_device{}() % endpoints.size()) {
  for (const std::string& name : endpoints) endpoints_.push_back(std::make_unique<Endpoint>(name));
}

EtcdClient::~EtcdClient() = default;

std::string EtcdClient::addresses() const {
  std::string all;
  for (const auto& endpoint : endpoints_) all += (all.empty() ? "" : ", ") + endpoint->address;
  return all;
}

EtcdClient::Seat EtcdClient::seat() const {
  const std::lock_guard lock(mutex_);
  return {current_, tenure_.get_token()};
}

void EtcdClient::move_on(std::size_t from) {
  std::stop_source over(std::nostopstate);
  {
    const std::lock_guard lock(mutex_);
    if (current_ != from || endpoints_.size() == 1) return;
    current_ = (from + 1) % endpoints_.size();
    over = std::exchange(tenure_, std::stop_source());
  }
  over.request_stop();
}

template <class Response, class Attempt>
Result<Response> EtcdClient::call(const EtcdCall& how, Attempt attempt) {
  Error why{Errc::unavailable, "called off"};
  for (std::size_t tries = 0; tries < endpoints_.size(); ++tries) {
    if (how.stop.stop_requested()) break;
    const std::size_t at = seat().at;
    grpc::ClientContext context;
    prepare(context);
    context.set_deadline(std::chrono::system_clock::now() + how.patience);
    const std::stop_callback cancel(how.stop, [&context] { context.TryCancel(); });
    Response response;
    const grpc::Status status = attempt(*endpoints_[at], context, response);
    if (status.ok()) return response;
    why = endpoints_[at]->error(status);
    if (is_answer(status.error_code())) break;
    if (!how.stop.stop_requested()) move_on(at);
  }
  return std::unexpected(why);
}

Result<RangeResponse> EtcdClient::list(std::string_view prefix, std::int64_t revision,
                                       const EtcdCall& how) {
  RangeRequest request;
  request.set_key(std::string(prefix));
  request.set_range_end(after_prefix(prefix));
  request.set_revision(revision);
  return call<RangeResponse>(how, [&](Endpoint& etcd, auto& context, auto& response) {
    return etcd.kv.Range(&context, request, &response);
  });
}

Result<TxnResponse> EtcdClient::commit(const TxnRequest& request, const EtcdCall& how) {
  return call<TxnResponse>(how, [&](Endpoint& etcd, auto& context, auto& response) {
    return etcd.kv.Txn(&context, request, &response);
  });
}

Result<Seconds> EtcdClient::grant(std::int64_t id, Seconds ttl, const EtcdCall& how) {
  LeaseGrantRequest request;
  request.set_id(id);
  request.set_ttl(ttl.count());
  const auto granted =
      call<LeaseGrantResponse>(how, [&](Endpoint& etcd, auto& context, auto& response) {
        return etcd.lease.LeaseGrant(&context, request, &response);
      });
  if (granted) return Seconds(granted->ttl());
  // "lease already exists": an earlier attempt of this call got through, its answer did not.
  if (granted.error().code == Errc::unsupported) return ttl;
  return std::unexpected(granted.error());
}

Result<Seconds> EtcdClient::keep_alive(std::int64_t id, const EtcdCall& how) {
  LeaseKeepAliveRequest request;
  request.set_id(id);
  // A stream for each request: answers carry no number, so on a shared stream a late answer would
  // pass for that of a later request.
  auto kept = call<LeaseKeepAliveResponse>(how, [&](Endpoint& etcd, auto& context, auto& response) {
    const auto stream = etcd.lease.LeaseKeepAlive(&context);
    const bool answered = stream->Write(request) && stream->Read(&response);
    stream->WritesDone();
    const grpc::Status status = stream->Finish();
    return answered ? grpc::Status::OK : status;
  });
  if (kept) return Seconds(kept->ttl());
  return std::unexpected(kept.error());
}

Result<void> EtcdClient::revoke(std::int64_t id, const EtcdCall& how) {
  LeaseRevokeRequest request;
  request.set_id(id);
  const auto revoked =
      call<LeaseRevokeResponse>(how, [&](Endpoint& etcd, auto& context, auto& response) {
        return etcd.lease.LeaseRevoke(&context, request, &response);
      });
  if (revoked || revoked.error().code == Errc::not_found) return {};
  return std::unexpected(revoked.error());
}

Error EtcdClient::watch(std::string_view prefix, std::int64_t from, const OnResponse& on_response,
                        std::stop_token stop) {
  const Seat seat = this->seat();
  WatchRequest request;
  request.mutable_create_request()->set_key(std::string(prefix));
  request.mutable_create_request()->set_range_end(after_prefix(prefix));
  request.mutable_create_request()->set_start_revision(from);
  request.mutable_create_request()->set_progress_notify(true);
  grpc::ClientContext context;
  prepare(context);
  const auto cancel = [&context] { context.TryCancel(); };
  const auto stream = endpoints_[seat.at]->watch.Watch(&context);
  const std::stop_callback called_off(stop, cancel);
  const std::stop_callback moved_on(seat.left, cancel);
  WatchResponse response;
  bool wanted = stream->Write(request);
  while (wanted && stream->Read(&response)) wanted = on_response(response);
  context.TryCancel();
  const grpc::Status status = stream->Finish();
  if (wanted && !stop.stop_requested()) move_on(seat.at);
  return endpoints_[seat.at]->error(status);
}

std::string after_prefix(std::string_view prefix) {
  std::string end(prefix);
  ++end.back();
  return end;
}

}  // namespace ringcache
