// SPDX-License-Identifier: Apache-2.0
#include "grpc/services.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/batches.h"
#include "groupcache.grpc.pb.h"
#include "grpc/pending_call.h"
#include "grpc/spans.h"
#include "ringcache.grpc.pb.h"
#include "source.grpc.pb.h"

namespace ringcache {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Context = grpc::CallbackServerContext;
using Reactor = grpc::ServerUnaryReactor;

std::optional<Error> key_objection(const Backend& backend, std::string_view key) {
  const std::size_t most = backend.options.key_bytes_max;
  if (key.empty()) return Error{Errc::invalid_argument, "the key is empty"};
  if (key.size() <= most) return {};
  return Error{Errc::invalid_argument, "the key is longer than " + std::to_string(most) + " bytes"};
}

std::optional<Error> value_objection(const Backend& backend, std::string_view value) {
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

std::string owner_name(const Backend& backend, const KeyView& key) {
  return backend.options.owner_name ? backend.options.owner_name(key) : std::string();
}

std::string owner_name(const Backend& backend, const OwnedKey& key) {
  return owner_name(backend, key.view());
}

void set_value(auto& response, const Value& value) {
  response.set_value(value.bytes.view().data(), value.bytes.size());
}

Value value_to_put(std::string_view bytes, std::optional<Duration> ttl) {
  const Time now = BootClock::now();
  return {.bytes = Bytes::copy(bytes),
          .loaded_at = now,
          .expires_at = ttl ? saturating_add(now, *ttl) : Time::max()};
}

v1::GetResponse get_response(const Value& value) {
  const Time now = BootClock::now();
  v1::GetResponse response;
  set_value(response, value);
  response.set_etag(etag_of(value.bytes.view()));
  response.set_hit(value.hit);
  response.set_stale(value.stale);
  if (value.loaded_at != Time{}) response.set_age_ms(count_of<milliseconds>(now - value.loaded_at));
  response.set_load_us(count_of<microseconds>(value.load_time));
  if (value.expires_at != Time::max())
    response.set_ttl_ms(count_of<milliseconds>(value.expires_at - now));
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
/// What it takes to say that there is no room for a result.
constexpr std::size_t kNoRoomBytes = 64;

std::size_t result_bytes(const Result<Value>& result, std::string_view owner = {}) {
  return kResultFrame + owner.size() +
         (result ? result->bytes.size() : result.error().message.size());
}

std::optional<Error> batch_objection(const Backend& backend, int keys) {
  const std::size_t most = backend.options.batch_keys_max;
  if (static_cast<std::size_t>(keys) <= most) return {};
  return too_many_keys(most);
}

void set_refusal(v1::Refusal& refusal, const Error& error) {
  refusal.set_code(status_code(error.code));
  refusal.set_reason(std::string(errc_name(error.code)));
  refusal.set_message(error.message);
}

v1::BatchGetResponse batch_response(const Backend& backend, const v1::BatchGetRequest& request,
                                    const Values& values) {
  v1::BatchGetResponse response;
  BatchRoom room(backend.options.batch_bytes_max, values.size(), kNoRoomBytes);
  auto key = request.keys().begin();
  for (const Result<Value>& value : values) {
    const std::string owner = owner_name(backend, KeyView(request.group(), *key++));
    v1::BatchGetResult& result = *response.add_results();
    if (!room.take(result_bytes(value, owner))) {
      set_refusal(*result.mutable_refusal(), no_room());
    } else if (!value) {
      set_refusal(*result.mutable_refusal(), value.error());
    } else {
      *result.mutable_found() = get_response(*value);
      result.mutable_found()->set_owner(owner);
    }
  }
  return response;
}

using CacheMethods = v1::Cache::WithRawCallbackMethod_Get<
    v1::Cache::WithRawCallbackMethod_BatchGet<v1::Cache::WithRawCallbackMethod_Put<
        v1::Cache::WithRawCallbackMethod_Delete<v1::Cache::Service>>>>;

class CacheService final : public CacheMethods {
 public:
  explicit CacheService(Backend& backend) : backend_(backend) {}

  Reactor* Get(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::GetRequest& request, Time deadline, PendingCall& call) {
      const KeyView key = key_of(request);
      const auto answer = [this, out, owned = OwnedKey(key)](const Value& value) {
        v1::GetResponse response = get_response(value);
        response.set_owner(owner_name(backend_, owned));
        return write(response, *out);
      };
      const Duration max_stale = span_of<milliseconds>(request.max_stale_ms());
      backend_.store.get(key, {.deadline = deadline, .max_stale = max_stale},
                         call.completion<Value>(answer));
    };
    return serve<v1::GetRequest>(backend_, context, in, Intent::read, ask);
  }

  Reactor* BatchGet(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](v1::BatchGetRequest& request, Time deadline, PendingCall& call) {
      if (const auto error = batch_objection(backend_, request.keys_size()))
        return call.refuse(*error);
      const auto kept = std::make_shared<const v1::BatchGetRequest>(std::move(request));
      const auto answer = [this, out, kept](const Values& values) {
        return write(batch_response(backend_, *kept, values), *out);
      };
      backend_.store.get_many(keys_of(*kept), {.deadline = deadline},
                              call.completion<Values>(answer));
    };
    return serve<v1::BatchGetRequest>(backend_, context, in, Intent::read, ask);
  }

  Reactor* Put(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::PutRequest& request, Time deadline, PendingCall& call) {
      std::optional<Duration> ttl;
      if (request.has_ttl_ms()) ttl = span_of<milliseconds>(request.ttl_ms());
      if (ttl == Duration{0})
        return call.refuse({Errc::invalid_argument, "a ttl of 0; leave it out for no end"});
      const KeyView key = key_of(request);
      const auto answer = [this, out, owned = OwnedKey(key)](const Value& value) {
        v1::PutResponse response;
        response.set_etag(etag_of(value.bytes.view()));
        response.set_owner(owner_name(backend_, owned));
        return write(response, *out);
      };
      backend_.store.put(key, value_to_put(request.value(), ttl), {.deadline = deadline},
                         call.completion<Value>(answer));
    };
    return serve<v1::PutRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* Delete(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::DeleteRequest& request, Time deadline,
                                 PendingCall& call) {
      const auto answer = [out] { return write(v1::DeleteResponse(), *out); };
      backend_.store.erase(key_of(request), {.deadline = deadline}, call.completion<void>(answer));
    };
    return serve<v1::DeleteRequest>(backend_, context, in, Intent::write, ask);
  }

 private:
  Backend& backend_;
};

v1::PeerValue peer_value(const Value& value, Time began) {
  const Time now = BootClock::now();
  v1::PeerValue response;
  response.set_version(value.version);
  response.set_hit(value.hit);
  response.set_stale(value.stale);
  response.set_load_us(count_of<microseconds>(value.load_time));
  response.set_held_us(count_of<microseconds>(now - began));
  if (value.loaded_at != Time{}) response.set_age_us(count_of<microseconds>(now - value.loaded_at));
  if (value.expires_at != Time::max())
    response.set_ttl_us(count_of<microseconds>(value.expires_at - now));
  return response;
}

/// Results as far as there is room: the asker comes back for the rest.
v1::PeerBatchGetResponse peer_values(const Backend& backend, const Values& values, Time began) {
  v1::PeerBatchGetResponse response;
  BatchRoom room(backend.options.batch_bytes_max, values.size());
  for (const Result<Value>& value : values) {
    if (!room.take(result_bytes(value))) break;
    v1::PeerBatchGetResult& result = *response.add_results();
    if (!value) {
      set_refusal(*result.mutable_refusal(), value.error());
      continue;
    }
    *result.mutable_value() = peer_value(*value, began);
    set_value(*result.mutable_value(), *value);
  }
  return response;
}

using PeerMethods = v1::Peer::WithRawCallbackMethod_Get<v1::Peer::WithRawCallbackMethod_BatchGet<
    v1::Peer::WithRawCallbackMethod_Put<v1::Peer::WithRawCallbackMethod_Delete<
        v1::Peer::WithRawCallbackMethod_Ping<v1::Peer::Service>>>>>;

class PeerService final : public PeerMethods {
 public:
  explicit PeerService(Backend& backend) : backend_(backend) {}

  Reactor* Get(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::PeerGetRequest& request, Time deadline,
                                 PendingCall& call) {
      const auto answer = [out, began = BootClock::now()](const Value& value) {
        v1::PeerValue response = peer_value(value, began);
        set_value(response, value);
        return write(response, *out);
      };
      const Duration max_stale = span_of<microseconds>(request.max_stale_us());
      backend_.store.get(key_of(request),
                         {.deadline = deadline, .forwarded = true, .max_stale = max_stale},
                         call.completion<Value>(answer));
    };
    return serve<v1::PeerGetRequest>(backend_, context, in, Intent::read, ask);
  }

  Reactor* BatchGet(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::PeerBatchGetRequest& request, Time deadline,
                                 PendingCall& call) {
      if (const auto error = batch_objection(backend_, request.keys_size()))
        return call.refuse(*error);
      const auto answer = [this, out, began = BootClock::now()](const Values& values) {
        return write(peer_values(backend_, values, began), *out);
      };
      backend_.store.get_many(keys_of(request), {.deadline = deadline, .forwarded = true},
                              call.completion<Values>(answer));
    };
    return serve<v1::PeerBatchGetRequest>(backend_, context, in, Intent::read, ask);
  }

  Reactor* Put(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::PeerPutRequest& request, Time deadline,
                                 PendingCall& call) {
      std::optional<Duration> ttl;
      if (request.has_ttl_us()) ttl = span_of<microseconds>(request.ttl_us());
      Value value = value_to_put(request.value(), ttl);
      const auto answer = [out, given = value.bytes, began = BootClock::now()](const Value& held) {
        v1::PeerValue response = peer_value(held, began);
        if (held.bytes.view() != given.view()) set_value(response, held);
        return write(response, *out);
      };
      backend_.store.put(key_of(request), std::move(value),
                         {.deadline = deadline, .forwarded = true}, call.completion<Value>(answer));
    };
    return serve<v1::PeerPutRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* Delete(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::PeerDeleteRequest& request, Time deadline,
                                 PendingCall& call) {
      const auto answer = [out] { return write(v1::PeerDeleted(), *out); };
      backend_.store.erase(key_of(request), {.deadline = deadline, .forwarded = true},
                           call.completion<void>(answer));
    };
    return serve<v1::PeerDeleteRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* Ping(Context* context, const grpc::ByteBuffer*, grpc::ByteBuffer* out) override {
    Reactor* reactor = context->DefaultReactor();
    reactor->Finish(write(v1::PeerPong(), *out));
    return reactor;
  }

 private:
  Backend& backend_;
};

class GroupCacheService final : public groupcachepb::GroupCache::WithRawCallbackMethod_Get<
                                    groupcachepb::GroupCache::Service> {
 public:
  explicit GroupCacheService(Backend& backend) : backend_(backend) {}

  Reactor* Get(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const groupcachepb::GetRequest& request, Time deadline,
                                 PendingCall& call) {
      const auto answer = [out](const Value& value) {
        groupcachepb::GetResponse response;
        set_value(response, value);
        return write(response, *out);
      };
      backend_.store.get(key_of(request), {.deadline = deadline}, call.completion<Value>(answer));
    };
    return serve<groupcachepb::GetRequest>(backend_, context, in, Intent::read, ask);
  }

 private:
  Backend& backend_;
};

v1::Row row_of(const Value& value) {
  v1::Row row;
  set_value(row, value);
  if (value.expires_at != Time::max())
    row.set_ttl_ms(count_of<milliseconds>(value.expires_at - BootClock::now()));
  return row;
}

v1::LoadResult load_result(const Result<Value>& result) {
  v1::LoadResult made;
  if (result) {
    *made.mutable_row() = row_of(*result);
  } else if (result.error().code != Errc::not_found) {
    v1::Failure& failure = *made.mutable_failure();
    failure.set_code(status_code(result.error().code));
    failure.set_message(result.error().message);
    failure.set_reason(std::string(errc_name(result.error().code)));
  }
  return made;
}

bool same(const Value& a, const Value& b) {
  return a.bytes.view() == b.bytes.view() && a.expires_at == b.expires_at;
}

using SourceMethods = v1::Source::WithRawCallbackMethod_Load<
    v1::Source::WithRawCallbackMethod_LoadMany<v1::Source::WithRawCallbackMethod_Store<
        v1::Source::WithRawCallbackMethod_Erase<v1::Source::Service>>>>;

class SourceService final : public SourceMethods {
 public:
  explicit SourceService(Backend& backend) : backend_(backend) {}

  Reactor* Load(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::LoadRequest& request, Time deadline, PendingCall& call) {
      const auto answer = [out](const Value& value) { return write(row_of(value), *out); };
      backend_.store.get(key_of(request), {.deadline = deadline}, call.completion<Value>(answer));
    };
    return serve<v1::LoadRequest>(backend_, context, in, Intent::read, ask);
  }

  Reactor* LoadMany(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::LoadManyRequest& request, Time deadline,
                                 PendingCall& call) {
      const auto answer = [out](const Values& values) {
        v1::LoadManyResponse response;
        for (const Result<Value>& value : values) *response.add_results() = load_result(value);
        return write(response, *out);
      };
      backend_.store.get_many(keys_of(request), {.deadline = deadline},
                              call.completion<Values>(answer));
    };
    return serve<v1::LoadManyRequest>(backend_, context, in, Intent::read, ask);
  }

  Reactor* Store(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::StoreRequest& request, Time deadline,
                                 PendingCall& call) {
      std::optional<Duration> ttl;
      if (request.has_ttl_ms()) ttl = span_of<milliseconds>(request.ttl_ms());
      const Value given = value_to_put(request.value(), ttl);
      const auto answer = [out, given](const Value& held) {
        v1::StoreResponse response;
        if (!same(held, given)) *response.mutable_row() = row_of(held);
        return write(response, *out);
      };
      backend_.store.put(key_of(request), given, {.deadline = deadline},
                         call.completion<Value>(answer));
    };
    return serve<v1::StoreRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* Erase(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::EraseRequest& request, Time deadline,
                                 PendingCall& call) {
      const auto answer = [out] { return write(v1::EraseResponse(), *out); };
      backend_.store.erase(key_of(request), {.deadline = deadline}, call.completion<void>(answer));
    };
    return serve<v1::EraseRequest>(backend_, context, in, Intent::write, ask);
  }

 private:
  Backend& backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> cache_service(Backend& backend) {
  return std::make_unique<CacheService>(backend);
}

std::unique_ptr<grpc::Service> peer_service(Backend& backend) {
  return std::make_unique<PeerService>(backend);
}

std::unique_ptr<grpc::Service> groupcache_service(Backend& backend) {
  return std::make_unique<GroupCacheService>(backend);
}

std::unique_ptr<grpc::Service> source_service(Backend& backend) {
  return std::make_unique<SourceService>(backend);
}

}  // namespace ringcache
