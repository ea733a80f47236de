// SPDX-License-Identifier: Apache-2.0
#include "net/loop.h"

#include <algorithm>
#include <new>
#include <utility>

#include <boost/asio/post.hpp>

namespace ringcache {

void NetLoop::post(Task task) {
  // Under the lock because close() must know that no post is half way: a handler that enters a
  // loop which has run dry would never run, and would keep its connection and the loop alive.
  std::lock_guard lock(posting_);
  if (open_) boost::asio::post(io_, std::move(task));
}

void NetLoop::run() {
  for (;;) {
    try {
      io_.run();
      return;
    } catch (const std::bad_alloc&) {
      // The handler, and with it the connection that it held, is gone; the others live on.
    }
  }
}

void NetLoop::close() {
  std::lock_guard lock(posting_);
  open_ = false;
  work_.reset();
}

NetLoops::NetLoops(unsigned threads) {
  for (unsigned i = 0; i < std::max(threads, 1u); ++i)
    loops_.push_back(std::make_shared<NetLoop>());
  for (const auto& loop : loops_) threads_.emplace_back([loop] { loop->run(); });
}

NetLoops::~NetLoops() {
  for (const auto& loop : loops_) loop->close();
  for (std::thread& thread : threads_) thread.join();
}

}  // namespace ringcache
