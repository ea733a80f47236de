// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include <ringcache/log.h>
#include <ringcache/membership.h>

#include "etcd/client.h"

namespace ringcache {

/// Keeps one node registered: grants a lease, puts the node's records under it, keeps it alive, and
/// does so anew, as a new incarnation, when lease or record are gone. A thread of its own.
class EtcdRegistration {
 public:
  struct Options {
    std::string members;   ///< The records' prefix, with its slash.
    std::string announce;  ///< That of the naming records; empty: none.
    std::chrono::seconds lease_ttl{3};
  };
  /// Called on the registration's thread, under no lock.
  struct Listener {
    /// The records of `self` were written at `revision`.
    std::function<void(const Member& self, std::int64_t revision)> registered;
    /// Begins (true) when etcd does not answer, ends when it does again: whether this node is still
    /// registered is not known between.
    std::function<void(bool)> in_doubt;
  };

  /// Idle until start().
  EtcdRegistration(EtcdClient& client, Options options, Member self, Listener listener, Log log);

  /// Stops, and leaves the lease to its end.
  ~EtcdRegistration() = default;

  void start();

  /// The record of this incarnation was seen to be gone. Older ids are no news.
  void report_lost(const std::string& id);

  /// Stops, and ends the lease, so that the records are gone at once; within kLeaveTime.
  Result<void> leave();

  static constexpr std::chrono::milliseconds kLeaveTime{800};

 private:
  void run(const std::stop_token& stop);
  bool enrol(const std::stop_token& stop);
  Result<std::int64_t> attempt(const std::stop_token& stop);
  void keep(const std::stop_token& stop);
  bool sleep(std::chrono::milliseconds span, const std::stop_token& stop);
  void new_incarnation();
  void answered();
  void silent(const Error& error);

  EtcdClient& client_;
  const Options options_;
  const Listener listener_;
  const Log log_;

  // The thread's own.
  std::chrono::seconds ttl_;
  bool in_doubt_ = false;
  std::string before_;  // the id of the incarnation before

  std::mutex mutex_;
  std::condition_variable_any lost_changed_;
  Member self_;
  std::int64_t lease_ = 0;
  bool lost_ = false;
  std::jthread thread_;
};

}  // namespace ringcache
