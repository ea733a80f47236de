// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include <ringcache/http.h>

#include "http/batch.h"
#include "http/parser.h"
#include "http/reply.h"
#include "http/routes.h"
#include "net/crowd.h"
#include "net/stream.h"

namespace ringcache {

class HttpConnection;

/// What all connections of one server share.
struct HttpDoor {
  HttpDoor(HttpOptions o, Store& s)
      : options(std::move(o)),
        routes(options.pages, options.api_group, options.key_bytes_max),
        limits{.head_bytes = (std::size_t{8} << 10) + 3 * options.key_bytes_max,
               .body_bytes = options.value_bytes_max,
               .post_bytes = std::max(options.value_bytes_max,
                                      (std::size_t{2} << 20) + 2 * options.key_bytes_max)},
        store(s) {}

  const HttpOptions options;
  const HttpRoutes routes;
  const HttpLimits limits;
  Store& store;
  std::atomic<bool> draining = false;
  NetCrowd<HttpConnection> crowd;
};

/// One client. Reads a request, answers it, reads the next: requests of a pipeline are answered in
/// turn, those that the store answers at once with a single write. Lives on its stream's loop;
/// whatever it waits for (socket, alarm, store) holds it, so a late answer always finds it.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(std::shared_ptr<HttpDoor> door, std::shared_ptr<NetLoop> loop, NetSocket socket);
  ~HttpConnection() { close(); }

  NetLoop& loop() noexcept { return stream_.loop(); }

  /// @name On the loop's thread
  /// @{
  void start();
  void refuse();  ///< Instead of start(): there are too many connections.
  void drain();   ///< The door is draining: an idle connection goes soon.
  void cut();     ///< Ends at once.
                  /// @}

 private:
  enum class Phase {
    receiving,  ///< Between requests, or in the middle of one.
    waiting,    ///< The store has the request.
    closing,    ///< The last reply is queued.
    closed
  };

  void pump();
  bool receive();
  void receive_more();
  void answer();
  void answer_failed(const HttpRefusal& refusal);
  void ask();
  void ask_put(const KeyView& key, const Call& call);
  void ask_many(const Call& call);
  void write_many(const Call& call);
  void invalidate(const Call& call);
  template <class T>
  Done<T> hand_in();
  template <class T>
  void arrived(std::uint64_t turn, Result<T> result);
  void reply(const Result<Value>& result);
  void reply(const Result<void>& result);
  void reply(const Result<Values>& result);
  void reply(const Result<std::uint64_t>& copies);
  std::string many_answer(const Values& values);
  void reply_ready();
  void finish_request();
  void on_alarm();
  void set_alarm();
  void end();
  void close() noexcept;

  Errc late_code();  ///< Of a request that is not answered in time.
  HttpExchange exchange();

  const std::shared_ptr<HttpDoor> door_;
  NetStream stream_;
  const std::string client_;  ///< Call::client of all its requests.
  HttpParser<HttpRequest> parser_;
  HttpRoute route_;
  std::shared_ptr<const HttpBatch> batch_;  ///< Of a request for many keys.
  HttpDate date_;
  Phase phase_ = Phase::receiving;
  bool reading_ = false;
  bool writing_ = false;
  bool asking_ = false;     ///< Inside a call of the store, which may answer on this stack.
  bool last_ = false;       ///< The reply last made says that the connection ends with it.
  bool continued_ = false;  ///< "100 Continue" was said to the request under way.
  std::uint64_t turn_ = 0;  ///< Number of the request; an answer to an earlier one is too late.
  Time since_{};            ///< When the phase, or the request under way, began.
  Time deadline_{};         ///< Of the request that the store has.
  Time drained_{};          ///< When draining began.
};

}  // namespace ringcache
