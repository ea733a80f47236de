// SPDX-License-Identifier: Apache-2.0
#include "sql/pool.h"

#include <algorithm>

namespace ringcache {
namespace {

using Connections = std::vector<std::unique_ptr<SqlConnection>>;

std::shared_ptr<Connections> make_connections(const std::shared_ptr<const SqlSource>& source,
                                              unsigned count) {
  auto connections = std::make_shared<Connections>();
  for (unsigned i = 0; i < count; ++i)
    connections->push_back(std::make_unique<SqlConnection>(source));
  return connections;
}

/// Nothing has been begun, so a write is Errc::unavailable whatever the reason.
Error refusal(const SqlSource& source, Turn turn, bool callers_deadline, bool writing) {
  if (turn == Turn::full)
    return {Errc::overloaded, source.name + ": too many statements are waiting"};
  if (turn == Turn::closing) return {Errc::unavailable, source.name + " is closing"};
  return {callers_deadline && !writing ? Errc::deadline_exceeded : Errc::unavailable,
          source.name + ": no connection was free in time"};
}

}  // namespace

SqlPool::SqlPool(std::shared_ptr<const SqlSource> source, const Options& options)
    : source_(std::move(source)),
      timeout_(options.timeout),
      connections_(make_connections(source_, options.connections)),
      workers_({.threads = options.connections, .queued_max = options.queued_max}) {}

void SqlPool::submit(const Use& use, Job job) {
  const SqlLimit limit = SqlLimit::until(use.deadline, timeout_);
  workers_.submit({.work =
                       [source = source_, connections = connections_, limit, writing = use.writing,
                        job = std::move(job)](Turn turn, unsigned worker) mutable {
                         if (turn != Turn::run)
                           return job(
                               std::unexpected(refusal(*source, turn, limit.callers, writing)));
                         SqlConnection& connection = *(*connections)[worker];
                         connection.set_limit(limit);
                         if (auto connected = connection.connect(writing); !connected)
                           return job(std::unexpected(connected.error()));
                         job(&connection);
                       },
                   .start_by = limit.at,
                   .alone = use.writing && source_->driver.one_writer});
}

}  // namespace ringcache
