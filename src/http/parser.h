// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <ringcache/bytes.h>
#include <ringcache/result.h>

#include "net/buffer.h"

namespace ringcache {

enum class HttpMethod { get, head, put, erase, post, other };

/// The parts of a request that a route may look at.
struct HttpRequest {
  HttpMethod method = HttpMethod::other;
  std::string target;
  std::string if_none_match;
  std::optional<std::string> if_match;  ///< Of a PUT, which can honour it.
  std::string timeout;                  ///< X-Ringcache-Timeout.
  std::string max_stale;                ///< X-Ringcache-Max-Stale.
  std::string cache_control;
  std::string refused;     ///< Name of a header that asks a write for more than we can do.
  bool forwarded = false;  ///< X-Ringcache-Forwarded is there.
  bool http_1_0 = false;
  bool keep_alive = false;
  Bytes body;  ///< Null when none was sent.
};

/// The parts of a peer's answer that the asker looks at.
struct HttpResponse {
  unsigned status = 0;
  std::string value_facts;  ///< X-Ringcache-Value.
  std::string error_code;   ///< X-Ringcache-Error.
  std::string retry_after;  ///< X-Ringcache-Retry-After.
  bool keep_alive = false;
  Bytes body;
};

struct HttpLimits {
  std::size_t head_bytes = std::size_t{8} << 10;
  std::size_t body_bytes = std::size_t{16} << 20;
  std::size_t post_bytes = std::size_t{16} << 20;  ///< Body of a POST: many keys, no value.
};

enum class HttpProgress { more, done, failed };

/// Why a request cannot be answered as asked.
struct HttpRefusal {
  unsigned status = 400;
  Error error;
  std::string allow;  ///< With status 405: the methods that are allowed.
};

/// Reads one message after another off a connection's input. Everything is bounded by the limits;
/// no byte sequence can do more harm than a refusal.
template <class Message>
class HttpParser {
 public:
  explicit HttpParser(HttpLimits limits);
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  /// Consumes what it can. After `done` or `failed` not to be called before next().
  HttpProgress feed(NetBuffer& input);

  /// Some of the message has come.
  bool started() const noexcept;
  bool in_head() const noexcept;  ///< The head is not complete.
  /// The head is complete, asks for "100 Continue", and no byte of the body has come.
  bool awaits_continue() const noexcept;
  /// How much of the body is still to come, as far as the head told.
  std::size_t body_bytes_left() const noexcept;

  Message& message() noexcept;
  const HttpRefusal& refusal() const noexcept;  ///< After `failed`.

  void next();  ///< Forgets the message.

  /// Another limit for the next message's body. REQUIRES: not started().
  void limit_body(std::size_t bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

extern template class HttpParser<HttpRequest>;
extern template class HttpParser<HttpResponse>;

}  // namespace ringcache
