// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <ringcache/scheduler.h>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

namespace ringcache {

/// A socket whose handlers run on one loop; the concrete executor spares a virtual call per event.
using NetSocket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

/// One thread with its own event loop; what lives on it needs no lock. Shared: whoever may have to
/// post to it later keeps it alive, also after its thread has ended.
class NetLoop {
 public:
  boost::asio::io_context& io() noexcept { return io_; }

  /// The caller is this loop's thread.
  bool here() const noexcept { return io_.get_executor().running_in_this_thread(); }

  /// Runs `task` on the loop, never inside this call; destroys it unrun once the loop has closed.
  void post(Task task);

 private:
  friend class NetLoops;
  void run();
  void close();

  // `io_` is mutable for asio's executors alone, which are handed out of const contexts.
  mutable boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::mutex posting_;
  bool open_ = true;
};

/// The loops of one adapter, each with its thread.
class NetLoops {
 public:
  explicit NetLoops(unsigned threads);
  /// Waits until nothing is under way on any loop, and joins. REQUIRES: every socket, timer and
  /// listener on the loops has been closed or has been told to; not called from a loop.
  ~NetLoops();
  NetLoops(const NetLoops&) = delete;
  NetLoops& operator=(const NetLoops&) = delete;

  std::size_t size() const noexcept { return loops_.size(); }
  const std::shared_ptr<NetLoop>& at(std::size_t index) const {
    return loops_[index % loops_.size()];
  }

 private:
  std::vector<std::shared_ptr<NetLoop>> loops_;
  std::vector<std::thread> threads_;
};

}  // namespace ringcache
