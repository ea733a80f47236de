// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "group/core.h"

namespace ringcache {
namespace {

/// A write that its owner has not applied is sent again, in case the ring is changing: at once if
/// the key has another owner by now, else after a moment.
constexpr unsigned kWriteTries = 3;
constexpr Duration kWritePause = std::chrono::milliseconds(100);

Done<void> as_void_done(Done<Value> done) {
  return [done = std::move(done)](Result<void> result) mutable {
    if (result)
      done(Value{});
    else
      done(std::unexpected(std::move(result.error())));
  };
}

}  // namespace

void Group::Core::write(const KeyView& key, std::optional<Value> value, const Call& call,
                        Done<Value> done) {
  ++(value ? count_.puts : count_.erases);
  if (auto error = refuse(key, call)) {
    if (error->code == Errc::deadline_exceeded) error->code = Errc::unavailable;
    return done(std::unexpected(std::move(*error)));
  }
  if (value && value->bytes.size() > value_bytes_max_)
    return done(fail(Errc::too_large,
                     "the value is longer than " + std::to_string(value_bytes_max_) + " bytes"));
  if (value && value->bytes.is_null()) value->bytes = Bytes::copy("");
  const auto write = std::make_shared<Write>(OwnedKey(own(key.name)), std::move(value), call);
  write->waiter = deadlines_->add(call.deadline, Errc::unavailable, std::move(done));
  route(write);
}

void Group::Core::route(const WritePtr& write) {
  const auto peer = cluster_.owner(write->key.view());
  if (!peer)
    queue(write);
  else if (!write->call.forwarded)
    forward(write, peer);
  else
    answer(*write, fail(Errc::unavailable, "not applied: this node does not own the key"));
}

void Group::Core::queue(const WritePtr& write) {
  switch (writes_.add(write)) {
    case Writes::Turn::now:
      return run(write);
    case Writes::Turn::later:
      return;
    case Writes::Turn::refused:
      return answer(*write, fail(Errc::overloaded, "too many writes of this key wait"));
  }
}

/// The write's turn has come. The copy goes before the source is asked: once anybody has read the
/// new row, nobody may read the old copy.
void Group::Core::run(const WritePtr& write) {
  const KeyView key = write->key.view();
  if (!commit(write)) return next_write(key);
  const auto drop = [&] { drop_copies(key); };
  flights_.begin_write(key, drop);
  if (!cluster_.owns(key)) {
    flights_.end_write(key, drop, drop);
    next_write(key);
    return route(write);
  }
  ask(
      Time::max(), Errc::unknown,
      [self = shared_from_this(), write, begun = scheduler_.now()](Result<Value> result) {
        self->wrote(write, begun, std::move(result));
      },
      [&](Done<Value> done) {
        send(*source_, *write, {.deadline = write->call.deadline}, std::move(done));
      });
}

/// By way of the scheduler, so that a source that answers at once does not pile up the stack.
void Group::Core::next_write(const KeyView& key) {
  if (WritePtr next = writes_.next(key.name))
    soon({}, [next = std::move(next)](Core& core) { core.run(next); });
}

void Group::Core::wrote(const WritePtr& write, Time begun, Result<Value> result) {
  const KeyView key = write->key.view();
  {
    const Gate::Pass pass(gate_);
    if (!pass) return;
    if (result && write->value) {
      // NOLINTNEXTLINE(bugprone-unchecked-optional-access): seen above, through a shared_ptr
      if (result->bytes.is_null()) result->bytes = write->value->bytes;
      result->version = flights_.stamp();
      result->loaded_at = begun;
      result->hit = result->stale = false;
    }
    flights_.end_write(
        key, [&] { keep_written(*write, begun, result); }, [&] { drop_copies(key); });
    next_write(key);
  }
  answer(*write, std::move(result));
}

/// Runs under the lock of flights_. After a failure nobody knows what the row is: nothing is kept.
void Group::Core::keep_written(const Write& write, Time begun, const Result<Value>& result) {
  const KeyView key = write.key.view();
  if (result && write.value)
    cache_.insert(key, copy_of(key, *result));
  else if (!write.value && (result || result.error().code == Errc::not_found))
    cache_.insert(key, absent_copy(flights_.stamp(), begun));
}

/// Only the owner writes. What this node is reading of the key meanwhile, it reads again.
void Group::Core::forward(const WritePtr& write, const std::shared_ptr<Store>& peer) {
  if (!commit(write)) return;
  const KeyView key = write->key.view();
  flights_.supersede(key, [&] { drop_copies(key); });
  ++count_.forwards;
  ask(
      Time::max(), Errc::unknown,
      [self = shared_from_this(), write, peer](Result<Value> result) {
        self->forwarded(write, peer.get(), std::move(result));
      },
      [&](Done<Value> done) {
        send(*peer, *write, {.deadline = write->call.deadline, .forwarded = true}, std::move(done));
      });
}

void Group::Core::forwarded(const WritePtr& write, const Store* peer, Result<Value> result) {
  const KeyView key = write->key.view();
  {
    const Gate::Pass pass(gate_);
    if (!pass) return;
    flights_.supersede(key, [&] { drop_copies(key); });
    if (!result && result.error().code == Errc::unavailable && try_again(write, peer)) return;
  }
  answer(*write, std::move(result));
}

bool Group::Core::try_again(const WritePtr& write, const Store* peer) {
  const bool moved = cluster_.owner(write->key.view()).get() != peer;
  const Duration pause = moved ? Duration{0} : kWritePause;
  if (++write->tries >= kWriteTries ||
      saturating_add(scheduler_.now(), pause) >= write->call.deadline)
    return false;
  soon(pause, [write](Core& core) { core.route(write); });
  return true;
}

/// From here on only the store asked can say whether the write is applied. False if its caller has
/// left already or is about to, told that it is not.
bool Group::Core::commit(const WritePtr& write) {
  if (scheduler_.now() >= write->call.deadline) return false;
  auto done = deadlines_->take(write->waiter);
  if (!done) return false;
  write->waiter = deadlines_->add(write->call.deadline, Errc::unknown, std::move(done));
  return true;
}

void Group::Core::answer(const Write& write, Result<Value> result) {
  if (auto done = deadlines_->take(write.waiter)) done(std::move(result));
}

void Group::Core::send(Store& store, const Write& write, const Call& call, Done<Value> done) {
  if (write.value)
    store.put(write.key.view(), *write.value, call, std::move(done));
  else
    store.erase(write.key.view(), call, as_void_done(std::move(done)));
}

}  // namespace ringcache
