// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <utility>

#include "group/core.h"

namespace ringcache {
namespace {

std::optional<Error> objection(const Invalidation& what) {
  const int ways =
      int{!what.keys.empty()} + int{!what.prefix.empty()} + int{!what.tag.empty()} + int{what.all};
  if (ways == 1) return std::nullopt;
  return Error{Errc::invalid_argument,
               "name either keys, or one prefix, or one tag, or all of the group"};
}

/// What became of it on a member, by whose answer.
Error not_everywhere(const std::string& member, Error error) {
  if (error.code == Errc::no_such_group) return error;
  return {.code = Errc::unavailable,
          .message = "copies may be left on node " + member +
                     ", repeat the invalidation: " + error.message,
          .retry_after = error.retry_after};
}

}  // namespace

void Group::Core::invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done) {
  if (auto error = objection(what)) return done(std::unexpected(std::move(*error)));
  const std::size_t tokens = std::max<std::size_t>(what.keys.size(), 1);
  if (auto refusal = clients_.refuse(call, tokens, scheduler_)) [[unlikely]]
    return done(std::unexpected(std::move(*refusal)));
  ++count_.invalidations;
  const std::uint64_t copies = invalidate_here(what);
  const auto peers = call.forwarded ? std::vector<Cluster::Peer>() : cluster_.peers();
  if (peers.empty()) return done(copies);
  const auto round = std::make_shared<Round>(peers.size(), copies, std::move(done));
  for (const Cluster::Peer& peer : peers) invalidate_there(peer, what, call, round);
}

/// A peer that leaves may answer yet, until the deadline; without one, its end is an answer.
void Group::Core::invalidate_there(const Cluster::Peer& peer, const Invalidation& what,
                                   const Call& call, const std::shared_ptr<Round>& round) {
  const auto copies = std::make_shared<std::atomic<std::uint64_t>>(0);
  const bool ends = call.deadline != Time::max();
  ask(
      call.deadline, Errc::unavailable,
      [round, copies, name = peer.name,
       held = ends ? peer.store : nullptr](Result<Value> answered) {
        round->arrive(answered
                          ? Result<std::uint64_t>(copies->load())
                          : std::unexpected(not_everywhere(name, std::move(answered.error()))));
      },
      [&](Done<Value> answer) {
        peer.store->invalidate(
            what, {.deadline = call.deadline, .forwarded = true},
            [copies, answer = std::move(answer)](Result<std::uint64_t> result) mutable {
              if (!result) return answer(std::unexpected(std::move(result.error())));
              *copies = *result;
              answer(Value{});
            });
      });
}

/// Loads under way fill nothing any more, and then what they had filled goes. A load says too late
/// which tags its key has, so all give way to a tag.
std::uint64_t Group::Core::invalidate_here(const Invalidation& what) {
  std::uint64_t copies = 0;
  for (const std::string& key : what.keys)
    flights_.supersede(own(key), [&] { copies += drop_copies(own(key)); });
  if (!what.keys.empty()) return copies;
  flights_.supersede_if([&](std::string_view name) { return name.starts_with(what.prefix); });
  for (Cache* cache : {&cache_, &bypassed_})
    copies += what.tag.empty() ? cache->erase_prefix(what.prefix) : cache->erase_tag(what.tag);
  return copies;
}

}  // namespace ringcache
