// SPDX-License-Identifier: Apache-2.0
#include "http/connection.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/done.h"
#include "base/gathering.h"
#include "base/units.h"
#include "http/cache_control.h"

namespace ringcache {
namespace {

/// How long a request's head may take to come in.
constexpr std::chrono::seconds kHeadTime{10};
/// How long we listen to a client that goes on sending after our last reply.
constexpr std::chrono::seconds kEndTime{1};
/// How long a kept connection of a draining door may stay silent. Longer than the pause of a busy
/// client, which learns from its next reply that it must go elsewhere.
constexpr std::chrono::milliseconds kDrainTime{500};
/// Replies of a pipeline that are queued before they are sent.
constexpr std::size_t kOutputBytes = std::size_t{256} << 10;
constexpr std::size_t kReadBytes = std::size_t{4} << 10;
constexpr std::size_t kReadBytesMax = std::size_t{64} << 10;

/// Reads a header of ours that holds a span, if it is there.
Result<void> read_span(const std::string& text, std::string_view name, Duration& span) {
  if (text.empty()) return {};
  const auto parsed = parse_duration(text);
  if (!parsed)
    return fail(Errc::invalid_argument, std::string(name) + ": " + parsed.error().message);
  span = *parsed;
  return {};
}

Result<Call> call_of(const HttpRequest& request, std::string_view client, Duration timeout) {
  Duration max_stale = parse_max_stale(request.cache_control);
  if (auto read = read_span(request.timeout, "X-Ringcache-Timeout", timeout); !read)
    return std::unexpected(std::move(read.error()));
  if (auto read = read_span(request.max_stale, "X-Ringcache-Max-Stale", max_stale); !read)
    return std::unexpected(std::move(read.error()));
  return Call{.deadline = saturating_add(BootClock::now(), timeout),
              .forwarded = request.forwarded,
              .max_stale = max_stale,
              .client = client};
}

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpDoor> door, std::shared_ptr<NetLoop> loop,
                               NetSocket socket)
    : door_(std::move(door)),
      stream_(std::move(loop), std::move(socket), door_->limits.head_bytes + kReadBytesMax),
      client_(stream_.peer_address()),
      parser_(door_->limits) {}

void HttpConnection::start() {
  stream_.alarm().bind(weak_from_this(), [this] { on_alarm(); });
  since_ = BootClock::now();
  pump();
}

void HttpConnection::refuse() {
  start();
  answer_failed({503, {Errc::unavailable, "too many connections"}, {}});
  pump();
}

void HttpConnection::drain() {
  drained_ = BootClock::now();
  set_alarm();
}

void HttpConnection::cut() { close(); }

/// The one place where it is decided what comes next.
void HttpConnection::pump() {
  if (writing_ || phase_ == Phase::closed) return;
  while (phase_ == Phase::receiving && stream_.output_bytes() < kOutputBytes && receive()) answer();
  if (phase_ == Phase::closed) return;
  if (stream_.has_output()) {
    writing_ = true;
    since_ = BootClock::now();
    stream_.write([self = shared_from_this()](bool ok) {
      self->writing_ = false;
      self->since_ = BootClock::now();
      ok ? self->pump() : self->close();
    });
  } else if (phase_ == Phase::closing) {
    end();
  } else if (phase_ == Phase::receiving && !reading_) {
    receive_more();
  }
  set_alarm();
}

/// True when a whole request is there.
bool HttpConnection::receive() {
  if (reading_ || stream_.input().empty()) return false;
  if (!parser_.started()) since_ = BootClock::now();
  switch (parser_.feed(stream_.input())) {
    case HttpProgress::done:
      return true;
    case HttpProgress::failed:
      answer_failed(parser_.refusal());
      return false;
    case HttpProgress::more:
      break;
  }
  if (parser_.awaits_continue() && !std::exchange(continued_, true))
    stream_.text() += "HTTP/1.1 100 Continue\r\n\r\n";
  return false;
}

void HttpConnection::receive_more() {
  reading_ = true;
  const std::size_t wanted = std::clamp(parser_.body_bytes_left(), kReadBytes, kReadBytesMax);
  stream_.read(wanted, [self = shared_from_this()](bool ok) {
    self->reading_ = false;
    ok ? self->pump() : self->close();
  });
}

void HttpConnection::answer() {
  const auto found = door_->routes.find(parser_.message(), route_);
  if (!found) {
    reply_refusal(exchange(), found.error(), stream_.text());
    return finish_request();
  }
  switch (route_.kind) {
    case HttpRouteKind::page:
    case HttpRouteKind::health:
    case HttpRouteKind::ready:
      return reply_ready();
    default:
      return ask();
  }
}

/// What cannot be read cannot be skipped either: the connection ends.
void HttpConnection::answer_failed(const HttpRefusal& refusal) {
  parser_.message().keep_alive = false;
  route_.kind = HttpRouteKind::page;
  reply_refusal(exchange(), refusal, stream_.text());
  finish_request();
}

void HttpConnection::ask() {
  const HttpRequest& request = parser_.message();
  const auto call = call_of(request, client_, door_->options.request_timeout);
  if (!call) {
    reply(Result<Value>(std::unexpected(call.error())));
    return finish_request();
  }
  const KeyView key(route_.group, route_.key);
  phase_ = Phase::waiting;
  deadline_ = call->deadline;
  asking_ = true;
  if (route_.kind == HttpRouteKind::batch)
    ask_many(*call);
  else if (request.method == HttpMethod::put)
    ask_put(key, *call);
  else if (request.method == HttpMethod::erase)
    door_->store.erase(key, *call, hand_in<void>());
  else
    door_->store.get(key, *call, hand_in<Value>());
  asking_ = false;
}

void HttpConnection::ask_put(const KeyView& key, const Call& call) {
  Bytes& body = parser_.message().body;
  if (body.is_null()) body = Bytes::copy("");
  Value value{.bytes = body};
  if (route_.ttl != Duration::max())
    value.expires_at = saturating_add(BootClock::now(), route_.ttl);
  if (!route_.tags.empty()) value.tags = Bytes::copy(route_.tags);
  if (!route_.expected) return door_->store.put(key, std::move(value), call, hand_in<Value>());
  door_->store.compare_and_set(key, {.etag = *route_.expected}, std::move(value), call,
                               hand_in<Value>());
}

void HttpConnection::ask_many(const Call& call) {
  const HttpOptions& options = door_->options;
  auto batch = parse_batch(route_.verb, parser_.message().body.view(),
                           {.keys = options.batch_keys_max,
                            .key_bytes = options.key_bytes_max,
                            .value_bytes = options.value_bytes_max},
                           BootClock::now());
  if (!batch) return arrived<Values>(turn_, std::unexpected(std::move(batch.error())));
  // Held here too: an answer on this stack ends the request while its keys are still lent out.
  const auto held = std::make_shared<const HttpBatch>(std::move(*batch));
  batch_ = held;
  if (route_.verb == BatchVerb::invalidate) return invalidate(call);
  if (route_.verb != BatchVerb::get) return write_many(call);
  std::vector<KeyView> keys;
  keys.reserve(held->keys.size());
  for (const std::string& key : held->keys) keys.emplace_back(route_.group, key);
  door_->store.get_many(keys, call, hand_in<Values>());
}

/// All at once; each ends as it would alone.
void HttpConnection::write_many(const Call& call) {
  const HttpBatch& batch = *batch_;
  if (batch.keys.empty()) return arrived<Values>(turn_, Values());
  const auto gathering = std::make_shared<Gathering>(batch.keys.size(), hand_in<Values>());
  Store& store = door_->store;
  for (std::size_t i = 0, count = batch.keys.size(); i < count; ++i) {
    const KeyView key(route_.group, batch.keys[i]);
    Done<Value> done = gathering->done_of(i);
    if (route_.verb == BatchVerb::put)
      store.put(key, batch.values[i], call, std::move(done));
    else if (route_.verb == BatchVerb::touch)
      store.touch(key, batch.expires_at, call, std::move(done));
    else
      store.erase(key, call, as_void_done(std::move(done)));
  }
}

void HttpConnection::invalidate(const Call& call) {
  const Invalidation what{.group = route_.group,
                          .keys = batch_->keys,
                          .prefix = batch_->prefix,
                          .tag = batch_->tag,
                          .all = batch_->all};
  door_->store.invalidate(what, call, hand_in<std::uint64_t>());
}

/// Whoever answers, on whatever thread and however late, holds the connection until then.
template <class T>
Done<T> HttpConnection::hand_in() {
  return [self = shared_from_this(), turn = turn_](Result<T> result) mutable {
    // Of other threads only the loop's own may look at asking_; there it tells an answer on our own
    // stack from one that another connection's request has brought along.
    if (self->loop().here() && self->asking_) return self->arrived<T>(turn, std::move(result));
    NetLoop& loop = self->loop();
    loop.post([self = std::move(self), turn, result = std::move(result)]() mutable {
      self->arrived<T>(turn, std::move(result));
    });
  };
}

template <class T>
void HttpConnection::arrived(std::uint64_t turn, Result<T> result) {
  if (turn != turn_ || phase_ != Phase::waiting) return;
  reply(result);
  finish_request();
  if (!asking_) pump();
}

void HttpConnection::reply(const Result<Value>& result) {
  const HttpRequest& request = parser_.message();
  if (request.method == HttpMethod::put)
    return stream_.payload(reply_to_put(exchange(), result, request.body, stream_.text()));
  const auto& name = door_->options.owner_name;
  const bool named = name && result && !request.forwarded;
  const std::string owner = named ? name(KeyView(route_.group, route_.key)) : std::string();
  stream_.payload(reply_to_get(exchange(), result, owner, stream_.text()));
}

void HttpConnection::reply(const Result<void>& result) {
  reply_to_erase(exchange(), result, stream_.text());
}

void HttpConnection::reply(const Result<Values>& result) {
  if (!result) return reply_json(exchange(), std::unexpected(result.error()), stream_.text());
  Bytes document = Bytes::copy(many_answer(*result));
  stream_.payload(reply_document(exchange(), std::move(document), stream_.text()));
}

void HttpConnection::reply(const Result<std::uint64_t>& copies) {
  if (!copies) return reply_json(exchange(), std::unexpected(copies.error()), stream_.text());
  reply_json(exchange(), invalidated_answer(*copies), stream_.text());
}

/// Another node's writes go alone; of a touch it wants to know what the key now has.
std::string HttpConnection::many_answer(const Values& values) {
  const HttpOptions& options = door_->options;
  const Time now = BootClock::now();
  const bool reads = route_.verb == BatchVerb::get;
  if (parser_.message().forwarded && (reads || route_.verb == BatchVerb::touch))
    return forwarded_answer(values, now, options.batch_bytes_max);
  if (!reads) return written_answer(*batch_, values, route_.verb == BatchVerb::erase);
  return batch_answer(route_.group, *batch_, values, options.owner_name, now,
                      options.batch_bytes_max);
}

/// What needs no store: pages and the node's state.
void HttpConnection::reply_ready() {
  std::string& out = stream_.text();
  if (route_.kind == HttpRouteKind::page) {
    reply_json(exchange(), route_.page->json(route_.parameters), out);
  } else {
    const auto& unready = door_->options.unready_reason;
    const bool asks = route_.kind == HttpRouteKind::ready && unready;
    const std::string reason = asks ? unready() : std::string();
    reply_text(exchange(), reason.empty() ? 200 : 503, (reason.empty() ? "ok" : reason) + "\n",
               out);
  }
  finish_request();
}

/// REQUIRES: its reply is queued.
void HttpConnection::finish_request() {
  phase_ = last_ ? Phase::closing : Phase::receiving;
  ++turn_;
  continued_ = false;
  batch_.reset();
  parser_.next();
  if (stream_.input().empty()) stream_.input().shrink();
  since_ = BootClock::now();
}

Errc HttpConnection::late_code() {
  const HttpMethod method = parser_.message().method;
  if (method == HttpMethod::put || method == HttpMethod::erase) return Errc::unknown;
  if (method != HttpMethod::post || route_.verb == BatchVerb::get) return Errc::deadline_exceeded;
  return route_.verb == BatchVerb::invalidate ? Errc::unavailable : Errc::unknown;
}

HttpExchange HttpConnection::exchange() {
  // A draining door answers a pipeline to its end before it says that the end has come.
  const bool leaving = door_->draining.load(std::memory_order_relaxed) && stream_.input().empty();
  last_ = leaving || !parser_.message().keep_alive;
  return {.request = parser_.message(),
          .kind = route_.kind,
          .date = date_.now(),
          .now = BootClock::now(),
          .close = last_};
}

void HttpConnection::set_alarm() {
  const HttpOptions& options = door_->options;
  Time due = saturating_add(since_, options.idle_timeout);
  if (writing_) {
    // the idle time: a client that takes nothing for so long takes nothing more
  } else if (phase_ == Phase::waiting) {
    due = deadline_;
  } else if (phase_ == Phase::closing) {
    due = since_ + kEndTime;
  } else if (parser_.started()) {
    if (parser_.in_head()) due = std::min(due, since_ + kHeadTime);
  } else if (door_->draining) {
    due = std::min(due, std::max(since_, drained_) + kDrainTime);
  }
  stream_.alarm().set(due);
}

void HttpConnection::on_alarm() {
  if (phase_ == Phase::waiting && !writing_) {
    arrived<Value>(turn_, fail(late_code(), "no answer before the deadline"));
  } else if (phase_ == Phase::receiving && !writing_ && parser_.started()) {
    answer_failed({408, {Errc::deadline_exceeded, "the request did not come in time"}, {}});
    pump();
  } else {
    close();
  }
}

/// Listens on until the client has ended too, or the alarm rings: closing at once could make the
/// kernel drop the reply that the client has not read.
void HttpConnection::end() {
  stream_.end();
  stream_.input().consume(stream_.input().size());
  if (!reading_) receive_more();
}

void HttpConnection::close() noexcept {
  if (std::exchange(phase_, Phase::closed) == Phase::closed) return;
  stream_.close();
  door_->crowd.leave(this);
}

}  // namespace ringcache
