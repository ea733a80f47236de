// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <string>

#include <ringcache/config.h>
#include <ringcache/limit.h>
#include <ringcache/log.h>
#include <ringcache/sql.h>
#include <ringcache/store.h>

namespace ringcache {

/// The sources of a configuration, opened as groups ask for them. Groups of one source share its
/// connections and its limits. Not thread-safe; destroyed after the groups.
class Sources {
 public:
  /// Borrows all three.
  Sources(const Config& config, Scheduler& scheduler, const Log& log)
      : config_(config), scheduler_(scheduler), log_(log) {}

  /// What that group reads from; Errc::invalid_argument where its statements cannot be right.
  Result<std::shared_ptr<Store>> open(const Config::GroupSection& group);

 private:
  Result<std::shared_ptr<Store>> open(const Config::SourceSection& source,
                                      const Config::GroupSection& group);
  Result<std::shared_ptr<SqlDatabase>> database(const Config::SourceSection& source);
  Result<std::shared_ptr<Store>> remote(const Config::SourceSection& source,
                                        const std::string& target);
  SourceGuard& guard(const Config::SourceSection& source);

  const Config& config_;
  Scheduler& scheduler_;
  const Log& log_;
  std::map<std::string, std::shared_ptr<SourceGuard>> guards_;
  std::map<std::string, std::shared_ptr<SqlDatabase>> databases_;
  std::map<std::string, std::shared_ptr<Store>> remotes_;
};

}  // namespace ringcache
