// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include <ringcache/store.h>

namespace ringcache {

/// Gets of one group that wait for a connection, so that whoever has one takes several along and
/// asks for all of them at once. While nothing is being loaded a get goes alone and at once; the
/// first that comes meanwhile waits for others, as long as the window. Thread-safe.
class SqlBatches {
 public:
  struct Get {
    std::uint64_t number;
    std::string name;
    Time deadline;  ///< The caller's.
    Done<Value> done;
    Time ready;  ///< When it has waited for others long enough.
  };

  SqlBatches(Duration window, std::size_t gets_max) : window_(window), gets_max_(gets_max) {}

  /// A number for cancel().
  std::uint64_t add(std::string name, Time deadline, Done<Value> done);

  /// Those to be loaded now, and loaded() to be called when they are. None where somebody else has
  /// taken them: then it is not to be called. Waits up to the window.
  std::vector<Get> take();
  void loaded();

  /// The completion of a get for which there is no connection, unless somebody has taken it along.
  Done<Value> cancel(std::uint64_t number);

 private:
  const Duration window_;
  const std::size_t gets_max_;
  std::mutex mutex_;  // guards all below
  std::condition_variable enough_;
  std::deque<Get> waiting_;
  std::uint64_t numbers_ = 0;
  unsigned loading_ = 0;
};

}  // namespace ringcache
