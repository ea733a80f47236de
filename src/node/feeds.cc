// SPDX-License-Identifier: Apache-2.0
#include "node/feeds.h"

#include <algorithm>
#include <utility>

#include "base/round.h"
#include "base/utf8.h"

namespace ringcache {
namespace {

/// How long the members may take. One that hangs is asked again, until it has left the ring.
constexpr Duration kPatience = std::chrono::seconds(1);

/// What groups and doors take as a key, as nodes open them.
const std::size_t kKeyBytesMax = GroupOptions{}.key_bytes_max;

/// Of any other there is no copy, and a peer that is told of one refuses: time and again.
bool is_key(std::string_view key) { return !key.empty() && key.size() <= kKeyBytesMax; }

/// A peer refuses a group that it does not know with the name in the refusal, which gRPC has little
/// room for; what it cannot say would be asked for ever.
constexpr std::size_t kNameBytesMax = 1024;
bool is_name(std::string_view group) {
  return !group.empty() && group.size() <= kNameBytesMax && valid_utf8(group);
}

/// Any peer's message has room for so much.
constexpr std::size_t kKeysBytesMax = std::size_t{1} << 20;

/// As one, or as several where its keys are more than a message can carry.
void add_parts(Invalidation what, std::vector<Invalidation>& made) {
  std::size_t bytes = 0;
  for (std::string& key : std::exchange(what.keys, {})) {
    bytes += key.size();
    if (bytes > kKeysBytesMax) {
      made.push_back(std::exchange(what, {.group = what.group}));
      bytes = key.size();
    }
    what.keys.push_back(std::move(key));
  }
  made.push_back(std::move(what));
}

/// For each group what it is to forget. Keys of which there can be no copy are left out, and so are
/// groups that nobody can be asked for.
std::vector<Invalidation> by_group(std::vector<SqlChange> changes, const Groups& groups) {
  std::map<std::string, Invalidation> by_name;
  for (SqlChange& change : changes) {
    if (change.key && !is_key(*change.key)) continue;
    if (groups.find(change.group) == nullptr && !is_name(change.group)) continue;
    Invalidation& what = by_name[change.group];
    what.group = change.group;
    what.all |= !change.key;
    if (change.key) what.keys.push_back(std::move(*change.key));
  }
  std::vector<Invalidation> made;
  for (auto& [name, what] : by_name) {
    if (what.all) what.keys.clear();
    add_parts(std::move(what), made);
  }
  return made;
}

/// Tells the others of a group that is not here: their configuration may be newer than ours.
void tell(const std::vector<Cluster::Peer>& peers, const Invalidation& what, Time deadline,
          const std::shared_ptr<Round>& round) {
  for (const Cluster::Peer& peer : peers)
    peer.store->invalidate(what, {.deadline = deadline, .forwarded = true},
                           [round, name = peer.name](Result<std::uint64_t> copies) {
                             if (!copies) copies.error().message.insert(0, "node " + name + ": ");
                             round->arrive(std::move(copies));
                           });
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
  const std::vector<Invalidation> wanted = by_group(std::move(changes), groups_);
  const auto peers = cluster_->peers();
  // What answers may come to is in the round, as they may come after the node has ended. One is our
  // own, so that no round ends before all are asked.
  std::size_t answers = 1;
  for (const auto& what : wanted) answers += groups_.find(what.group) ? 1 : peers.size();
  const auto round = std::make_shared<Round>(
      answers, 0, [done = std::move(done)](const Result<std::uint64_t>& copies) mutable {
        if (!copies) return done(std::unexpected(copies.error()));
        done({});
      });
  const Time deadline = saturating_add(BootClock::now(), kPatience);
  for (const Invalidation& what : wanted) {
    if (!groups_.find(what.group)) {
      tell(peers, what, deadline, round);
      continue;
    }
    groups_.invalidate(what, {.deadline = deadline},
                       [round](Result<std::uint64_t> copies) { round->arrive(std::move(copies)); });
  }
  round->arrive(0);
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
