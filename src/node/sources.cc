// SPDX-License-Identifier: Apache-2.0
#include "node/sources.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <ringcache/remote_source.h>

#include "node/plain_store.h"

namespace ringcache {

Result<std::shared_ptr<Store>> Sources::open(const Config::GroupSection& group) {
  if (group.source.empty()) return plain_store();
  const auto source =
      std::ranges::find(config_.sources, group.source, &Config::SourceSection::name);
  if (source == config_.sources.end())
    return fail(Errc::invalid_argument, "there is no source '" + group.source + "'");
  auto opened = open(*source, group);
  if (opened) *opened = guard(*source).guard(std::move(*opened));
  return opened;
}

Result<std::shared_ptr<Store>> Sources::open(const Config::SourceSection& source,
                                             const Config::GroupSection& group) {
  constexpr std::string_view kKv = "kv:", kGrpc = "grpc://";
  if (source.dsn.starts_with(kGrpc)) return remote(source, source.dsn.substr(kGrpc.size()));
  if (source.dsn.starts_with(kKv))
    return open_kv({.path = source.dsn.substr(kKv.size()), .log = log_.named("kv")});
  const auto opened = database(source);
  if (!opened) return std::unexpected(opened.error());
  return (*opened)->rows({.group = group.options.name,
                          .get = group.get,
                          .get_many = group.get_many,
                          .batch_window = group.batch_window,
                          .put = group.put,
                          .cas = group.cas,
                          .touch = group.touch,
                          .erase = group.erase});
}

Result<std::shared_ptr<SqlDatabase>> Sources::database(const Config::SourceSection& source) {
  if (const auto known = databases_.find(source.name); known != databases_.end())
    return known->second;
  auto opened = SqlDatabase::open({.name = source.name,
                                   .dsn = source.dsn,
                                   .pool = source.pool,
                                   .timeout = source.timeout,
                                   .log = log_.named("sql")});
  if (opened) databases_.emplace(source.name, *opened);
  return opened;
}

/// One connection for all groups of the source. Each group has its own limit of a value; the source
/// lets through the largest.
Result<std::shared_ptr<Store>> Sources::remote(const Config::SourceSection& source,
                                               const std::string& target) {
  if (const auto known = remotes_.find(source.name); known != remotes_.end()) return known->second;
  RemoteSourceOptions options{.name = source.name,
                              .target = target,
                              .timeout = source.timeout,
                              .value_bytes_max = 0,
                              .log = log_.named("grpc")};
  for (const auto& group : config_.groups)
    options.value_bytes_max =
        std::max(options.value_bytes_max, group.options.limits.value_bytes_max);
  auto opened = remote_source(std::move(options));
  if (opened) remotes_.emplace(source.name, *opened);
  return opened;
}

SourceGuard& Sources::guard(const Config::SourceSection& source) {
  std::shared_ptr<SourceGuard>& guard = guards_[source.name];
  if (!guard)
    guard = SourceGuard::make("source " + source.name,
                              {.loads_max = source.max_loads,
                               .loads_per_second = static_cast<double>(source.loads_per_second)},
                              scheduler_);
  return *guard;
}

}  // namespace ringcache
