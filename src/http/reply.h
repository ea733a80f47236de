// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>

#include <ringcache/store.h>

#include "http/parser.h"
#include "http/routes.h"

namespace ringcache {

/// The status of an error, by docs/http.md.
unsigned http_status(Errc code) noexcept;

/// `text` as a JSON string with its quotes; in what is not UTF-8 every byte above 127 becomes
/// U+FFFD.
std::string json_string(std::string_view text);

/// The Date header's value, made anew once a second.
class HttpDate {
 public:
  std::string_view now();

 private:
  std::time_t second_ = -1;
  char text_[32] = {};
};

/// What a reply depends on besides its result.
struct HttpExchange {
  const HttpRequest& request;
  HttpRouteKind kind;
  std::string_view date;
  Time now;
  bool close;  ///< Say that the connection ends with this reply.
};

/// @name Replies
/// Each appends a reply to `out`; a Bytes that is returned is to be sent behind it.
/// @{
Bytes reply_to_get(const HttpExchange& exchange, const Result<Value>& result,
                   std::string_view owner, std::string& out);
/// `sent` is what the put asked to store.
Bytes reply_to_put(const HttpExchange& exchange, const Result<Value>& result, const Bytes& sent,
                   std::string& out);
void reply_to_erase(const HttpExchange& exchange, const Result<void>& result, std::string& out);
void reply_json(const HttpExchange& exchange, const Result<std::string>& document,
                std::string& out);
/// A document that is too large to be copied.
Bytes reply_document(const HttpExchange& exchange, Bytes document, std::string& out);
void reply_text(const HttpExchange& exchange, unsigned status, std::string_view text,
                std::string& out);
void reply_refusal(const HttpExchange& exchange, const HttpRefusal& refusal, std::string& out);
/// @}

}  // namespace ringcache
