// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

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
/// What is exhausted for a time (`retry_after`) is not the room for a message.
Errc errc_of(grpc::StatusCode code, Duration retry_after = {}) noexcept;

/// The status of a refusal, with google.rpc.RetryInfo in its details where it is known when to come
/// again; `context` gets the trailer.
grpc::Status refusal(const Error& error, grpc::CallbackServerContext& context);

/// What a failed call means. A write is unknown unless the server itself says more.
Error error_of(const grpc::Status& status, const grpc::ClientContext& context, Intent intent);

/// The address of a peer as gRPC names it, without its port: "10.0.0.7" of "ipv4:10.0.0.7:5050",
/// "::1" of "ipv6:%5B::1%5D:5050" or "ipv6:[::1]:5050"; of any other, its whole name.
std::string address_in(std::string_view peer);

/// @name Deadlines
/// gRPC's clocks are not ours: what passes between them is the time left.
/// @{
Time deadline_of(gpr_timespec deadline);  ///< Time::max() when there is none.
gpr_timespec deadline_in(Duration left);
/// @}

}  // namespace ringcache
