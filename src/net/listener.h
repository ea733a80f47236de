// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ringcache/log.h>
#include <ringcache/result.h>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_waitable_timer.hpp>

#include "net/loop.h"

namespace ringcache {

/// Takes connections at one address and deals them out over the loops in turn.
class NetListener {
 public:
  /// Called on the first loop's thread, for each connection, with the loop it is to live on.
  using OnSocket = std::function<void(const std::shared_ptr<NetLoop>&, NetSocket)>;

  /// "HOST:PORT", port 0 for any; a name means its first address, IPv4 if it has one. Errors say
  /// the address and the reason. The address is never shared with another process. The listener is
  /// silent until start(). REQUIRES: `loops` outlives it; close() before destruction.
  static Result<std::unique_ptr<NetListener>> open(const std::string& address, NetLoops& loops,
                                                   Log log);

  std::uint16_t port() const noexcept { return port_; }
  void start(OnSocket on_socket);

  /// Turns new connections away, takes those that wait or come to be within `patience`, then stops
  /// listening, and returns. With some milliseconds of patience no client that was let in is cut
  /// off. May be called again. REQUIRES: not on a loop.
  void close(Duration patience);

 private:
  using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::ip::tcp,
                                                      boost::asio::io_context::executor_type>;
  using Timer =
      boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                        boost::asio::wait_traits<std::chrono::steady_clock>,
                                        boost::asio::io_context::executor_type>;

  NetListener(NetLoops& loops, Log log);
  boost::system::error_code bind(const boost::asio::ip::tcp::endpoint& endpoint);
  void wait();
  void take_waiting();
  void rest(int error);
  void hand_over(int descriptor);
  void turn_away();
  void shut();

  NetLoops& loops_;
  Log log_;
  Acceptor acceptor_;
  Timer resting_;
  OnSocket on_socket_;
  boost::asio::ip::tcp protocol_ = boost::asio::ip::tcp::v4();
  std::uint16_t port_ = 0;
  std::size_t taken_ = 0;
};

}  // namespace ringcache
