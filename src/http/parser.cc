// SPDX-License-Identifier: Apache-2.0
#include "http/parser.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <type_traits>

#include <boost/beast/http/basic_parser.hpp>

namespace ringcache {
namespace http = boost::beast::http;
using boost::beast::iequals;
using BeastCode = boost::beast::error_code;
using BeastView = boost::beast::string_view;

namespace {

/// A body as it comes in. Where the head told its size it is written once, into its final place;
/// the memory of a large one is only touched as far as bytes have really come.
class Body {
 public:
  void start(std::optional<std::size_t> size) {
    if (size) whole_ = Bytes::build(*size, [this](char* place) { at_ = place; });
  }

  void append(std::string_view piece) {
    if (!at_) return void(pieces_.append(piece));
    std::memcpy(at_, piece.data(), piece.size());
    at_ += piece.size();
  }

  /// Null when there was none.
  Bytes take() {
    if (at_ != nullptr) return std::move(whole_);
    return pieces_.empty() ? Bytes() : Bytes::copy(pieces_);
  }

 private:
  Bytes whole_;
  char* at_ = nullptr;
  std::string pieces_;
};

void note_head(HttpRequest& request, http::verb verb, BeastView target, int version) {
  request.method = verb == http::verb::get       ? HttpMethod::get
                   : verb == http::verb::head    ? HttpMethod::head
                   : verb == http::verb::put     ? HttpMethod::put
                   : verb == http::verb::delete_ ? HttpMethod::erase
                   : verb == http::verb::post    ? HttpMethod::post
                                                 : HttpMethod::other;
  request.target.assign(target);
  request.http_1_0 = version == 10;
}

/// A field that is there twice is a list (RFC 9110 5.3).
void note_if_match(HttpRequest& request, BeastView value) {
  std::string& etags =
      request.if_match ? request.if_match->append(", ") : request.if_match.emplace();
  etags.append(value);
}

/// Preconditions and partial writes: a write that carries one must not be done as if it did not.
constexpr std::array kRefusedOnWrite{http::field::if_match, http::field::if_none_match,
                                     http::field::if_unmodified_since, http::field::content_range};

void note_field(HttpRequest& request, http::field field, BeastView name, BeastView value) {
  if (field == http::field::if_none_match) request.if_none_match.assign(value);
  if (field == http::field::cache_control) request.cache_control.assign(value);
  if (field == http::field::if_match && request.method == HttpMethod::put)
    note_if_match(request, value);
  else if (std::ranges::find(kRefusedOnWrite, field) != kRefusedOnWrite.end())
    request.refused.assign(name);
  if (field != http::field::unknown) return;
  if (iequals(name, "X-Ringcache-Timeout")) request.timeout.assign(value);
  if (iequals(name, "X-Ringcache-Max-Stale")) request.max_stale.assign(value);
  if (iequals(name, "X-Ringcache-Forwarded")) request.forwarded = true;
}

void note_field(HttpResponse& response, http::field field, BeastView name, BeastView value) {
  if (field != http::field::unknown) return;
  if (iequals(name, "X-Ringcache-Value")) response.value_facts.assign(value);
  if (iequals(name, "X-Ringcache-Error")) response.error_code.assign(value);
  if (iequals(name, "X-Ringcache-Retry-After")) response.retry_after.assign(value);
}

/// Empties a message but keeps its strings' memory.
void clear(HttpRequest& request) {
  for (std::string* text : {&request.target, &request.if_none_match, &request.timeout,
                            &request.max_stale, &request.cache_control, &request.refused})
    text->clear();
  request.if_match.reset();
  request.forwarded = false;
  request.body = Bytes();
}
void clear(HttpResponse& response) { response = HttpResponse(); }

HttpRefusal too_large(std::string_view what, std::size_t most) {
  return {
      413,
      {Errc::too_large, std::string(what) + " is larger than " + std::to_string(most) + " bytes"},
      {}};
}

bool is_post(const HttpRequest& request) { return request.method == HttpMethod::post; }
bool is_post(const HttpResponse&) { return false; }

HttpRefusal refusal_of(BeastCode error, const HttpLimits& limits, bool post) {
  if (error == http::error::body_limit)
    return post ? too_large("the body", limits.post_bytes)
                : too_large("the value", limits.body_bytes);
  if (error == http::error::header_limit)
    return {431,
            {Errc::too_large,
             "the request's head is larger than " + std::to_string(limits.head_bytes) + " bytes"},
            {}};
  if (error == http::error::bad_transfer_encoding)
    return {501, {Errc::invalid_argument, "the only Transfer-Encoding we read is chunked"}, {}};
  return {400, {Errc::invalid_argument, "malformed request: " + error.message()}, {}};
}

}  // namespace

template <class Message>
struct HttpParser<Message>::Impl {
  static constexpr bool kRequest = std::is_same_v<Message, HttpRequest>;

  /// Beast calls us back with the parts; we keep those we know.
  class Beast final : public http::basic_parser<kRequest> {
   public:
    explicit Beast(Impl& impl) : impl_(impl) {
      this->eager(true);
      this->header_limit(static_cast<std::uint32_t>(impl.limits.head_bytes));
      this->body_limit(impl.limits.body_bytes);
    }

   private:
    void on_request_impl(http::verb verb, BeastView, BeastView target, int version,
                         BeastCode&) override {
      if constexpr (kRequest) note_head(impl_.message, verb, target, version);
      if (is_post(impl_.message)) this->body_limit(impl_.limits.post_bytes);
    }
    void on_response_impl(int status, BeastView, int, BeastCode&) override {
      if constexpr (!kRequest) impl_.message.status = static_cast<unsigned>(status);
    }
    void on_field_impl(http::field field, BeastView name, BeastView value,
                       BeastCode& error) override {
      if (this->is_header_done()) return;  // a trailer cannot change what the head said
      if (field == http::field::expect) impl_.expects = iequals(value, "100-continue");
      if (field == http::field::transfer_encoding && !iequals(value, "chunked"))
        error = http::error::bad_transfer_encoding;  // what we cannot frame could smuggle a request
      note_field(impl_.message, field, name, value);
    }
    void on_header_impl(BeastCode&) override {}
    void on_body_init_impl(boost::optional<std::uint64_t> const& size, BeastCode&) override {
      impl_.body.start(size ? std::optional<std::size_t>(*size) : std::nullopt);
    }
    std::size_t on_body_impl(BeastView piece, BeastCode&) override {
      impl_.body.append(piece);
      return piece.size();
    }
    void on_chunk_header_impl(std::uint64_t, BeastView, BeastCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, BeastView piece, BeastCode&) override {
      impl_.body.append(piece);
      return piece.size();
    }
    void on_finish_impl(BeastCode&) override { impl_.message.body = impl_.body.take(); }

    Impl& impl_;
  };

  explicit Impl(HttpLimits l) : limits(l) { restart(); }

  void restart() {
    clear(message);
    body = Body();
    head_bytes = 0;
    expects = got_body = false;
    beast.emplace(*this);
  }

  HttpLimits limits;
  Message message;
  HttpRefusal refusal;
  Body body;
  std::size_t head_bytes = 0;
  bool expects = false;
  bool got_body = false;
  std::optional<Beast> beast;
};

template <class Message>
HttpParser<Message>::HttpParser(HttpLimits limits) : impl_(std::make_unique<Impl>(limits)) {}

template <class Message>
HttpParser<Message>::~HttpParser() = default;

template <class Message>
HttpProgress HttpParser<Message>::feed(NetBuffer& input) {
  auto& beast = *impl_->beast;
  while (!beast.got_some() && input.view().starts_with("\r\n")) input.consume(2);
  if (input.empty()) return HttpProgress::more;
  BeastCode error;
  const bool in_head = !beast.is_header_done();
  const std::size_t used = beast.put({input.view().data(), input.size()}, error);
  input.consume(used);
  // Beast holds its limit against what it is given at once, not against the sum of the pieces; and
  // it has none for the head of a chunk.
  if (in_head) impl_->head_bytes += used;
  const std::size_t head = input.size() + (beast.is_header_done() ? 0 : impl_->head_bytes);
  if (!beast.is_done() && head > impl_->limits.head_bytes) error = http::error::header_limit;
  impl_->got_body = !in_head && used > 0;
  if (error && error != http::error::need_more) {
    impl_->refusal = refusal_of(error, impl_->limits, is_post(impl_->message));
    return HttpProgress::failed;
  }
  if (!beast.is_done()) return HttpProgress::more;
  impl_->message.keep_alive = beast.keep_alive();
  return HttpProgress::done;
}

template <class Message>
bool HttpParser<Message>::started() const noexcept {
  return impl_->beast->got_some();
}

template <class Message>
bool HttpParser<Message>::in_head() const noexcept {
  return !impl_->beast->is_header_done();
}

template <class Message>
bool HttpParser<Message>::awaits_continue() const noexcept {
  return impl_->expects && impl_->beast->is_header_done() && !impl_->beast->is_done() &&
         !impl_->got_body;
}

template <class Message>
std::size_t HttpParser<Message>::body_bytes_left() const noexcept {
  if (!impl_->beast->is_header_done()) return 0;
  return impl_->beast->content_length_remaining().value_or(0);
}

template <class Message>
Message& HttpParser<Message>::message() noexcept {
  return impl_->message;
}

template <class Message>
const HttpRefusal& HttpParser<Message>::refusal() const noexcept {
  return impl_->refusal;
}

template <class Message>
void HttpParser<Message>::next() {
  impl_->restart();
}

template <class Message>
void HttpParser<Message>::limit_body(std::size_t bytes) {
  impl_->limits.body_bytes = bytes;
  impl_->beast->body_limit(bytes);
}

template class HttpParser<HttpRequest>;
template class HttpParser<HttpResponse>;

}  // namespace ringcache
