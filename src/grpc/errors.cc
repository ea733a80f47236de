// SPDX-License-Identifier: Apache-2.0
#include "grpc/errors.h"

#include <algorithm>
#include <string>
#include <string_view>

#include <grpc/support/time.h>

#include "grpc/spans.h"
#include "status.pb.h"

namespace ringcache {
namespace {

/// A client may ask for more time than nanoseconds can count.
constexpr std::chrono::seconds kFarAway = std::chrono::years(100);

/// gRPC never makes these itself: a handler chose them, and did nothing.
bool is_handlers_own(grpc::StatusCode code) noexcept {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::FAILED_PRECONDITION:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::UNIMPLEMENTED:  // gRPC's own as well, but then no handler ran
      return true;
    default:
      return false;
  }
}

constexpr char kRetryInfo[] = "type.googleapis.com/google.rpc.RetryInfo";

/// When to come again, as every gRPC client can read it; nothing where nobody knows.
std::string details_of(const Error& error) {
  if (error.retry_after <= Duration{0}) return {};
  const auto whole = std::chrono::floor<std::chrono::seconds>(error.retry_after);
  v1::RetryInfo info;
  info.mutable_retry_delay()->set_seconds(whole.count());
  info.mutable_retry_delay()->set_nanos(static_cast<int>((error.retry_after - whole).count()));
  v1::Status status;
  status.set_code(status_code(error.code));
  status.set_message(error.message);
  v1::StatusDetail& detail = *status.add_details();
  detail.set_type_url(kRetryInfo);
  detail.set_value(info.SerializeAsString());
  return status.SerializeAsString();
}

Duration wait_of(const v1::RetryDelay& delay) {
  const Duration left(std::clamp(delay.nanos(), 0, 999'999'999));
  const auto seconds = static_cast<std::uint64_t>(std::max<std::int64_t>(delay.seconds(), 0));
  return saturating_add(Time{} + left, span_of<std::chrono::seconds>(seconds)) - Time{};
}

/// The inverse of details_of(), whoever wrote them.
Duration retry_after_in(const std::string& details) {
  v1::Status status;
  v1::RetryInfo info;
  if (details.empty() || !status.ParseFromString(details)) return {};
  for (const v1::StatusDetail& detail : status.details())
    if (detail.type_url() == kRetryInfo && info.ParseFromString(detail.value()))
      return wait_of(info.retry_delay());
  return {};
}

}  // namespace

Error late(Intent intent) {
  if (intent == Intent::read) return {Errc::deadline_exceeded, "no answer before the deadline"};
  return {Errc::unknown, "no answer before the deadline; the write may or may not be applied"};
}

Errc errc_of(grpc::StatusCode code, Duration retry_after) noexcept {
  switch (code) {
    case grpc::StatusCode::NOT_FOUND:
      return Errc::not_found;
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::ALREADY_EXISTS:
    case grpc::StatusCode::OUT_OF_RANGE:
      return Errc::invalid_argument;
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return retry_after > Duration{0} ? Errc::overloaded : Errc::too_large;
    case grpc::StatusCode::UNIMPLEMENTED:
    case grpc::StatusCode::FAILED_PRECONDITION:
      return Errc::unsupported;
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return Errc::deadline_exceeded;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:  // "Stream removed": the connection ended under the call
      return Errc::unavailable;
    default:
      return Errc::internal;
  }
}

grpc::StatusCode status_code(Errc code) noexcept {
  switch (code) {
    case Errc::not_found:
    case Errc::no_such_group:
      return grpc::StatusCode::NOT_FOUND;
    case Errc::invalid_argument:
      return grpc::StatusCode::INVALID_ARGUMENT;
    case Errc::too_large:
    case Errc::overloaded:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case Errc::unsupported:
    case Errc::precondition_failed:
      return grpc::StatusCode::FAILED_PRECONDITION;
    case Errc::deadline_exceeded:
      return grpc::StatusCode::DEADLINE_EXCEEDED;
    case Errc::unavailable:
      return grpc::StatusCode::UNAVAILABLE;
    case Errc::unknown:
      return grpc::StatusCode::UNKNOWN;
    case Errc::internal:
      break;
  }
  return grpc::StatusCode::INTERNAL;
}

grpc::Status refusal(const Error& error, grpc::CallbackServerContext& context) {
  context.AddTrailingMetadata(kErrorTrailer, std::string(errc_name(error.code)));
  return {status_code(error.code), error.message, details_of(error)};
}

Error error_of(const grpc::Status& status, const grpc::ClientContext& context, Intent intent) {
  const auto& trailers = context.GetServerTrailingMetadata();
  const Duration retry_after = retry_after_in(status.error_details());
  if (const auto named = trailers.find(kErrorTrailer); named != trailers.end()) {
    const std::string_view name(named->second.data(), named->second.size());
    return {errc_from_name(name), status.error_message(), retry_after};
  }
  if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) return late(intent);
  if (intent == Intent::write && !is_handlers_own(status.error_code()))
    return {Errc::unknown, status.error_message()};
  return {errc_of(status.error_code(), retry_after), status.error_message(), retry_after};
}

std::string address_in(std::string_view peer) {
  if (!peer.starts_with("ipv4:") && !peer.starts_with("ipv6:")) return std::string(peer);
  std::string_view address = peer.substr(0, peer.rfind(':'));
  address.remove_prefix(std::min(address.size(), std::string_view("ipv4:").size()));
  for (const std::string_view bracket : {"[", "%5B"})
    if (address.starts_with(bracket)) address.remove_prefix(bracket.size());
  for (const std::string_view bracket : {"]", "%5D"})
    if (address.ends_with(bracket)) address.remove_suffix(bracket.size());
  return std::string(address);
}

Time deadline_of(gpr_timespec deadline) {
  if (gpr_time_cmp(deadline, gpr_inf_future(deadline.clock_type)) == 0) return Time::max();
  const gpr_timespec left = gpr_time_sub(deadline, gpr_now(deadline.clock_type));
  if (left.tv_sec > kFarAway.count()) return Time::max();
  const Duration span = std::chrono::seconds(left.tv_sec) + std::chrono::nanoseconds(left.tv_nsec);
  return saturating_add(BootClock::now(), span);
}

gpr_timespec deadline_in(Duration left) {
  return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                      gpr_time_from_nanos(left.count(), GPR_TIMESPAN));
}

}  // namespace ringcache
