// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>

#include <ringcache/scheduler.h>
#include <boost/asio/basic_waitable_timer.hpp>

#include "net/loop.h"

namespace ringcache {

/// The one timer of a connection. Moving it to a later time, the common case of a busy connection,
/// costs a store: the timer beneath goes off at the old time, sees that it is early, and sleeps on.
/// Lives on its loop. The alarm keeps `owner` alive only while it rings.
class NetAlarm {
 public:
  using Ring = std::move_only_function<void()>;

  explicit NetAlarm(NetLoop& loop) : timer_(loop.io().get_executor()) {}

  /// Who is woken. Called once, before the first set().
  void bind(std::weak_ptr<void> owner, Ring ring);

  /// Rings once when `due` has come; replaces what was set. Time::max() = never.
  void set(Time due);
  void stop();  ///< For good, whoever sets it later: lets the loop run dry.

 private:
  using Clock = std::chrono::steady_clock;
  void arm();
  void wake();

  boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>,
                                    boost::asio::io_context::executor_type>
      timer_;
  std::weak_ptr<void> owner_;
  Ring ring_;
  Time due_ = Time::max();
  Time armed_ = Time::max();
  bool stopped_ = false;
};

}  // namespace ringcache
