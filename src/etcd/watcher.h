// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

#include <ringcache/log.h>

#include "etcd/backoff.h"
#include "etcd/client.h"

namespace ringcache {

/// Follows the keys under a prefix: a full list, then every event after it, once and in order,
/// across dead endpoints and elections. When events are out of reach (compacted away, or etcd is
/// not the one it was), another full list. A thread of its own calls the sink, one call at a time.
class EtcdWatcher {
 public:
  struct Sink {
    /// All there is as of `revision`; what was known before is void.
    std::function<void(std::int64_t revision, const etcdserverpb::RangeResponse&)> list;
    /// What happened next; all events of a revision come together.
    std::function<void(std::span<const etcdserverpb::Event* const>)> events;
  };

  /// Idle until list_at().
  EtcdWatcher(EtcdClient& client, std::string prefix, Sink sink, Log log);
  ~EtcdWatcher();

  /// Lists as of `revision`, or as of now if more than that has been seen, and watches on from
  /// there.
  void list_at(std::int64_t revision);

 private:
  struct Round {
    std::optional<std::int64_t> list;  ///< The revision to list at first.
    std::stop_token stop;
  };

  void run(const std::stop_token& stop);
  std::optional<Round> begin(const std::stop_token& stop);
  bool list(std::int64_t revision, const std::stop_token& stop);
  void watch(const std::stop_token& stop);
  bool receive(const etcdserverpb::WatchResponse& response, const std::stop_token& stop);
  bool still_the_same(const etcdserverpb::ResponseHeader& header, const std::stop_token& stop);
  void pause(Backoff::Wait wait, const std::stop_token& stop);
  void list_again();

  EtcdClient& client_;
  const std::string prefix_;
  const Sink sink_;
  const Log log_;

  // The thread's own.
  std::int64_t next_ = 0;  // the first revision not seen
  std::uint64_t cluster_ = 0;

  std::mutex mutex_;
  std::condition_variable_any wanted_changed_;
  std::optional<std::int64_t> wanted_;  // a list to make
  bool listed_ = false;
  std::stop_source round_;
  std::jthread thread_;
};

}  // namespace ringcache
