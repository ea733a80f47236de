// SPDX-License-Identifier: Apache-2.0
#include "base/done.h"
#include "base/gathering.h"
#include "groupcache.grpc.pb.h"
#include "grpc/serving.h"
#include "grpc/tags.h"
#include "ringcache.grpc.pb.h"

namespace ringcache {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

std::string owner_name(const Backend& backend, const KeyView& key) {
  return backend.options.owner_name ? backend.options.owner_name(key) : std::string();
}

std::string owner_name(const Backend& backend, const OwnedKey& key) {
  return owner_name(backend, key.view());
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

/// What it takes to say that there is no room for a result.
constexpr std::size_t kNoRoomBytes = 64;

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

template <class Request>
std::optional<Error> ttl_objection(const Request& request) {
  if (!request.has_ttl_ms() || request.ttl_ms() != 0) return {};
  return Error{Errc::invalid_argument, "a ttl of 0; leave it out for no end"};
}

std::optional<Error> tags_objection(const v1::PutRequest& request) {
  for (const std::string& tag : request.tags())
    if (tag.empty() || tag.contains(','))
      return Error{Errc::invalid_argument, "a tag is empty or has a comma"};
  return {};
}

v1::BatchDeleteResponse batch_response(const Values& values) {
  v1::BatchDeleteResponse response;
  for (const Result<Value>& value : values) {
    v1::BatchDeleteResult& result = *response.add_results();
    if (!value) set_refusal(*result.mutable_refusal(), value.error());
  }
  return response;
}

void erase_many(Store& store, std::span<const KeyView> keys, const Call& call, Done<Values> done) {
  if (keys.empty()) return done(Values());
  const auto gathering = std::make_shared<Gathering>(keys.size(), std::move(done));
  for (std::size_t i = 0; i < keys.size(); ++i)
    store.erase(keys[i], call, as_void_done(gathering->done_of(i)));
}

using CacheMethods = v1::Cache::WithRawCallbackMethod_Get<v1::Cache::WithRawCallbackMethod_BatchGet<
    v1::Cache::WithRawCallbackMethod_Put<v1::Cache::WithRawCallbackMethod_Touch<
        v1::Cache::WithRawCallbackMethod_Delete<v1::Cache::WithRawCallbackMethod_BatchDelete<
            v1::Cache::WithRawCallbackMethod_Invalidate<v1::Cache::Service>>>>>>>;

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
      backend_.store.get(key,
                         {.deadline = deadline, .max_stale = max_stale, .client = call.client()},
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
      backend_.store.get_many(keys_of(*kept), {.deadline = deadline, .client = call.client()},
                              call.completion<Values>(answer));
    };
    return serve<v1::BatchGetRequest>(backend_, context, in, Intent::read, ask);
  }

  Reactor* Put(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::PutRequest& request, Time deadline, PendingCall& call) {
      if (const auto error = ttl_objection(request)) return call.refuse(*error);
      if (const auto error = tags_objection(request)) return call.refuse(*error);
      const KeyView key = key_of(request);
      const auto answer = [this, out, owned = OwnedKey(key)](const Value& value) {
        v1::PutResponse response;
        response.set_etag(etag_of(value.bytes.view()));
        response.set_owner(owner_name(backend_, owned));
        return write(response, *out);
      };
      Value value = value_to_put(request);
      value.tags = join_tags(request.tags());
      const auto done = [&] { return call.completion<Value>(answer); };
      if (request.has_if_match())
        return backend_.store.compare_and_set(key, {.etag = request.if_match()}, std::move(value),
                                              {.deadline = deadline, .client = call.client()},
                                              done());
      backend_.store.put(key, std::move(value), {.deadline = deadline, .client = call.client()},
                         done());
    };
    return serve<v1::PutRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* Touch(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::TouchRequest& request, Time deadline,
                                 PendingCall& call) {
      if (const auto error = ttl_objection(request)) return call.refuse(*error);
      const auto answer = [out](const Value& value) {
        v1::TouchResponse response;
        response.set_etag(etag_of(value.bytes.view()));
        return write(response, *out);
      };
      backend_.store.touch(key_of(request), expiry_of(request),
                           {.deadline = deadline, .client = call.client()},
                           call.completion<Value>(answer));
    };
    return serve<v1::TouchRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* BatchDelete(Context* context, const grpc::ByteBuffer* in,
                       grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::BatchDeleteRequest& request, Time deadline,
                                 PendingCall& call) {
      if (const auto error = batch_objection(backend_, request.keys_size()))
        return call.refuse(*error);
      const auto answer = [out](const Values& values) {
        return write(batch_response(values), *out);
      };
      erase_many(backend_.store, keys_of(request), {.deadline = deadline, .client = call.client()},
                 call.completion<Values>(answer));
    };
    return serve<v1::BatchDeleteRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* Invalidate(Context* context, const grpc::ByteBuffer* in,
                      grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::InvalidateRequest& request, Time deadline,
                                 PendingCall& call) {
      if (const auto error = batch_objection(backend_, request.keys_size()))
        return call.refuse(*error);
      const auto answer = [out](std::uint64_t copies) { return write(invalidated(copies), *out); };
      backend_.store.invalidate(invalidation_of(request),
                                {.deadline = deadline, .client = call.client()},
                                call.completion<std::uint64_t>(answer));
    };
    return serve<v1::InvalidateRequest>(backend_, context, in, Intent::read, ask);
  }

  Reactor* Delete(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::DeleteRequest& request, Time deadline,
                                 PendingCall& call) {
      const auto answer = [out] { return write(v1::DeleteResponse(), *out); };
      backend_.store.erase(key_of(request), {.deadline = deadline, .client = call.client()},
                           call.completion<void>(answer));
    };
    return serve<v1::DeleteRequest>(backend_, context, in, Intent::write, ask);
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
      backend_.store.get(key_of(request), {.deadline = deadline, .client = call.client()},
                         call.completion<Value>(answer));
    };
    return serve<groupcachepb::GetRequest>(backend_, context, in, Intent::read, ask);
  }

 private:
  Backend& backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> cache_service(Backend& backend) {
  return std::make_unique<CacheService>(backend);
}

std::unique_ptr<grpc::Service> groupcache_service(Backend& backend) {
  return std::make_unique<GroupCacheService>(backend);
}

}  // namespace ringcache
