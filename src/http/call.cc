// SPDX-License-Identifier: Apache-2.0
#include "http/call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/units.h"
#include "base/uri.h"
#include "http/batch.h"
#include "http/wire.h"

namespace ringcache {
namespace {

std::string_view method_name(HttpMethod method) {
  switch (method) {
    case HttpMethod::put:
      return "PUT";
    case HttpMethod::erase:
      return "DELETE";
    case HttpMethod::post:
      return "POST";
    default:
      return "GET";
  }
}

/// At least a microsecond, and no more than the other end can read.
std::string span_text(Duration span) {
  using std::chrono::microseconds;
  constexpr Duration kMost = std::chrono::hours(24 * 366 * 100);
  const auto count = std::chrono::duration_cast<microseconds>(std::min(span, kMost)).count();
  return std::to_string(std::max<microseconds::rep>(1, count)) + "us";
}

Error strange(const HttpResponse& response, Errc code) {
  return {code,
          "answered with status " + std::to_string(response.status) + " as no ringcache node does"};
}

Error told(const HttpResponse& response) {
  return {errc_from_name(response.error_code), std::string(response.body.view()),
          parse_duration(response.retry_after).value_or(Duration{0})};
}

std::string group_path(std::string_view group) { return "/v1/groups/" + percent_encode(group); }

}  // namespace

HttpCall::HttpCall(NetLoop& loop, HttpMethod method, const KeyView& key, const Call& call,
                   Done<Value> done)
    : method_(method),
      path_(group_path(key.group)),
      deadline_(call.deadline),
      max_stale_(call.max_stale),
      began_(BootClock::now()),
      done_(std::move(done)),
      alarm_(loop) {
  if (is_touch()) name_ = key.name;
  path_ += is_touch() ? ":touch" : "/keys/" + percent_encode(key.name);
}

HttpCall::HttpCall(NetLoop& loop, std::string_view group, Bytes body, const Call& call,
                   Done<Values> done)
    : method_(HttpMethod::post),
      path_(group_path(group) + ":batchGet"),
      deadline_(call.deadline),
      began_(BootClock::now()),
      value_{.bytes = std::move(body)},
      done_(std::move(done)),
      alarm_(loop) {}

HttpCall::HttpCall(NetLoop& loop, std::string_view group, Bytes body, const Call& call,
                   Done<std::uint64_t> done)
    : method_(HttpMethod::post),
      path_(group_path(group) + ":invalidate"),
      deadline_(call.deadline),
      began_(BootClock::now()),
      value_{.bytes = std::move(body)},
      done_(std::move(done)),
      alarm_(loop) {}

void HttpCall::append_request(const std::string& host, Time now, std::string& out) {
  const bool ends = value_.expires_at != Time::max();
  if (is_touch())
    value_.bytes =
        Bytes::copy(touch_request(name_, ends ? span_text(value_.expires_at - now) : ""));
  out.append(method_name(method_)).append(" ").append(path_);
  if (method_ == HttpMethod::put) append_query(now, out);
  out.append(" HTTP/1.1\r\nHost: ").append(host).append("\r\nX-Ringcache-Forwarded: 1\r\n");
  if (deadline_ != Time::max())
    out.append("X-Ringcache-Timeout: ").append(span_text(deadline_ - now)).append("\r\n");
  if (!is_write() && max_stale_ > Duration{0})
    out.append("X-Ringcache-Max-Stale: ").append(span_text(max_stale_)).append("\r\n");
  // Etags are hex; whatever else was expected must not end the header, and matches nothing.
  if (expected_) out.append("If-Match: \"").append(percent_encode(*expected_)).append("\"\r\n");
  if (method_ == HttpMethod::put || method_ == HttpMethod::post)
    out.append("Content-Length: ").append(std::to_string(body().size())).append("\r\n");
  out.append("\r\n");
}

void HttpCall::append_query(Time now, std::string& out) const {
  const char* separator = "?";
  if (value_.expires_at != Time::max())
    out.append(std::exchange(separator, "&"))
        .append("ttl=")
        .append(span_text(value_.expires_at - now));
  if (!value_.tags.view().empty())
    out.append(separator).append("tags=").append(percent_encode(value_.tags.view()));
}

void HttpCall::finish(HttpResponse response) {
  alarm_.stop();
  if (auto* many = std::get_if<Done<Values>>(&done_)) return (*many)(read_answers(response));
  if (auto* copies = std::get_if<Done<std::uint64_t>>(&done_))
    return (*copies)(read_copies(response));
  std::get<Done<Value>>(done_)(is_touch() ? read_touched(response) : read_answer(response));
}

void HttpCall::fail(Error error) {
  alarm_.stop();
  std::visit([&](auto& done) { done(std::unexpected(std::move(error))); }, done_);
}

void HttpCall::give_up(Errc read_code, std::string why) {
  if (std::holds_alternative<Done<std::uint64_t>>(done_)) read_code = Errc::unavailable;
  const Errc write_code = sent ? Errc::unknown : Errc::unavailable;
  fail({is_write() ? write_code : read_code, std::move(why)});
}

Result<Value> HttpCall::read_answer(HttpResponse& response) const {
  if (!response.error_code.empty()) return std::unexpected(told(response));
  // The age counts from before we asked (RFC 9111 4.2.3): an answer may look older than it is,
  // never younger.
  auto facts = parse_facts(response.value_facts, began_);
  const bool has_facts = facts && !response.value_facts.empty();
  if (response.status != 200 || (!has_facts && method_ != HttpMethod::erase))
    return std::unexpected(strange(response, is_write() ? Errc::unknown : Errc::unavailable));
  facts->value.bytes = facts->as_sent ? value_.bytes : std::move(response.body);
  return std::move(facts->value);
}

/// A touch is answered as a batch of one key.
Result<Value> HttpCall::read_touched(const HttpResponse& response) const {
  if (!response.error_code.empty()) return std::unexpected(told(response));
  auto values = parse_forwarded_answer(response.body.view(), began_);
  if (response.status != 200 || !values || values->size() != 1)
    return std::unexpected(strange(response, Errc::unknown));
  return std::move(values->front());
}

Result<Values> HttpCall::read_answers(const HttpResponse& response) const {
  if (!response.error_code.empty()) return std::unexpected(told(response));
  auto values = parse_forwarded_answer(response.body.view(), began_);
  if (response.status != 200 || !values)
    return std::unexpected(strange(response, Errc::unavailable));
  return std::move(*values);
}

Result<std::uint64_t> HttpCall::read_copies(const HttpResponse& response) const {
  if (!response.error_code.empty()) return std::unexpected(told(response));
  const auto copies = parse_invalidated_answer(response.body.view());
  if (response.status != 200 || !copies)
    return std::unexpected(strange(response, Errc::unavailable));
  return *copies;
}

}  // namespace ringcache
