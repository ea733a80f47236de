// SPDX-License-Identifier: Apache-2.0
#include <ringcache/group.h>

#include <algorithm>
#include <utility>

#include "base/done.h"
#include "group/core.h"
#include "group/tags.h"

namespace ringcache {
namespace {

/// Copies read past an owner live in a cache of their own, this part of the group's.
constexpr std::size_t kBypassShare = 16;

CacheOptions cache_options(const GroupOptions& options) {
  return {.capacity = options.limits.capacity, .policy = options.policy, .shards = options.shards};
}

CacheOptions bypass_options(const GroupOptions& options) {
  return {.capacity = options.limits.capacity / kBypassShare, .shards = 1};
}

}  // namespace

Group::Core::Core(GroupOptions options, std::shared_ptr<Store> source, Cluster& cluster,
                  Scheduler& scheduler)
    : options_(std::move(options)),
      cluster_(cluster),
      scheduler_(scheduler),
      source_(std::move(source)),
      clients_(options_.name, options_.clients_max),
      cache_(cache_options(options_), scheduler),
      bypassed_(bypass_options(options_), scheduler),
      writes_(options_.writes_queued_max),
      deadlines_(std::make_shared<Deadlines>(scheduler)) {
  set_limits(options_.limits);
}

void Group::Core::open() {
  subscription_ =
      cluster_.subscribe([this](const Ring& ring, bool forget_all) { on_ring(ring, forget_all); });
}

/// A load may outlast the group and keep this object alive. What may not live as long is let go
/// here: no callback enters any more, and the source is not destroyed by a thread of its own.
void Group::Core::close() {
  subscription_.reset();
  gate_.close();
  deadlines_->close();
  source_.reset();
}

std::optional<Error> Group::Core::refuse(const KeyView& key, const Call& call) const {
  if (key.name.empty()) return Error{Errc::invalid_argument, "the key is empty"};
  if (key.name.size() > options_.key_bytes_max)
    return Error{Errc::too_large,
                 "the key is longer than " + std::to_string(options_.key_bytes_max) + " bytes"};
  if (call.deadline <= scheduler_.now())
    return Error{Errc::deadline_exceeded, "the deadline has passed"};
  if (deadlines_->size() >= options_.waiting_max)
    return Error{Errc::overloaded, "too many calls wait in group '" + options_.name + "'"};
  return std::nullopt;
}

/// The ring is published before this runs, and loads and writes look at the ring after they are
/// entered in flights_. So one that takes a key for ours which no longer is has entered before, and
/// is superseded here; what it filled before that is swept after. As each ring is looked at, a key
/// that left and came back is no exception.
void Group::Core::on_ring(const Ring& ring, bool forget_all) {
  const auto gone = [&](std::string_view name) {
    return forget_all || (!ring.empty() && ring.owner(own(name)).name != cluster_.self());
  };
  flights_.supersede_if(gone);
  cache_.erase_if(gone, Departure::moved);
  bypassed_.clear(Departure::moved);
  suspects_.clear();
}

std::size_t Group::Core::drop_copies(const KeyView& key) {
  return std::size_t{cache_.erase(key)} + std::size_t{bypassed_.erase(key)};
}

void Group::Core::keep_copy(Cache& cache, const KeyView& key, Copy copy, const Bytes& tags) {
  cache.insert(key, std::move(copy), 1, split_tags(tags.view()));
}

Copy Group::Core::copy_of(const KeyView& key, const Value& value) const {
  Copy copy{.bytes = value.bytes, .version = value.version, .loaded_at = value.loaded_at};
  freshness_.date_value(copy, key.hash, value);
  return copy;
}

Copy Group::Core::absent_copy(std::uint64_t version, Time begun) const {
  Copy copy{.bytes = {}, .version = version, .loaded_at = begun};
  freshness_.date_absence(copy);
  return copy;
}

/// A copy ends with its row or by its age; only the former is part of the answer. Without `now` it
/// is known to be fresh.
Result<Value> Group::Core::answer_of(Copy copy, Time now) {
  if (copy.absent()) return fail(Errc::not_found, "no such key");
  const bool is_stale = now >= copy.fresh_until;
  if (is_stale) ++count_.stales;
  return Value{.bytes = std::move(copy.bytes),
               .version = copy.version,
               .loaded_at = copy.loaded_at,
               .expires_at = copy.ends_with_row ? copy.expires_at : Time::max(),
               .hit = true,
               .stale = is_stale};
}

Explanation Group::Core::explain(const KeyView& key) const {
  Explanation why;
  why.copy = cache_.peek(key);
  why.in_flight = flights_.in_flight(key);
  why.departure = cache_.departure(key);
  if (why.copy) why.last_load = load_times_.of(key.hash, why.copy->version);
  return why;
}

/// Each get looks into the cache exactly once, so that the cache's own counters are those of gets:
/// but for copies that the cache had and that were no answer.
GroupStats Group::Core::stats() const {
  GroupStats stats;
  const std::uint64_t outlived = count_.outlived;
  stats.cache = cache_.stats();
  stats.cache.hits -= outlived;
  stats.cache.misses_expired += outlived;
  stats.gets = stats.cache.hits + stats.cache.misses();
  stats.puts = count_.puts;
  stats.touches = count_.touches;
  stats.erases = count_.erases;
  stats.invalidations = count_.invalidations;
  stats.coalesced = count_.coalesced;
  stats.loads = count_.loads;
  stats.load_errors = count_.load_errors;
  stats.forwards = count_.forwards;
  stats.bypasses = count_.bypasses;
  stats.refreshes = count_.refreshes;
  stats.stales = count_.stales;
  stats.flights = flights_.size();
  stats.refused = clients_.refused();
  return stats;
}

GroupLimits Group::Core::limits() const {
  GroupLimits limits{.capacity = cache_.capacity(),
                     .value_bytes_max = value_bytes_max_,
                     .rate_limit = clients_.limit()};
  freshness_.add_to(limits);
  return limits;
}

void Group::Core::set_limits(const GroupLimits& limits) {
  freshness_.set(limits);
  value_bytes_max_ = limits.value_bytes_max;
  clients_.set(limits.rate_limit);
  if (limits.capacity == cache_.capacity()) return;
  cache_.resize(limits.capacity);
  bypassed_.resize(limits.capacity / kBypassShare);
}

Group::Group(GroupOptions options, std::shared_ptr<Store> source, Cluster& cluster,
             Scheduler& scheduler)
    : core_(std::make_shared<Core>(std::move(options), std::move(source), cluster, scheduler)) {
  core_->open();
}

Group::~Group() { core_->close(); }

void Group::get(const KeyView& key, const Call& call, Done<Value> done) {
  core_->get(key, call, std::move(done));
}

void Group::get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) {
  core_->get_many(keys, call, std::move(done));
}

void Group::put(const KeyView& key, Value value, const Call& call, Done<Value> done) {
  core_->write({.key = OwnedKey(core_->own(key.name)),
                .kind = Write::Kind::put,
                .value = std::move(value),
                .call = call},
               std::move(done));
}

void Group::compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                            Done<Value> done) {
  core_->write({.key = OwnedKey(core_->own(key.name)),
                .kind = Write::Kind::compare_and_set,
                .value = std::move(value),
                .expected = {std::move(expected.etag)},
                .call = call},
               std::move(done));
}

void Group::touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) {
  core_->write({.key = OwnedKey(core_->own(key.name)),
                .kind = Write::Kind::touch,
                .value = {.expires_at = expires_at},
                .call = call},
               std::move(done));
}

void Group::erase(const KeyView& key, const Call& call, Done<void> done) {
  core_->write({.key = OwnedKey(core_->own(key.name)), .kind = Write::Kind::erase, .call = call},
               as_value_done(std::move(done)));
}

void Group::invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done) {
  core_->invalidate(what, call, std::move(done));
}

Explanation Group::explain(const KeyView& key) const { return core_->explain(key); }
GroupStats Group::stats() const { return core_->stats(); }
const GroupOptions& Group::options() const noexcept { return core_->options(); }
GroupLimits Group::limits() const { return core_->limits(); }
void Group::set_limits(const GroupLimits& limits) { core_->set_limits(limits); }

}  // namespace ringcache
