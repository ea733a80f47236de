// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/batches.h"
#include "grpc/pending_call.h"
#include "grpc/services.h"
#include "grpc/spans.h"
#include "ringcache.pb.h"

// What the services have in common: the frame of a handler, and how messages are read and written.
namespace ringcache {

using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

inline std::optional<Error> key_objection(const Backend& backend, std::string_view key) {
  const std::size_t most = backend.options.key_bytes_max;
  if (key.empty()) return Error{Errc::invalid_argument, "the key is empty"};
  if (key.size() <= most) return {};
  return Error{Errc::invalid_argument, "the key is longer than " + std::to_string(most) + " bytes"};
}

inline std::optional<Error> value_objection(const Backend& backend, std::string_view value) {
  const std::size_t most = backend.options.value_bytes_max;
  if (value.size() <= most) return {};
  return Error{Errc::too_large, "the value is larger than " + std::to_string(most) + " bytes"};
}

template <class Request>
std::optional<Error> objection(const Backend& backend, const Request& request) {
  if (backend.gate.inside() > backend.options.calls_max)
    return Error{Errc::overloaded, "too many calls in flight; repeat later"};
  if constexpr (requires { request.value(); })
    if (auto error = value_objection(backend, request.value())) return error;
  if constexpr (requires { request.key(); }) return key_objection(backend, request.key());
  if constexpr (requires { request.keys(); })
    for (const std::string& key : request.keys())
      if (auto error = key_objection(backend, key)) return error;
  return {};
}

/// The frame of every handler: reads the request, and hands it to `ask` unless there is an
/// objection. Methods are raw, because gRPC's own reading answers UNIMPLEMENTED to bytes that are
/// no message.
template <class Request, class Ask>
Reactor* serve(Backend& backend, Context* context, const grpc::ByteBuffer* bytes, Intent intent,
               Ask ask) {
  const auto call = std::make_shared<PendingCall>(*context, intent, backend.gate);
  Reactor* reactor = call->hold();
  Request request;
  grpc::ByteBuffer readable(*bytes);
  if (!grpc::SerializationTraits<Request>::Deserialize(&readable, &request).ok()) {
    call->refuse({Errc::invalid_argument, "the request is not a " + request.GetTypeName()});
  } else if (const auto error = objection(backend, request)) {
    call->refuse(*error);
  } else {
    const Time deadline = call->deadline(backend.options.request_timeout);
    ask(request, deadline, *call);
    call->arm(deadline);
  }
  return reactor;
}

template <class Response>
grpc::Status write(const Response& response, grpc::ByteBuffer& bytes) {
  bool owned = false;
  return grpc::SerializationTraits<Response>::Serialize(response, &bytes, &owned);
}

template <class Request>
KeyView key_of(const Request& request) {
  return {request.group(), request.key()};
}

void set_value(auto& response, const Value& value) {
  response.set_value(value.bytes.view().data(), value.bytes.size());
}

/// @name When what a request asks for ends, in our own time; Time::max() for no end
/// @{
template <class Request>
  requires requires(Request request) { request.ttl_ms(); }
Time expiry_of(const Request& request) {
  if (!request.has_ttl_ms()) return Time::max();
  return saturating_add(BootClock::now(), span_of<std::chrono::milliseconds>(request.ttl_ms()));
}
template <class Request>
  requires requires(Request request) { request.ttl_us(); }
Time expiry_of(const Request& request) {
  if (!request.has_ttl_us()) return Time::max();
  return saturating_add(BootClock::now(), span_of<std::chrono::microseconds>(request.ttl_us()));
}
/// @}

template <class Request>
Value value_to_put(const Request& request) {
  return {.bytes = Bytes::copy(request.value()),
          .loaded_at = BootClock::now(),
          .expires_at = expiry_of(request)};
}

inline Invalidation invalidation_of(const v1::InvalidateRequest& request) {
  return {.group = request.group(),
          .keys = {request.keys().begin(), request.keys().end()},
          .prefix = request.prefix(),
          .tag = request.tag(),
          .all = request.all()};
}

inline v1::InvalidateResponse invalidated(std::uint64_t copies) {
  v1::InvalidateResponse response;
  response.set_copies(copies);
  return response;
}

/// The keys of a request, which must outlive them.
template <class Request>
std::vector<KeyView> keys_of(const Request& request) {
  std::vector<KeyView> keys;
  keys.reserve(static_cast<std::size_t>(request.keys_size()));
  for (const std::string& key : request.keys()) keys.emplace_back(request.group(), key);
  return keys;
}

/// What a result takes in an answer to many keys, beside its bytes and names, at most.
constexpr std::size_t kResultFrame = 128;
inline std::size_t result_bytes(const Result<Value>& result, std::string_view owner = {}) {
  return kResultFrame + owner.size() +
         (result ? result->bytes.size() : result.error().message.size());
}

inline std::optional<Error> batch_objection(const Backend& backend, int keys) {
  const std::size_t most = backend.options.batch_keys_max;
  if (static_cast<std::size_t>(keys) <= most) return {};
  return too_many_keys(most);
}

/// What is wrong with one of many keys.
void set_refusal(auto& refusal, const Error& error) {
  using std::chrono::milliseconds;
  refusal.set_code(status_code(error.code));
  refusal.set_reason(std::string(errc_name(error.code)));
  refusal.set_message(error.message);
  refusal.set_retry_after_ms(
      count_of<milliseconds>(std::chrono::ceil<milliseconds>(error.retry_after)));
}

}  // namespace ringcache
