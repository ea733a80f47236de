// SPDX-License-Identifier: Apache-2.0
#include <ranges>

#include "grpc/serving.h"
#include "source.grpc.pb.h"

namespace ringcache {
namespace {

using std::chrono::milliseconds;

v1::Row row_of(const Value& value) {
  v1::Row row;
  set_value(row, value);
  if (value.expires_at != Time::max())
    row.set_ttl_ms(count_of<milliseconds>(value.expires_at - BootClock::now()));
  for (const auto tag : std::views::split(value.tags.view(), ','))
    row.add_tags(std::string(std::string_view(tag)));
  return row;
}

v1::LoadResult load_result(const Result<Value>& result) {
  v1::LoadResult made;
  if (result) {
    *made.mutable_row() = row_of(*result);
  } else if (result.error().code != Errc::not_found) {
    set_refusal(*made.mutable_failure(), result.error());
  }
  return made;
}

bool same(const Value& a, const Value& b) {
  return a.bytes.view() == b.bytes.view() && a.expires_at == b.expires_at;
}

/// What a compare-and-set came to: that the key has another value is an answer like another.
Done<Value> stored_or_not(Done<v1::CompareAndSetResponse> done, const Value& given) {
  return [done = std::move(done), given](Result<Value> held) mutable {
    v1::CompareAndSetResponse response;
    response.set_stored(held.has_value());
    if (held && !same(*held, given)) *response.mutable_row() = row_of(*held);
    if (held || held.error().code == Errc::precondition_failed) return done(std::move(response));
    done(std::unexpected(std::move(held.error())));
  };
}

using SourceMethods = v1::Source::WithRawCallbackMethod_Load<
    v1::Source::WithRawCallbackMethod_LoadMany<v1::Source::WithRawCallbackMethod_Store<
        v1::Source::WithRawCallbackMethod_CompareAndSet<v1::Source::WithRawCallbackMethod_Touch<
            v1::Source::WithRawCallbackMethod_Erase<v1::Source::Service>>>>>>;

class SourceService final : public SourceMethods {
 public:
  explicit SourceService(Backend& backend) : backend_(backend) {}

  Reactor* Load(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::LoadRequest& request, Time deadline, PendingCall& call) {
      const auto answer = [out](const Value& value) { return write(row_of(value), *out); };
      backend_.store.get(key_of(request), {.deadline = deadline, .client = call.client()},
                         call.completion<Value>(answer));
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
      backend_.store.get_many(keys_of(request), {.deadline = deadline, .client = call.client()},
                              call.completion<Values>(answer));
    };
    return serve<v1::LoadManyRequest>(backend_, context, in, Intent::read, ask);
  }

  Reactor* Store(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::StoreRequest& request, Time deadline,
                                 PendingCall& call) {
      const Value given = value_to_put(request);
      const auto answer = [out, given](const Value& held) {
        v1::StoreResponse response;
        if (!same(held, given)) *response.mutable_row() = row_of(held);
        return write(response, *out);
      };
      backend_.store.put(key_of(request), given, {.deadline = deadline, .client = call.client()},
                         call.completion<Value>(answer));
    };
    return serve<v1::StoreRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* CompareAndSet(Context* context, const grpc::ByteBuffer* in,
                         grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::CompareAndSetRequest& request, Time deadline,
                                 PendingCall& call) {
      const Value given = value_to_put(request);
      const auto answer = [out](const v1::CompareAndSetResponse& response) {
        return write(response, *out);
      };
      backend_.store.compare_and_set(
          key_of(request), {etag_of(request.expected()), Bytes::copy(request.expected())}, given,
          {.deadline = deadline, .client = call.client()},
          stored_or_not(call.completion<v1::CompareAndSetResponse>(answer), given));
    };
    return serve<v1::CompareAndSetRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* Touch(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::TouchRowRequest& request, Time deadline,
                                 PendingCall& call) {
      const auto answer = [out](const Value& value) { return write(row_of(value), *out); };
      backend_.store.touch(key_of(request), expiry_of(request),
                           {.deadline = deadline, .client = call.client()},
                           call.completion<Value>(answer));
    };
    return serve<v1::TouchRowRequest>(backend_, context, in, Intent::write, ask);
  }

  Reactor* Erase(Context* context, const grpc::ByteBuffer* in, grpc::ByteBuffer* out) override {
    const auto ask = [this, out](const v1::EraseRequest& request, Time deadline,
                                 PendingCall& call) {
      const auto answer = [out] { return write(v1::EraseResponse(), *out); };
      backend_.store.erase(key_of(request), {.deadline = deadline, .client = call.client()},
                           call.completion<void>(answer));
    };
    return serve<v1::EraseRequest>(backend_, context, in, Intent::write, ask);
  }

 private:
  Backend& backend_;
};

}  // namespace

std::unique_ptr<grpc::Service> source_service(Backend& backend) {
  return std::make_unique<SourceService>(backend);
}

}  // namespace ringcache
