// SPDX-License-Identifier: Apache-2.0
#include "http/pool.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include <boost/asio/connect.hpp>

#include "base/units.h"

namespace ringcache {
namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

/// A link unused for so long is closed; sooner than the other side would, so that no call meets
/// a connection that is just being closed.
constexpr std::chrono::seconds kIdleTime{20};
constexpr std::size_t kHeadBytes = std::size_t{8} << 10;
constexpr std::size_t kReadBytes = std::size_t{4} << 10;
constexpr std::size_t kReadBytesMax = std::size_t{64} << 10;
constexpr std::size_t kAnswerSlack = std::size_t{1} << 20;

/// An answer to many keys has the first value whatever its size, as base64.
std::size_t answer_bytes_max(const HttpPeerOptions& options, HttpMethod method) {
  if (method != HttpMethod::post) return options.value_bytes_max;
  return std::max(options.value_bytes_max / 3 * 4, options.batch_bytes_max) + kAnswerSlack;
}

}  // namespace

HttpLink::HttpLink(std::shared_ptr<HttpPool> pool)
    : pool_(std::move(pool)),
      resolver_(pool_->loop()->io()),
      stream_(pool_->loop(), NetSocket(pool_->loop()->io().get_executor()),
              kHeadBytes + kReadBytesMax),
      parser_({.head_bytes = kHeadBytes, .body_bytes = pool_->options().value_bytes_max}) {}

void HttpLink::connect(std::shared_ptr<HttpCall> call) {
  call_ = std::move(call);
  call_->link = this;
  stream_.alarm().bind(weak_from_this(), [this] {
    lost(Errc::unavailable, call_ ? "no connection in time" : "unused");
  });
  stream_.alarm().set(saturating_add(BootClock::now(), pool_->options().connect_timeout));
  const auto place = parse_host_port(pool_->member().http);
  if (!place) return lost(Errc::unavailable, place.error().message);
  ErrorCode error;
  const auto address = asio::ip::make_address(place->host, error);
  if (!error) return connect_to({tcp::endpoint(address, place->port)});
  resolver_.async_resolve(
      place->host, std::to_string(place->port),
      [self = shared_from_this()](ErrorCode failed, const tcp::resolver::results_type& found) {
        if (self->closed_) return;
        if (failed) return self->lost(Errc::unavailable, failed.message());
        self->connect_to({found.begin(), found.end()});
      });
}

void HttpLink::connect_to(const std::vector<tcp::endpoint>& endpoints) {
  asio::async_connect(stream_.socket(), endpoints,
                      [self = shared_from_this()](ErrorCode error, const tcp::endpoint&) {
                        self->connected(error);
                      });
}

void HttpLink::connected(ErrorCode error) {
  if (closed_) return;
  if (error) return lost(Errc::unavailable, error.message());
  stream_.socket().set_option(tcp::no_delay(true), error);
  listen();
  carry(std::exchange(call_, nullptr));
}

void HttpLink::carry(std::shared_ptr<HttpCall> call) {
  call_ = std::move(call);
  call_->link = this;
  call_->sent = true;
  parser_.limit_body(answer_bytes_max(pool_->options(), call_->method()));
  stream_.alarm().set(Time::max());
  call_->append_request(pool_->member().http, BootClock::now(), stream_.text());
  stream_.payload(call_->body());
  writing_ = true;
  stream_.write([self = shared_from_this()](bool ok) {
    self->writing_ = false;
    if (ok || self->closed_ || !self->call_) return;
    self->call_->sent = self->stream_.written() > 0;
    self->lost(Errc::unavailable, "the connection broke");
  });
}

void HttpLink::listen() {
  const std::size_t wanted = std::clamp(parser_.body_bytes_left(), kReadBytes, kReadBytesMax);
  stream_.read(wanted, [self = shared_from_this()](bool ok) {
    if (self->closed_) return;
    if (!ok || !self->call_) return self->lost(Errc::unavailable, "the connection ended");
    self->heard();
  });
}

void HttpLink::heard() {
  switch (parser_.feed(stream_.input())) {
    case HttpProgress::more:
      return listen();
    case HttpProgress::done:
      return answered();
    case HttpProgress::failed: {
      const Error& error = parser_.refusal().error;
      return lost(error.code == Errc::too_large ? Errc::too_large : Errc::unavailable,
                  error.message);
    }
  }
}

void HttpLink::answered() {
  const auto call = std::exchange(call_, nullptr);
  HttpResponse response = std::move(parser_.message());
  const bool kept = response.keep_alive && stream_.input().empty() && !writing_;
  call->link = nullptr;
  parser_.next();
  reused_ = true;
  if (kept) {
    stream_.input().shrink();
    stream_.alarm().set(BootClock::now() + kIdleTime);
    listen();
    pool_->idle(shared_from_this());
  } else {
    abandon();
    pool_->gone(*this);
  }
  call->finish(std::move(response));
}

void HttpLink::lost(Errc read_code, const std::string& why) {
  const auto self = shared_from_this();
  const auto call = abandon();
  // A kept connection that the other side was just closing: it has not read this request. For a
  // read we may assume so and ask again; for a write only if no byte of it has left.
  const bool again =
      call && reused_ && !parser_.started() && !call->retried && (!call->is_write() || !call->sent);
  if (again) pool_->retry(call);
  pool_->gone(*this);
  if (call && !again) call->give_up(read_code, pool_->named(why));
}

std::shared_ptr<HttpCall> HttpLink::abandon() {
  closed_ = true;
  resolver_.cancel();
  stream_.close();
  if (call_) call_->link = nullptr;
  return std::exchange(call_, nullptr);
}

HttpPool::HttpPool(std::shared_ptr<NetLoop> loop, HttpPeerOptions options, Member member)
    : loop_(std::move(loop)), options_(options), member_(std::move(member)) {}

void HttpPool::begin(std::shared_ptr<HttpCall> call) {
  if (closed_) return call->give_up(Errc::unavailable, named("no longer a peer"));
  if (call->deadline() <= BootClock::now())
    return call->give_up(Errc::deadline_exceeded, named("no time left to ask"));
  call->alarm().bind(call, [this, raw = call.get()] { expire(raw->shared_from_this()); });
  call->alarm().set(call->deadline());
  if (!idle_.empty()) {
    const auto link = std::move(idle_.back());
    idle_.pop_back();
    link->carry(std::move(call));
  } else if (links_.size() < options_.connections_max) {
    connect(std::move(call));
  } else if (waiting_.size() < options_.waiting_max) {
    waiting_.push_back(std::move(call));
  } else {
    call->fail({Errc::overloaded, named("too many calls wait for a connection")});
  }
}

void HttpPool::connect(std::shared_ptr<HttpCall> call) {
  const auto link = std::make_shared<HttpLink>(shared_from_this());
  links_.emplace(link.get(), link);
  link->connect(std::move(call));
}

void HttpPool::retry(std::shared_ptr<HttpCall> call) {
  call->retried = true;
  call->sent = false;
  connect(std::move(call));
}

void HttpPool::idle(std::shared_ptr<HttpLink> link) {
  if (waiting_.empty()) return idle_.push_back(std::move(link));
  const auto call = std::move(waiting_.front());
  waiting_.pop_front();
  link->carry(call);
}

void HttpPool::gone(HttpLink& link) {
  std::erase_if(idle_, [&](const auto& other) { return other.get() == &link; });
  links_.erase(&link);
  serve_waiting();
}

void HttpPool::serve_waiting() {
  if (waiting_.empty() || links_.size() >= options_.connections_max) return;
  const auto call = std::move(waiting_.front());
  waiting_.pop_front();
  connect(call);
}

/// The answer that may still come would be taken for the next call's: its link goes too.
void HttpPool::expire(const std::shared_ptr<HttpCall>& call) {
  if (HttpLink* link = std::exchange(call->link, nullptr)) {
    const auto held = links_.at(link);
    held->abandon();
    gone(*held);
  } else {
    std::erase(waiting_, call);
  }
  call->give_up(Errc::deadline_exceeded, named("no answer before the deadline"));
}

void HttpPool::close() {
  closed_ = true;
  idle_.clear();
  auto calls = std::exchange(waiting_, {});
  for (const auto& [_, link] : std::exchange(links_, {}))
    if (auto call = link->abandon()) calls.push_back(std::move(call));
  for (const auto& call : calls) call->give_up(Errc::unavailable, named("no longer a peer"));
}

std::string HttpPool::named(const std::string& what) const {
  return member_.name + " at " + member_.http + ": " + what;
}

}  // namespace ringcache
