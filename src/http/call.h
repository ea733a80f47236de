// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <ringcache/store.h>

#include "http/parser.h"
#include "net/alarm.h"

namespace ringcache {

class HttpLink;

/// A call on its way to another node. Lives on the loop of that node's pool.
class HttpCall : public std::enable_shared_from_this<HttpCall> {
 public:
  /// For one key; a post is a touch.
  HttpCall(NetLoop& loop, HttpMethod method, const KeyView& key, const Call& call,
           Done<Value> done);

  /// A read of many keys, which `body` names (batch_request).
  HttpCall(NetLoop& loop, std::string_view group, Bytes body, const Call& call, Done<Values> done);

  /// An invalidation, of what `body` names (invalidate_request).
  HttpCall(NetLoop& loop, std::string_view group, Bytes body, const Call& call,
           Done<std::uint64_t> done);

  HttpMethod method() const noexcept { return method_; }
  /// Must not be sent twice. (An invalidation may be.)
  bool is_write() const noexcept {
    return std::holds_alternative<Done<Value>>(done_) && method_ != HttpMethod::get;
  }
  Time deadline() const noexcept { return deadline_; }
  NetAlarm& alarm() noexcept { return alarm_; }

  void store(Value value) { value_ = std::move(value); }          ///< What a put is to store.
  void expect(std::string etag) { expected_ = std::move(etag); }  ///< What a put is to replace.
  void end_at(Time end) { value_.expires_at = end; }              ///< By a touch.

  const Bytes& body() const noexcept { return value_.bytes; }
  /// The head. Makes the body of a touch, whose ttl counts from `now`.
  void append_request(const std::string& host, Time now, std::string& out);

  /// The answer, or what went wrong with it. REQUIRES: not finished yet.
  void finish(HttpResponse response);
  void fail(Error error);
  /// No answer will come. A write is `unknown` if any byte of it may have left.
  void give_up(Errc read_code, std::string why);

  bool sent = false;     ///< Some of the request may have reached the other node.
  bool retried = false;  ///< It has had its second connection.
  HttpLink* link = nullptr;

 private:
  bool is_touch() const noexcept { return is_write() && method_ == HttpMethod::post; }
  void append_query(Time now, std::string& out) const;
  Result<Value> read_answer(HttpResponse& response) const;
  Result<Value> read_touched(const HttpResponse& response) const;
  Result<Values> read_answers(const HttpResponse& response) const;
  Result<std::uint64_t> read_copies(const HttpResponse& response) const;

  HttpMethod method_;
  std::string path_;
  std::string name_;  ///< Of the key of a touch.
  Time deadline_;
  Duration max_stale_{0};
  Time began_;
  Value value_;
  std::optional<std::string> expected_;
  std::variant<Done<Value>, Done<Values>, Done<std::uint64_t>> done_;
  NetAlarm alarm_;
};

}  // namespace ringcache
