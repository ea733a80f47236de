// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ringcache/store.h>

#include "base/workers.h"
#include "sql/connection.h"

namespace ringcache {

/// The connections of one database, each with a thread of its own, behind one bounded queue. Where
/// the database takes one writer at a time, writes queue up here instead of fighting for its lock.
/// Thread-safe; may be destroyed from within a Done.
class SqlPool {
 public:
  struct Options {
    unsigned connections = 8;
    Duration timeout = std::chrono::seconds(2);
    std::size_t queued_max = 10'000;
  };

  SqlPool(std::shared_ptr<const SqlSource> source, const Options& options);

  /// Runs `work(SqlConnection&)`, which answers a Result<T>, on a connection, and hands the answer
  /// to `done`. Without a connection in time `work` is not begun. Nothing of a pool or a connection
  /// is touched once `done` is called.
  template <class T, class Work>
  void read(const Call& call, Done<T> done, Work work) {
    run<T>({.writing = false, .deadline = call.deadline}, std::move(done), std::move(work));
  }
  template <class T, class Work>
  void write(const Call& call, Done<T> done, Work work) {
    run<T>({.writing = true, .deadline = call.deadline}, std::move(done), std::move(work));
  }

  /// As write(), but waits for the answer. REQUIRES: not called from a thread of the pool.
  template <class Work>
  Result<void> wait(Work work) {
    auto answer = std::make_shared<std::promise<Result<void>>>();
    auto future = answer->get_future();
    write<void>(
        {}, [answer](Result<void> result) { answer->set_value(std::move(result)); },
        std::move(work));
    return future.get();
  }

  const SqlSource& source() const noexcept { return *source_; }

 private:
  struct Use {
    bool writing;
    Time deadline;
  };
  using Job = std::move_only_function<void(Result<SqlConnection*>)>;

  template <class T, class Work>
  void run(const Use& use, Done<T> done, Work work) {
    submit(use, [done = std::move(done),
                 work = std::move(work)](Result<SqlConnection*> connection) mutable {
      if (!connection) return done(std::unexpected(connection.error()));
      done(guarded<T>(**connection, work));
    });
  }

  /// What may be thrown is a lack of memory, after which the session is in no known state. Closing
  /// it undoes what it had begun.
  template <class T, class Work>
  static Result<T> guarded(SqlConnection& connection, Work& work) {
    try {
      return work(connection);
    } catch (const std::exception& thrown) {
      connection.drop();
      return fail(Errc::unavailable, std::string("a statement was given up: ") + thrown.what());
    }
  }

  void submit(const Use& use, Job job);

  const std::shared_ptr<const SqlSource> source_;
  const Duration timeout_;
  // Shared with the jobs: a pool destroyed by one of them goes before that job has ended.
  const std::shared_ptr<std::vector<std::unique_ptr<SqlConnection>>> connections_;
  Workers workers_;
};

}  // namespace ringcache
