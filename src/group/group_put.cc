// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "base/done.h"
#include "group/core.h"
#include "group/tags.h"

namespace ringcache {
namespace {

/// A write that its owner has not applied is sent again, in case the ring is changing: at once if
/// the key has another owner by now, else after a moment.
constexpr unsigned kWriteTries = 3;
constexpr Duration kWritePause = std::chrono::milliseconds(100);

}  // namespace

void Group::Core::write(Write write, Done<Value> done) {
  if (auto refusal = clients_.refuse(write.call, 1, scheduler_)) [[unlikely]]
    return done(std::unexpected(std::move(*refusal)));
  write.call.client = {};  // borrowed, and the write may wait
  ++(write.sets_value()                 ? count_.puts
     : write.kind == Write::Kind::touch ? count_.touches
                                        : count_.erases);
  if (auto error = refuse_write(write)) return done(std::unexpected(std::move(*error)));
  if (write.sets_value() && write.value.bytes.is_null()) write.value.bytes = Bytes::copy("");
  const auto shared = std::make_shared<Write>(std::move(write));
  shared->waiter = deadlines_->add(shared->call.deadline, Errc::unavailable, std::move(done));
  route(shared);
}

std::optional<Error> Group::Core::refuse_write(const Write& write) const {
  if (auto error = refuse(write.key.view(), write.call)) {
    if (error->code == Errc::deadline_exceeded) error->code = Errc::unavailable;
    return error;
  }
  if (write.value.bytes.size() > value_bytes_max_)
    return Error{Errc::too_large,
                 "the value is longer than " + std::to_string(value_bytes_max_) + " bytes"};
  if (too_many_tags(write.value.tags.view()))
    return Error{Errc::invalid_argument,
                 "a key can have " + std::to_string(Cache::kTagsMax) + " tags"};
  return std::nullopt;
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

/// The write's turn has come.
void Group::Core::run(const WritePtr& write) {
  const bool must_find =
      write->kind == Write::Kind::compare_and_set && write->expected.bytes.is_null();
  must_find ? find_expected(write) : apply(write);
}

/// A copy that the etag does not stand for may be out of date itself: then the row is asked.
void Group::Core::find_expected(const WritePtr& write) {
  const KeyView key = write->key.view();
  const auto copy = cache_.peek(key);
  if (copy && !copy->absent() && etag_of(copy->bytes.view()) == write->expected.etag) {
    write->expected.bytes = copy->bytes;
    return apply(write);
  }
  ask(
      write->call.deadline, Errc::deadline_exceeded,
      [self = shared_from_this(), write](Result<Value> row) {
        self->found_expected(write, std::move(row));
      },
      [&](Done<Value> done) {
        source_->get(key, {.deadline = write->call.deadline}, std::move(done));
      });
}

void Group::Core::found_expected(const WritePtr& write, Result<Value> row) {
  {
    const Gate::Pass pass(gate_);
    if (!pass) return;
    if (row && etag_of(row->bytes.view()) == write->expected.etag) {
      write->expected.bytes = row->bytes.is_null() ? Bytes::copy("") : row->bytes;
      return apply(write);
    }
    next_write(write->key.view());
  }
  if (row || row.error().code == Errc::not_found)
    return answer(*write, fail(Errc::precondition_failed,
                               "the key does not have the value that the etag stands for"));
  if (row.error().code == Errc::deadline_exceeded) row.error().code = Errc::unavailable;
  answer(*write, std::move(row));
}

/// The copy goes before the source is asked: once anybody has read the new row, nobody may read the
/// old copy. (A touch changes no value, and its copy goes afterwards.)
void Group::Core::apply(const WritePtr& write) {
  const KeyView key = write->key.view();
  if (!commit(write)) return next_write(key);
  const auto drop = [&] { drop_copies(key); };
  flights_.begin_write(key, write->kind == Write::Kind::touch ? Flights::Change([] {}) : drop);
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
    if (result && write->kind != Write::Kind::erase) {
      if (result->bytes.is_null()) result->bytes = write->value.bytes;
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

/// Runs under the lock of flights_. After a failure nobody knows what the row is: nothing is kept,
/// unless it was that nothing was done.
void Group::Core::keep_written(const Write& write, Time begun, const Result<Value>& result) {
  const KeyView key = write.key.view();
  if (!result && result.error().code == Errc::unsupported) return;
  if (write.kind == Write::Kind::touch) drop_copies(key);  // of others there has been none since
  const bool absent =
      result ? write.kind == Write::Kind::erase
             : write.kind != Write::Kind::put && result.error().code == Errc::not_found;
  if (absent)
    cache_.insert(key, absent_copy(flights_.stamp(), begun));
  else if (result && options_.write_mode == WriteMode::through)
    keep_copy(cache_, key, copy_of(key, *result), result->tags);
}

/// Only the owner writes. What this node is reading of the key meanwhile, it reads again. An owner
/// that leaves may answer yet, until the deadline; without one, its end is an answer.
void Group::Core::forward(const WritePtr& write, const std::shared_ptr<Store>& peer) {
  if (!commit(write)) return;
  const KeyView key = write->key.view();
  flights_.supersede(key, [&] { drop_copies(key); });
  ++count_.forwards;
  const bool ends = write->call.deadline != Time::max();
  ask(
      Time::max(), Errc::unknown,
      [self = shared_from_this(), write, raw = peer.get(), held = ends ? peer : nullptr](
          Result<Value> result) { self->forwarded(write, raw, std::move(result)); },
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
  const KeyView key = write.key.view();
  switch (write.kind) {
    case Write::Kind::put:
      return store.put(key, write.value, call, std::move(done));
    case Write::Kind::compare_and_set:
      return store.compare_and_set(key, write.expected, write.value, call, std::move(done));
    case Write::Kind::touch:
      return store.touch(key, write.value.expires_at, call, std::move(done));
    case Write::Kind::erase:
      return store.erase(key, call, as_void_done(std::move(done)));
  }
}

}  // namespace ringcache
