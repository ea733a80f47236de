// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/cluster.h>
#include <ringcache/config.h>
#include <ringcache/groups.h>
#include <ringcache/log.h>
#include <ringcache/sql_feed.h>

namespace ringcache {

/// The change feeds of a configuration: what others change in a database is forgotten on every
/// node. The ring elects who reads a source's outbox: the owner of a key that stands for it.
/// Thread-safe once started. Destroyed before what it borrows.
class Feeds {
 public:
  struct State {
    std::string source;
    std::string node;  ///< Who is elected.
    SqlFeedStats stats;
  };

  /// Borrows both.
  Feeds(const Config& config, Groups& groups) : config_(config), groups_(groups) {}

  /// Nobody is elected while the ring is empty. Borrows `cluster`.
  Result<void> start(const Cluster& cluster, const Log& log);

  /// Of the group's source, if it has one.
  std::optional<State> of(std::string_view group) const;

 private:
  std::string elected(const std::string& source) const;
  void forget(std::vector<SqlChange> changes, Done<void> done);

  const Config& config_;
  Groups& groups_;
  const Cluster* cluster_ = nullptr;
  std::map<std::string, std::unique_ptr<SqlFeed>> feeds_;  // by source
};

}  // namespace ringcache
