// SPDX-License-Identifier: Apache-2.0
#include "http/reply.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "base/utf8.h"
#include "http/wire.h"

namespace ringcache {
namespace {

constexpr std::string_view kBinary = "application/octet-stream";
constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";
constexpr std::string_view kText = "text/plain; charset=utf-8";

std::string_view status_line(unsigned status) {
  switch (status) {
    case 200:
      return "HTTP/1.1 200 OK\r\n";
    case 304:
      return "HTTP/1.1 304 Not Modified\r\n";
    case 400:
      return "HTTP/1.1 400 Bad Request\r\n";
    case 403:
      return "HTTP/1.1 403 Forbidden\r\n";
    case 404:
      return "HTTP/1.1 404 Not Found\r\n";
    case 405:
      return "HTTP/1.1 405 Method Not Allowed\r\n";
    case 408:
      return "HTTP/1.1 408 Request Timeout\r\n";
    case 412:
      return "HTTP/1.1 412 Precondition Failed\r\n";
    case 413:
      return "HTTP/1.1 413 Content Too Large\r\n";
    case 429:
      return "HTTP/1.1 429 Too Many Requests\r\n";
    case 431:
      return "HTTP/1.1 431 Request Header Fields Too Large\r\n";
    case 501:
      return "HTTP/1.1 501 Not Implemented\r\n";
    case 503:
      return "HTTP/1.1 503 Service Unavailable\r\n";
    case 504:
      return "HTTP/1.1 504 Gateway Timeout\r\n";
    default:
      return "HTTP/1.1 500 Internal Server Error\r\n";
  }
}

/// Writes a head, field by field, to the end of a string.
class Head {
 public:
  Head(const HttpExchange& exchange, unsigned status, std::string& out)
      : exchange_(exchange), out_(out) {
    out_ += status_line(status);
    field("Date", exchange.date);
  }

  Head& field(std::string_view name, std::string_view value) {
    out_.append(name).append(": ").append(value).append("\r\n");
    return *this;
  }

  Head& field(std::string_view name, std::uint64_t value) {
    char digits[20];
    return field(name,
                 std::string_view(digits, std::to_chars(digits, std::end(digits), value).ptr));
  }

  /// Ends the head before a body of `size` bytes; false when the body must stay away (HEAD).
  bool end(std::string_view content_type, std::uint64_t size) {
    field("Content-Type", content_type).field("Content-Length", size);
    end();
    return exchange_.request.method != HttpMethod::head;
  }

  void end() {
    if (exchange_.close)
      field("Connection", "close");
    else if (exchange_.request.http_1_0)
      field("Connection", "keep-alive");
    out_ += "\r\n";
  }

 private:
  const HttpExchange& exchange_;
  std::string& out_;
};

std::string quoted_etag(const Bytes& bytes) { return '"' + etag_of(bytes.view()) + '"'; }

/// RFC 9110 13.1.2: any of the list, compared weakly, or a star.
bool etag_matches(std::string_view list, std::string_view etag) {
  while (!list.empty()) {
    std::string_view one = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), one.size() + 1));
    one.remove_prefix(std::min(one.size(), one.find_first_not_of(" \t")));
    one = one.substr(0, one.find_last_not_of(" \t") + 1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == etag || one == "*") return true;
  }
  return false;
}

std::uint64_t seconds_since(Time then, Time now) {
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - then).count();
  return then == Time{} || age < 0 ? 0 : static_cast<std::uint64_t>(age);
}

/// `Retry-After` counts in whole seconds; where nobody knows it says one. The other is exact.
void add_retry_after(Duration wait, Head& head) {
  using std::chrono::milliseconds, std::chrono::seconds;
  const auto whole = std::max(std::chrono::ceil<seconds>(wait), seconds(1)).count();
  head.field("Retry-After", static_cast<std::uint64_t>(whole));
  if (wait <= Duration{0}) return;
  const auto exact = std::chrono::ceil<milliseconds>(wait).count();
  head.field("X-Ringcache-Retry-After", std::to_string(exact) + "ms");
}

/// "hit; owner=a" (or "stale"), or "miss; owner=a; load_ms=1.25".
void append_path(const Value& value, std::string_view owner, std::string& out) {
  out += value.stale ? "stale" : value.hit ? "hit" : "miss";
  if (!owner.empty()) {
    out += "; owner=";
    // A name may come from another node's record: nothing in it may end the header.
    for (const char c : owner) out.push_back(c > ' ' && c < 127 && c != ';' ? c : '?');
  }
  if (value.hit) return;
  char digits[32];
  const double ms = std::chrono::duration<double, std::milli>(value.load_time).count();
  const auto end = std::to_chars(digits, std::end(digits), ms, std::chars_format::fixed, 3).ptr;
  out.append("; load_ms=").append(digits, end);
}

std::string error_body(const HttpExchange& exchange, const Error& error) {
  if (exchange.kind == HttpRouteKind::go_peer || exchange.request.forwarded) return error.message;
  return "{\"error\":{\"code\":\"" + std::string(errc_name(error.code)) +
         "\",\"message\":" + json_string(error.message) + "}}\n";
}

std::string_view error_type(const HttpExchange& exchange) {
  return exchange.kind == HttpRouteKind::go_peer || exchange.request.forwarded ? kText : kJson;
}

void reply_error(const HttpExchange& exchange, const Error& error, std::string& out) {
  reply_refusal(exchange, {http_status(error.code), error, {}}, out);
}

/// The answer to another node: the facts it cannot know, and nothing for people.
Bytes reply_facts(const HttpExchange& exchange, WireFacts facts, Bytes bytes, std::string& out) {
  std::string text;
  append_facts(facts, exchange.now, text);
  const bool body =
      Head(exchange, 200, out).field("X-Ringcache-Value", text).end(kBinary, bytes.size());
  return body ? bytes : Bytes();
}

Bytes reply_protobuf(const HttpExchange& exchange, const Bytes& bytes, std::string& out) {
  const std::string prefix = protobuf_prefix(bytes.size());
  const bool body = Head(exchange, 200, out).end(kProtobuf, prefix.size() + bytes.size());
  if (!body) return {};
  out += prefix;
  return bytes;
}

void append_json_ascii(char c, std::string& out) {
  constexpr std::string_view kHex = "0123456789abcdef";
  if (c == '"' || c == '\\')
    out.append({'\\', c});
  else if (c >= ' ' && c != 0x7f)
    out.push_back(c);
  else
    out.append("\\u00").append({kHex[static_cast<unsigned char>(c) >> 4], kHex[c & 15]});
}

}  // namespace

unsigned http_status(Errc code) noexcept {
  switch (code) {
    case Errc::not_found:
    case Errc::no_such_group:
      return 404;
    case Errc::invalid_argument:
      return 400;
    case Errc::too_large:
      return 413;
    case Errc::unsupported:
      return 403;
    case Errc::precondition_failed:
      return 412;
    case Errc::overloaded:
      return 429;
    case Errc::unavailable:
      return 503;
    case Errc::deadline_exceeded:
    case Errc::unknown:
      return 504;
    case Errc::internal:
      return 500;
  }
  return 500;
}

std::string json_string(std::string_view text) {
  const bool valid = valid_utf8(text);
  std::string out(1, '"');
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x80)
      append_json_ascii(c, out);
    else if (valid)
      out.push_back(c);
    else
      out += "\ufffd";
  }
  return out += '"';
}

std::string_view HttpDate::now() {
  const std::time_t second = std::time(nullptr);
  if (second != second_) {
    std::tm parts{};
    gmtime_r(&second, &parts);
    std::strftime(text_, sizeof text_, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    second_ = second;
  }
  return text_;
}

Bytes reply_to_get(const HttpExchange& exchange, const Result<Value>& result,
                   std::string_view owner, std::string& out) {
  if (!result) {
    reply_error(exchange, result.error(), out);
    return {};
  }
  const Bytes& bytes = result->bytes;
  if (exchange.request.forwarded) return reply_facts(exchange, {*result}, bytes, out);
  if (exchange.kind == HttpRouteKind::go_peer) return reply_protobuf(exchange, bytes, out);
  const std::string etag = quoted_etag(bytes);
  const bool unchanged = etag_matches(exchange.request.if_none_match, etag);
  Head head(exchange, unchanged ? 304 : 200, out);
  head.field("ETag", etag).field("Age", seconds_since(result->loaded_at, exchange.now));
  out += "X-Ringcache: ";
  append_path(*result, owner, out);
  out += "\r\n";
  if (!unchanged) return head.end(kBinary, bytes.size()) ? bytes : Bytes();
  head.end();
  return {};
}

Bytes reply_to_put(const HttpExchange& exchange, const Result<Value>& result, const Bytes& sent,
                   std::string& out) {
  if (!result) {
    reply_error(exchange, result.error(), out);
    return {};
  }
  if (exchange.request.forwarded) {
    const bool as_sent = result->bytes.view() == sent.view();
    return reply_facts(exchange, {*result, as_sent}, as_sent ? Bytes() : result->bytes, out);
  }
  Head(exchange, 200, out).field("ETag", quoted_etag(result->bytes)).end(kText, 0);
  return {};
}

void reply_to_erase(const HttpExchange& exchange, const Result<void>& result, std::string& out) {
  if (!result) return reply_error(exchange, result.error(), out);
  Head(exchange, 200, out).end(kText, 0);
}

void reply_json(const HttpExchange& exchange, const Result<std::string>& document,
                std::string& out) {
  if (!document) return reply_error(exchange, document.error(), out);
  if (Head(exchange, 200, out).end(kJson, document->size())) out += *document;
}

Bytes reply_document(const HttpExchange& exchange, Bytes document, std::string& out) {
  return Head(exchange, 200, out).end(kJson, document.size()) ? document : Bytes();
}

void reply_text(const HttpExchange& exchange, unsigned status, std::string_view text,
                std::string& out) {
  if (Head(exchange, status, out).end(kText, text.size())) out += text;
}

void reply_refusal(const HttpExchange& exchange, const HttpRefusal& refusal, std::string& out) {
  const std::string body = error_body(exchange, refusal.error);
  Head head(exchange, refusal.status, out);
  head.field("X-Ringcache-Error", errc_name(refusal.error.code));
  if (refusal.error.code == Errc::unknown) head.field("X-Ringcache", "unknown");
  if (refusal.status == 429 || refusal.status == 503)
    add_retry_after(refusal.error.retry_after, head);
  if (!refusal.allow.empty()) head.field("Allow", refusal.allow);
  if (head.end(error_type(exchange), body.size())) out += body;
}

}  // namespace ringcache
