// SPDX-License-Identifier: Apache-2.0
#include "node/feeds.h"

#include <algorithm>
#include <utility>

namespace ringcache {
namespace {

/// How long the members may take. One that hangs is asked again, until it has left the ring.
constexpr Duration kPatience = std::chrono::seconds(1);

/// What groups and doors take as a key, as nodes open them.
const std::size_t kKeyBytesMax = GroupOptions{}.key_bytes_max;

/// Of any other there is no copy, and a peer that is told of one refuses: time and again.
bool is_key(std::string_view key) { return !key.empty() && key.size() <= kKeyBytesMax; }

/// A round of invalidations, one group after the other.
struct Round {
  std::vector<Invalidation> left;
  Done<void> done;
};

void go_on(Groups& groups, std::shared_ptr<Round> round) {
  if (round->left.empty()) return round->done({});
  const Invalidation what = std::move(round->left.back());
  round->left.pop_back();
  groups.invalidate(what, {.deadline = saturating_add(BootClock::now(), kPatience)},
                    [&groups, round = std::move(round)](const Result<std::uint64_t>& copies) {
                      if (!copies) return round->done(std::unexpected(copies.error()));
                      go_on(groups, round);
                    });
}

/// For each group that is here what it is to forget: others have no copies. Keys of which there
/// can be none are left out.
std::vector<Invalidation> by_group(std::vector<SqlChange> changes, const Groups& groups) {
  std::map<std::string, Invalidation> by_name;
  for (SqlChange& change : changes) {
    if (groups.find(change.group) == nullptr || (change.key && !is_key(*change.key))) continue;
    Invalidation& what = by_name[change.group];
    what.group = change.group;
    what.all |= !change.key;
    if (change.key) what.keys.push_back(std::move(*change.key));
  }
  std::vector<Invalidation> made;
  for (auto& [name, what] : by_name) {
    if (what.all) what.keys.clear();
    made.push_back(std::move(what));
  }
  return made;
}

}  // namespace

Result<void> Feeds::start(const Cluster& cluster, const Log& log) {
  cluster_ = &cluster;
  for (const auto& source : config_.sources) {
    if (source.feed <= Duration{0}) continue;
    auto feed = SqlFeed::start(
        {.name = source.name,
         .dsn = source.dsn,
         .poll = source.feed,
         .timeout = source.timeout,
         .elected = [this, &name = source.name] { return elected(name) == cluster_->self(); },
         .on_change = [this](std::vector<SqlChange> changes,
                             Done<void> done) { forget(std::move(changes), std::move(done)); },
         .log = log.named("sql")});
    if (!feed) return std::unexpected(feed.error());
    feeds_.emplace(source.name, std::move(*feed));
  }
  return {};
}

std::string Feeds::elected(const std::string& source) const {
  const auto ring = cluster_->ring();
  return ring->empty() ? std::string() : ring->owner(KeyView("ringcache-feed", source)).name;
}

void Feeds::forget(std::vector<SqlChange> changes, Done<void> done) {
  go_on(groups_, std::make_shared<Round>(by_group(std::move(changes), groups_), std::move(done)));
}

std::optional<Feeds::State> Feeds::of(std::string_view group) const {
  const auto section = std::ranges::find_if(
      config_.groups, [&](const auto& known) { return known.options.name == group; });
  if (section == config_.groups.end()) return std::nullopt;
  const auto feed = feeds_.find(section->source);
  if (feed == feeds_.end()) return std::nullopt;
  return State{feed->first, elected(feed->first), feed->second->stats()};
}

}  // namespace ringcache
