// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include <grpcpp/grpcpp.h>

#include <ringcache/result.h>
#include <ringcache/scheduler.h>

namespace ringcache {

/// Trailing metadata that names the Errc of a refusal, so that it survives the wire exactly:
/// several share a gRPC status.
inline constexpr char kErrorTrailer[] = "ringcache-error";

/// Reads may be repeated by anyone; of a write one must know whether it happened.
enum class Intent : std::uint8_t { read, write };

/// What a call that was not answered in time comes to.
Error late(Intent intent);

grpc::StatusCode status_code(Errc code) noexcept;

/// What a status without our trailer means for a read: gRPC's own, or a server's that is not ours.
Errc errc_of(grpc::StatusCode code) noexcept;

/// The status of a refusal, with google.rpc.RetryInfo in its details where it is known when to come
/// again; `context` gets the trailer.
grpc::Status refusal(const Error& error, grpc::CallbackServerContext& context);

/// What a failed call means. A write is unknown unless the server itself says more.
Error error_of(const grpc::Status& status, const grpc::ClientContext& context, Intent intent);

/// @name Deadlines
/// gRPC's clocks are not ours: what passes between them is the time left.
/// @{
Time deadline_of(gpr_timespec deadline);  ///< Time::max() when there is none.
gpr_timespec deadline_in(Duration left);
/// @}

}  // namespace ringcache
