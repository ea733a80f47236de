// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include <ringcache/http.h>

#include "http/call.h"
#include "http/parser.h"
#include "net/stream.h"

namespace ringcache {

class HttpPool;

/// One kept connection to another node: carries a call at a time, and between calls listens for
/// the other side's leaving.
class HttpLink : public std::enable_shared_from_this<HttpLink> {
 public:
  explicit HttpLink(std::shared_ptr<HttpPool> pool);

  void connect(std::shared_ptr<HttpCall> call);  ///< And carries it.
  void carry(std::shared_ptr<HttpCall> call);    ///< REQUIRES: connected and idle.
  /// Closes the connection; what it carried is the caller's, to finish.
  std::shared_ptr<HttpCall> abandon();

 private:
  void connect_to(const std::vector<boost::asio::ip::tcp::endpoint>& endpoints);
  void connected(boost::system::error_code error);
  void listen();
  void heard();
  void answered();
  void lost(Errc read_code, const std::string& why);

  const std::shared_ptr<HttpPool> pool_;
  boost::asio::ip::tcp::resolver resolver_;
  NetStream stream_;
  HttpParser<HttpResponse> parser_;
  std::shared_ptr<HttpCall> call_;
  bool reused_ = false;  ///< Has carried a call before this one.
  bool writing_ = false;
  bool closed_ = false;
};

/// The connections to one node, and the calls that wait for one. Lives on its loop.
class HttpPool : public std::enable_shared_from_this<HttpPool> {
 public:
  HttpPool(std::shared_ptr<NetLoop> loop, HttpPeerOptions options, Member member);

  const std::shared_ptr<NetLoop>& loop() const noexcept { return loop_; }
  const HttpPeerOptions& options() const noexcept { return options_; }
  const Member& member() const noexcept { return member_; }

  void begin(std::shared_ptr<HttpCall> call);
  void close();  ///< Ends all calls; later ones fail.

  /// @name For its links
  /// @{
  void idle(std::shared_ptr<HttpLink> link);
  void gone(HttpLink& link);
  void retry(std::shared_ptr<HttpCall> call);
  std::string named(const std::string& what) const;  ///< "a at 10.0.0.5:8080: what".
                                                     /// @}

 private:
  void connect(std::shared_ptr<HttpCall> call);
  void serve_waiting();
  void expire(const std::shared_ptr<HttpCall>& call);

  const std::shared_ptr<NetLoop> loop_;
  const HttpPeerOptions options_;
  const Member member_;
  std::unordered_map<HttpLink*, std::shared_ptr<HttpLink>> links_;
  std::vector<std::shared_ptr<HttpLink>> idle_;
  std::deque<std::shared_ptr<HttpCall>> waiting_;
  bool closed_ = false;
};

}  // namespace ringcache
