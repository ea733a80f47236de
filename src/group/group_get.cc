// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "group/core.h"
#include "group/tags.h"

namespace ringcache {
namespace {

/// The owner cannot be reached, or cannot tell; the source may.
bool worth_a_bypass(const Result<Value>& result) {
  if (result) return false;
  switch (result.error().code) {
    case Errc::unavailable:
    case Errc::deadline_exceeded:
    case Errc::unknown:
    case Errc::internal:
    case Errc::no_such_group:
      return true;
    default:
      return false;
  }
}

}  // namespace

void Group::Core::get(const KeyView& key, const Call& call, Done<Value> done) {
  if (auto refusal = clients_.refuse(call, 1, scheduler_)) [[unlikely]]
    return done(std::unexpected(std::move(*refusal)));
  answer_or_load(key, call, cache_.find(key), std::move(done), nullptr);
}

/// `outdated` is the version of a copy that is no answer any more; 0: there is none.
void Group::Core::load(const KeyView& key, const Call& call, std::uint64_t outdated,
                       Done<Value> done, Departing* together) {
  if (auto error = refuse(key, call)) return done(std::unexpected(std::move(*error)));
  const KeyView name = own(key.name);
  const bool remote = !call.forwarded && !cluster_.owns(name);
  const Time leaves = call.forwarded ? hurried(call.deadline, scheduler_.now()) : call.deadline;
  const auto waiter = deadlines_->add(leaves, Errc::deadline_exceeded, std::move(done));
  if (remote && call.max_stale > Duration{0})
    return ask_peer(flights_.alone(name, waiter, scheduler_.now(), call.max_stale));
  board(name, remote ? Via::peer : Via::source, waiter, false, outdated, together);
}

void Group::Core::board(const KeyView& key, Via via, const Deadlines::Id& waiter, bool bypass,
                        std::uint64_t outdated, Departing* together) {
  const FlightPtr fresh = flights_.join(key, via, waiter, scheduler_.now(), bypass);
  if (!fresh)
    ++count_.coalesced;
  else if (together)
    together->add(fresh, outdated);
  else if (via == Via::peer)
    ask_peer(fresh);
  else
    read_source(fresh, outdated);
}

/// A flight may have landed between the caller's look into the cache and the start of this one;
/// then its copy is here, for it fills before it ends.
bool Group::Core::land_at_copy(const FlightPtr& flight, std::uint64_t outdated) {
  auto copy = cache_.peek(flight->key.view());
  if (!copy || copy->version <= outdated) return false;
  land(flight, answer_of(std::move(*copy), flight->begun));
  return true;
}

/// REQUIRES: a flight of the key has started: see on_ring().
Group::Core::Keep Group::Core::keep_of(const KeyView& key) const {
  return cluster_.owns(key) ? Keep::as_owner : Keep::as_guest;
}

void Group::Core::read_source(const FlightPtr& flight, std::uint64_t outdated) {
  const KeyView key = flight->key.view();
  if (land_at_copy(flight, outdated)) return;
  ++count_.loads;
  const Keep keep = keep_of(key);
  const Time deadline = saturating_add(flight->begun, options_.load_timeout);
  ask(
      deadline, Errc::deadline_exceeded,
      [self = shared_from_this(), flight, keep](Result<Value> result) {
        self->land(flight, self->loaded(*flight, std::move(result)), keep);
      },
      [&](Done<Value> done) { source_->get(key, {.deadline = deadline}, std::move(done)); });
}

void Group::Core::ask_peer(const FlightPtr& flight) {
  const KeyView key = flight->key.view();
  const std::shared_ptr<Store> peer = cluster_.owner(key);
  const Time now = scheduler_.now();
  if (!peer || !suspects_.may_ask(peer.get(), now)) return read_past_owner(flight);
  ++count_.forwards;
  const Time deadline = peer_deadline(now);
  ask(
      deadline, Errc::deadline_exceeded,
      [self = shared_from_this(), flight, peer, now](Result<Value> result) {
        const Gate::Pass pass(self->gate_);
        if (pass && !self->peer_answered(flight, peer.get(), now, std::move(result)))
          self->ask_peer(flight);
      },
      [&](Done<Value> done) {
        peer->get(key, {.deadline = deadline, .forwarded = true, .max_stale = flight->max_stale},
                  std::move(done));
      });
}

Time Group::Core::peer_deadline(Time now) const {
  return saturating_add(now, std::min(options_.peer_timeout, options_.load_timeout));
}

/// False if the owner is to be asked again: its source lets it wait, which it says a moment before
/// our time is over, and goes on waiting. A source that is slow must not be read by each node.
bool Group::Core::peer_answered(const FlightPtr& flight, const Store* peer, Time asked,
                                Result<Value> result) {
  const Time now = scheduler_.now();
  const Time end = peer_deadline(asked);
  const bool late = !result && result.error().code == Errc::deadline_exceeded;
  if (late && now >= end)
    suspects_.silent(peer, asked, now);
  else
    suspects_.answered(peer, now);
  const bool waits = late && now < end && now - asked > (end - asked) / 2;
  if (waits && now < saturating_add(flight->begun, options_.load_timeout)) return false;
  if (worth_a_bypass(result) && !waits)
    read_past_owner(flight);
  else
    land(flight, result);
  return true;
}

/// Those on this flight wait for one to the source. (The ring may also have changed, and this node
/// own the key by now.)
void Group::Core::read_past_owner(const FlightPtr& flight) {
  const KeyView key = flight->key.view();
  const bool bypass = !cluster_.owns(key);
  if (bypass) {
    if (auto copy = bypassed_.find(key)) return land(flight, answer_of(std::move(*copy)));
    ++count_.bypasses;
  }
  const auto waiter = deadlines_->add(
      Time::max(), Errc::deadline_exceeded,
      [self = shared_from_this(), flight](Result<Value> result) { self->land(flight, result); });
  board(key, Via::source, waiter, bypass);
}

/// What the source said, checked and stamped.
Result<Value> Group::Core::loaded(const Flight& flight, Result<Value> result) {
  const Gate::Pass pass(gate_);
  if (!pass) return fail(Errc::unavailable, "the group is closed");
  if (result && result->bytes.size() > value_bytes_max_)
    result = fail(Errc::too_large, "the source's value is longer than " +
                                       std::to_string(value_bytes_max_) + " bytes");
  if (result && too_many_tags(result->tags.view()))
    result = fail(Errc::invalid_argument, "the source gives the key more than " +
                                              std::to_string(Cache::kTagsMax) + " tags");
  heard(result);
  if (!result) return result;
  if (result->bytes.is_null()) result->bytes = Bytes::copy("");
  result->version = flight.stamp;
  result->loaded_at = flight.begun;
  result->hit = result->stale = false;
  result->load_time = scheduler_.now() - flight.begun;
  return result;
}

void Group::Core::heard(const Result<Value>& result) {
  if (!result && result.error().code != Errc::not_found) ++count_.load_errors;
  if (!result && is_trouble(result.error().code))
    health_.failed(scheduler_.now());
  else
    health_.answered();
}

void Group::Core::land(const FlightPtr& flight, const Result<Value>& result, Keep keep) {
  Flights::Landing landing;
  {
    const Gate::Pass pass(gate_);
    if (!pass) return;
    landing = flights_.land(
        flight, [&](bool bypass) { fill(*flight, result, keep, bypass); }, scheduler_.now());
    if (landing.next) soon({}, [next = landing.next](Core& core) { core.ask_peer(next); });
  }
  for (const Deadlines::Id& waiter : landing.waiters)
    if (auto done = deadlines_->take(waiter)) done(result);
}

/// Runs under the lock of flights_.
void Group::Core::fill(const Flight& flight, const Result<Value>& result, Keep keep, bool bypass) {
  if (keep == Keep::nothing || (!result && result.error().code != Errc::not_found)) return;
  const KeyView key = flight.key.view();
  Copy copy = result ? copy_of(key, *result) : absent_copy(flight.stamp, flight.begun);
  const Bytes tags = result ? result->tags : Bytes();
  if (keep == Keep::as_owner) {
    load_times_.note(key.hash, copy.version, scheduler_.now() - flight.begun);
    keep_copy(cache_, key, std::move(copy), tags);
  } else if (bypass) {
    const Time end = saturating_add(flight.begun, options_.bypass_max_age);
    copy.fresh_until = std::min(copy.fresh_until, end);
    copy.ends_with_row = copy.ends_with_row && copy.expires_at == copy.fresh_until;
    copy.expires_at = copy.fresh_until;
    keep_copy(bypassed_, key, std::move(copy), tags);
  }
}

}  // namespace ringcache
