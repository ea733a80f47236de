// SPDX-License-Identifier: Apache-2.0
#include "grpc/serving.h"
#include "ringcache.grpc.pb.h"

namespace ringcache {
namespace {

using std::chrono::microseconds;

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

Value value_to_keep(const v1::PeerPutRequest& request) {
  Value value = value_to_put(request);
  if (!request.tags().empty()) value.tags = Bytes::copy(request.tags());
  return value;
}

/// What a put holds now, without the bytes that the asker has.
v1::PeerValue peer_value(const Value& held, const Bytes& given, Time began) {
  v1::PeerValue response = peer_value(held, began);
  if (held.bytes.view() != given.view()) set_value(response, held);
  return response;
}

/// Answers a put or a compare-and-set of `given`.
auto answer_of_put(const Bytes& given, grpc::ByteBuffer* out) {
  return [out, given, began = BootClock::now()](const Value& held) {
    return write(peer_value(held, given, began), *out);
  };
}

using PeerMethods = v1::Peer::WithRawCallbackMethod_Get<
    v1::Peer::WithRawCallbackMethod_BatchGet<v1::Peer::WithRawCallbackMethod_Put<
        v1::Peer::WithRawCallbackMethod_CompareAndSet<v1::Peer::WithRawCallbackMethod_Touch<
            v1::Peer::WithRawCallbackMethod_Delete<v1::Peer::WithRawCallbackMethod_Invalidate<
                v1::Peer::WithRawCallbackMethod_Ping<v1::Peer::Service>>>>>>>>;

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
      Value value = value_to_keep(request);
      const auto answer = answer_of_put(value.bytes, out);
      backend_.store.put(key_of(request), std::move(value),
                         {.deadline = deadline, .forwarded = true}, call.completion<Value>(answer));
    };
    return serve<v1::PeerPutRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* CompareAndSet(Context* context, const grpc::ByteBuffer* in,
                         grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::PeerPutRequest& request, Time deadline,
                                 PendingCall& call) {
      Value value = value_to_keep(request);
      const auto answer = answer_of_put(value.bytes, out);
      backend_.store.compare_and_set(key_of(request), {.etag = request.expected_etag()},
                                     std::move(value), {.deadline = deadline, .forwarded = true},
                                     call.completion<Value>(answer));
    };
    return serve<v1::PeerPutRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* Touch(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::PeerTouchRequest& request, Time deadline,
                                 PendingCall& call) {
      const auto answer = [out, began = BootClock::now()](const Value& value) {
        v1::PeerValue response = peer_value(value, began);
        set_value(response, value);
        return write(response, *out);
      };
      backend_.store.touch(key_of(request), expiry_of(request),
                           {.deadline = deadline, .forwarded = true},
                           call.completion<Value>(answer));
    };
    return serve<v1::PeerTouchRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* Invalidate(Context* context, const grpc::ByteBuffer* in,
                      grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::InvalidateRequest& request, Time deadline,
                                 PendingCall& call) {
      const auto answer = [out](std::uint64_t copies) { return write(invalidated(copies), *out); };
      backend_.store.invalidate(invalidation_of(request), {.deadline = deadline, .forwarded = true},
                                call.completion<std::uint64_t>(answer));
    };
    return serve<v1::InvalidateRequest>(backend_, context, in, Intent::read, ask);
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

}  // namespace

std::unique_ptr<grpc::Service> peer_service(Backend& backend) {
  return std::make_unique<PeerService>(backend);
}

}  // namespace ringcache
