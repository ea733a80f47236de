// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include <ringcache/store.h>

#include "http/parser.h"
#include "net/alarm.h"

namespace ringcache {

class HttpLink;

/// A call on its way to another node. Lives on the loop of that node's pool.
class HttpCall : public std::enable_shared_from_this<HttpCall> {
 public:
  HttpCall(NetLoop& loop, HttpMethod method, const KeyView& key, const Call& call,
           Done<Value> done);

  /// A read of many keys, which `body` names (batch_request).
  HttpCall(NetLoop& loop, std::string_view group, Bytes body, const Call& call, Done<Values> done);

  HttpMethod method() const noexcept { return method_; }
  bool is_write() const noexcept {
    return method_ == HttpMethod::put || method_ == HttpMethod::erase;
  }
  Time deadline() const noexcept { return deadline_; }
  NetAlarm& alarm() noexcept { return alarm_; }

  void store(Value value);  ///< What a put is to store.
  const Bytes& body() const noexcept { return value_.bytes; }
  void append_request(const std::string& host, Time now, std::string& out) const;

  /// The answer, or what went wrong with it. REQUIRES: not finished yet.
  void finish(HttpResponse response);
  void fail(Error error);
  /// No answer will come. A write is `unknown` if any byte of it may have left.
  void give_up(Errc read_code, std::string why);

  bool sent = false;     ///< Some of the request may have reached the other node.
  bool retried = false;  ///< It has had its second connection.
  HttpLink* link = nullptr;

 private:
  Result<Value> read_answer(HttpResponse& response) const;
  Result<Values> read_answers(const HttpResponse& response) const;

  HttpMethod method_;
  std::string path_;
  Time deadline_;
  Duration max_stale_{0};
  Time began_;
  Value value_;
  std::variant<Done<Value>, Done<Values>> done_;
  NetAlarm alarm_;
};

}  // namespace ringcache
