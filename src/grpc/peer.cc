// SPDX-License-Identifier: Apache-2.0
#include <ringcache/grpc.h>

#include <algorithm>
#include <utility>

#include "base/batches.h"
#include "grpc/link.h"
#include "grpc/spans.h"
#include "ringcache.grpc.pb.h"

namespace ringcache {
namespace {

using std::chrono::microseconds;

constexpr std::size_t kMessageSlack = std::size_t{1} << 20;
constexpr std::chrono::seconds kKeepalive{2};  // our own servers bear it

using PeerLink = ServiceLink<v1::Peer>;

struct Get final : Exchange<v1::Peer, v1::PeerGetRequest, v1::PeerValue, Value> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->Get(&context, &request, &response, std::move(finished));
  }
};
struct BatchGet final
    : Exchange<v1::Peer, v1::PeerBatchGetRequest, v1::PeerBatchGetResponse, Values> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->BatchGet(&context, &request, &response, std::move(finished));
  }
};
struct Put final : Exchange<v1::Peer, v1::PeerPutRequest, v1::PeerValue, Value> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->Put(&context, &request, &response, std::move(finished));
  }
};
struct CompareAndSet final : Exchange<v1::Peer, v1::PeerPutRequest, v1::PeerValue, Value> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->CompareAndSet(&context, &request, &response, std::move(finished));
  }
};
struct Touch final : Exchange<v1::Peer, v1::PeerTouchRequest, v1::PeerValue, Value> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->Touch(&context, &request, &response, std::move(finished));
  }
};
struct Invalidate final
    : Exchange<v1::Peer, v1::InvalidateRequest, v1::InvalidateResponse, std::uint64_t> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->Invalidate(&context, &request, &response, std::move(finished));
  }
};
struct Delete final : Exchange<v1::Peer, v1::PeerDeleteRequest, v1::PeerDeleted, void> {
  using Exchange::Exchange;
  void send(Finished finished) {
    link->stub->async()->Delete(&context, &request, &response, std::move(finished));
  }
};

/// The answer in this node's own time: it left no earlier than the call came here plus the time
/// it was held there, so a copy is never taken for younger than it is.
Value value_of(const v1::PeerValue& response, Time began, Bytes put) {
  const Time left_at = saturating_add(began, span_of<microseconds>(response.held_us()));
  Value value{.bytes = response.has_value() ? Bytes::copy(response.value()) : std::move(put),
              .version = response.version(),
              .hit = response.hit(),
              .stale = response.stale(),
              .load_time = span_of<microseconds>(response.load_us())};
  if (response.has_age_us()) value.loaded_at = left_at - span_of<microseconds>(response.age_us());
  if (response.has_ttl_us())
    value.expires_at = saturating_add(left_at, span_of<microseconds>(response.ttl_us()));
  return value;
}

Error error_of(const v1::Refusal& refusal) {
  return {errc_from_name(refusal.reason()), refusal.message(),
          span_of<std::chrono::milliseconds>(refusal.retry_after_ms())};
}

Result<Value> value_of(const v1::PeerBatchGetResult& result, Time began) {
  if (result.has_value()) return value_of(result.value(), began, {});
  if (result.has_refusal()) return std::unexpected(error_of(result.refusal()));
  return fail(Errc::internal, "a result that is neither value nor refusal");
}

Values values_of(const BatchGet& over) {
  Values values;
  values.reserve(static_cast<std::size_t>(over.response.results_size()));
  for (const v1::PeerBatchGetResult& result : over.response.results())
    values.push_back(value_of(result, over.began));
  return values;
}

void send_batch(std::shared_ptr<PeerLink> link, std::span<const KeyView> keys, Time deadline,
                Done<Values> done) {
  const auto get = std::make_shared<BatchGet>(std::move(link), Intent::read, std::move(done));
  get->request.set_group(std::string(keys.front().group));
  for (const KeyView& key : keys) get->request.add_keys(key.name.data(), key.name.size());
  run(get, deadline, [](BatchGet& over) { return values_of(over); });
}

class GrpcPeer final : public Store {
 public:
  GrpcPeer(const Member& member, const GrpcPeerOptions& options)
      : value_bytes_max_(options.value_bytes_max),
        batch_keys_max_(options.batch_keys_max),
        link_(std::make_shared<PeerLink>(LinkOptions{
            .address = member.address,
            .ping = "/ringcache.v1.Peer/Ping",
            .calls_max = options.calls_max,
            .message_bytes_max =
                std::max(options.value_bytes_max, options.batch_bytes_max) + kMessageSlack,
            .keepalive = kKeepalive})) {}

  void get(const KeyView& key, const Call& call, Done<Value> done) override {
    const auto get = exchange<Get>(key, Intent::read, std::move(done));
    get->request.set_max_stale_us(count_of<microseconds>(call.max_stale));
    run(get, call.deadline, [](Get& over) { return value_of(over.response, over.began, {}); });
  }

  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override {
    ask_in_batches(
        keys, {.keys = batch_keys_max_},
        [link = link_, deadline = call.deadline](std::span<const KeyView> batch,
                                                 Done<Values> then) {
          send_batch(link, batch, deadline, std::move(then));
        },
        std::move(done));
  }

  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override {
    send_value(exchange<Put>(key, Intent::write, std::move(done)), std::move(value), call);
  }

  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                       Done<Value> done) override {
    const auto swap = exchange<CompareAndSet>(key, Intent::write, std::move(done));
    swap->request.set_expected_etag(std::move(expected.etag));
    send_value(swap, std::move(value), call);
  }

  void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) override {
    const auto touch = exchange<Touch>(key, Intent::write, std::move(done));
    if (expires_at != Time::max())
      touch->request.set_ttl_us(count_of<microseconds>(expires_at - touch->began));
    run_write(touch, call.deadline,
              [](Touch& over) { return value_of(over.response, over.began, {}); });
  }

  /// Repeating it is safe, so it goes as a read does.
  void invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done) override {
    const auto sent = std::make_shared<Invalidate>(link_, Intent::read, std::move(done));
    v1::InvalidateRequest& request = sent->request;
    request.set_group(what.group);
    for (const std::string& key : what.keys) request.add_keys(key);
    request.set_prefix(what.prefix);
    request.set_tag(what.tag);
    request.set_all(what.all);
    run(sent, call.deadline, [](Invalidate& over) { return over.response.copies(); });
  }

  void erase(const KeyView& key, const Call& call, Done<void> done) override {
    run_write(exchange<Delete>(key, Intent::write, std::move(done)), call.deadline,
              [](Delete&) { return Result<void>(); });
  }

 private:
  template <class Kind>
  void send_value(const std::shared_ptr<Kind>& put, Value value, const Call& call) const {
    if (value.bytes.size() > value_bytes_max_)
      return put->done(fail(Errc::too_large, "the value is larger than a node may send"));
    put->request.set_value(value.bytes.view().data(), value.bytes.size());
    put->request.set_tags(value.tags.view().data(), value.tags.size());
    if (value.expires_at != Time::max())
      put->request.set_ttl_us(count_of<microseconds>(value.expires_at - put->began));
    run_write(put, call.deadline, [bytes = std::move(value.bytes)](Kind& over) {
      return value_of(over.response, over.began, bytes);
    });
  }

  template <class Kind, class T>
  std::shared_ptr<Kind> exchange(const KeyView& key, Intent intent, Done<T> done) const {
    const auto made = std::make_shared<Kind>(link_, intent, std::move(done));
    set_key(made->request, key);
    return made;
  }

  const std::size_t value_bytes_max_;
  const std::size_t batch_keys_max_;
  const std::shared_ptr<PeerLink> link_;
};

}  // namespace

std::shared_ptr<Store> grpc_peer(const Member& member, GrpcPeerOptions options) {
  return std::make_shared<GrpcPeer>(member, options);
}

}  // namespace ringcache
