// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ringcache/store.h>

#include "base/gathering.h"
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

  /// Reads keys by `load(SqlConnection&, const std::string& name)`, which answers a Result<Value>:
  /// several one after the other for each turn at a connection, so that a long list of them neither
  /// fills the queue nor keeps a connection from others for long.
  template <class Load>
  void read_each(std::span<const KeyView> keys, const Call& call, Done<Values> done, Load load) {
    if (keys.empty()) return done(Values());
    const auto gathering = std::make_shared<Gathering>(keys.size(), std::move(done));
    for (std::size_t first = 0; first < keys.size(); first += kKeysOfATurn) {
      std::vector<std::string> names;
      for (const KeyView& key : keys.subspan(first, std::min(kKeysOfATurn, keys.size() - first)))
        names.emplace_back(key.name);
      const std::size_t count = names.size();
      read<Values>(
          call,
          [gathering, first, count](Result<Values> values) {
            for (std::size_t i = 0; i < count; ++i)
              gathering->arrive(first + i,
                                values ? std::move((*values)[i]) : std::unexpected(values.error()));
          },
          [names = std::move(names), load, deadline = call.deadline](SqlConnection& connection) {
            return load_each(connection, names, deadline, load);
          });
    }
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

  static constexpr std::size_t kKeysOfATurn = 32;

  /// Each has the time that it would have alone.
  template <class Load>
  static Result<Values> load_each(SqlConnection& connection, const std::vector<std::string>& names,
                                  Time deadline, const Load& load) {
    Values values;
    for (const std::string& name : names) {
      connection.set_deadline(deadline);
      values.push_back(load(connection, name));
    }
    return values;
  }

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
