// SPDX-License-Identifier: Apache-2.0
#include "http/call.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/uri.h"
#include "http/wire.h"

namespace ringcache {
namespace {

std::string_view method_name(HttpMethod method) {
  return method == HttpMethod::put ? "PUT" : method == HttpMethod::erase ? "DELETE" : "GET";
}

/// At least a microsecond, and no more than the other end can read.
std::string span_text(Duration span) {
  using std::chrono::microseconds;
  constexpr Duration kMost = std::chrono::hours(24 * 366 * 100);
  const auto count = std::chrono::duration_cast<microseconds>(std::min(span, kMost)).count();
  return std::to_string(std::max<microseconds::rep>(1, count)) + "us";
}

}  // namespace

HttpCall::HttpCall(NetLoop& loop, HttpMethod method, const KeyView& key, const Call& call,
                   Done<Value> done)
    : method_(method),
      path_("/v1/groups/" + percent_encode(key.group) + "/keys/" + percent_encode(key.name)),
      deadline_(call.deadline),
      max_stale_(call.max_stale),
      began_(BootClock::now()),
      done_(std::move(done)),
      alarm_(loop) {}

void HttpCall::store(Value value) { value_ = std::move(value); }

void HttpCall::append_request(const std::string& host, Time now, std::string& out) const {
  out.append(method_name(method_)).append(" ").append(path_);
  if (value_.expires_at != Time::max())
    out.append("?ttl=").append(span_text(value_.expires_at - now));
  out.append(" HTTP/1.1\r\nHost: ").append(host).append("\r\nX-Ringcache-Forwarded: 1\r\n");
  if (deadline_ != Time::max())
    out.append("X-Ringcache-Timeout: ").append(span_text(deadline_ - now)).append("\r\n");
  if (!is_write() && max_stale_ > Duration{0})
    out.append("X-Ringcache-Max-Stale: ").append(span_text(max_stale_)).append("\r\n");
  if (method_ == HttpMethod::put)
    out.append("Content-Length: ").append(std::to_string(body().size())).append("\r\n");
  out.append("\r\n");
}

void HttpCall::finish(HttpResponse response) {
  alarm_.stop();
  done_(read_answer(response));
}

void HttpCall::fail(Error error) {
  alarm_.stop();
  done_(std::unexpected(std::move(error)));
}

void HttpCall::give_up(Errc read_code, std::string why) {
  const Errc write_code = sent ? Errc::unknown : Errc::unavailable;
  fail({is_write() ? write_code : read_code, std::move(why)});
}

Result<Value> HttpCall::read_answer(HttpResponse& response) const {
  if (!response.error_code.empty())
    return ringcache::fail(errc_from_name(response.error_code), std::string(response.body.view()));
  // The age counts from before we asked (RFC 9111 4.2.3): an answer may look older than it is,
  // never younger.
  auto facts = parse_facts(response.value_facts, began_);
  const bool has_facts = facts && !response.value_facts.empty();
  if (response.status != 200 || (!has_facts && method_ != HttpMethod::erase))
    return ringcache::fail(
        is_write() ? Errc::unknown : Errc::unavailable,
        "answered with status " + std::to_string(response.status) + " as no ringcache node does");
  facts->value.bytes = facts->as_sent ? value_.bytes : std::move(response.body);
  return std::move(facts->value);
}

}  // namespace ringcache
