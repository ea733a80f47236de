// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <ringcache/scheduler.h>

namespace ringcache {

/// What becomes of a job: it runs, or why it does not.
enum class Turn { run, full, late, closing };

/// A bounded set of threads behind a bounded queue, for work that blocks. First come, first served.
/// Every job is called exactly once, either by a thread with Turn::run or by whoever finds out that
/// it will not run. Thread-safe.
class Workers {
 public:
  struct Options {
    unsigned threads = 1;
    std::size_t queued_max = 10'000;
  };
  struct Job {
    /// `worker` is 0 … threads-1 and means something with Turn::run only. Must not throw.
    std::move_only_function<void(Turn turn, unsigned worker)> work;
    /// Not begun after this: Turn::late.
    Time start_by = Time::max();
    /// At most one such job runs at a time, in the order of submission.
    bool alone = false;
  };

  explicit Workers(Options options);
  /// Refuses what is queued and waits for what runs. Called from within a job it does not wait for
  /// that one, which must then touch nothing of its owner's afterwards.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void submit(Job job);

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with the threads, which may outlive this object
  std::vector<std::thread> threads_;
};

}  // namespace ringcache
