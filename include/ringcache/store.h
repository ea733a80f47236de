// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/bytes.h>
#include <ringcache/hash.h>
#include <ringcache/result.h>
#include <ringcache/scheduler.h>

namespace ringcache {

/// A borrowed key with the one 64-bit hash of its name that shards, sketches and flights share.
/// A callee that outlives the call keeps its own copy (OwnedKey).
struct KeyView {
  KeyView(std::string_view group_name, std::string_view key_name) noexcept
      : group(group_name), name(key_name), hash(hash64(key_name)) {}

  std::string_view group;
  std::string_view name;
  std::uint64_t hash;
};

/// A key that owns its strings, for work that goes on after the call that began it.
struct OwnedKey {
  explicit OwnedKey(const KeyView& key) : group(key.group), name(key.name) {}
  KeyView view() const noexcept { return {group, name}; }

  std::string group;
  std::string name;
};

/// What a key maps to, and how this answer came about.
struct Value {
  Bytes bytes;
  /// Orders the loads and writes of a key at its owner: a load is stamped when it starts, a write
  /// when it has finished, so that a load that may have missed a write is the smaller. 0 = not
  /// stamped.
  std::uint64_t version = 0;
  /// When the source was read or written; ages count from here. In the asker's own clock.
  Time loaded_at{};
  /// In an answer: the row's own end of life, if its source keeps one. In a put: the ttl asked for.
  Time expires_at = Time::max();
  /// Chosen by a source or loader for this value instead of the group's max_age; Duration::max():
  /// it does not choose. Means nothing in the answer of a group.
  Duration max_age = Duration::max();
  /// Answered from the owner's cache. Otherwise the source was read for this answer, in
  /// `load_time`.
  bool hit = false;
  bool stale = false;  ///< A copy past its age: a hit that another read would find outdated.
  Duration load_time{0};
  /// Names to invalidate by, separated by commas; null: none. In a put those asked for, from a
  /// source those of the row. Means nothing in the answer of a group.
  Bytes tags{};
};

/// The value that a compare-and-set is to replace, by its etag. A group adds the bytes, which its
/// source compares.
struct Expected {
  std::string etag;
  Bytes bytes{};
};

/// Which copies of a group's keys are to go: one of the four.
struct Invalidation {
  std::string group;
  std::vector<std::string> keys{};
  std::string prefix{};  ///< Of the key, byte for byte.
  std::string tag{};
  bool all = false;
};

/// What a request carries besides its key.
struct Call {
  Time deadline = Time::max();
  bool forwarded = false;  ///< Sent by another node: answer here, never forward again.
  /// A get takes a copy that is past its age by less than this at once, if its owner still keeps
  /// one; Duration::max() takes any.
  Duration max_stale{0};
  /// Who asks, as a door tells its clients apart; empty: nobody whom limits of clients are for.
  /// Borrowed for the call, as its arguments are.
  std::string_view client{};
};

/// Completion: called exactly once, on any thread, possibly before the operation returns,
/// never under a ringcache lock. Must not throw.
template <class T>
using Done = std::move_only_function<void(Result<T>)>;

/// The results of many keys.
using Values = std::vector<Result<Value>>;

/// Anything that can be asked for a key: a Group, another node, a database.
/// Thread-safe. Arguments are borrowed for the call only. Whoever is asked tries to answer by
/// `call.deadline`; whoever waits enforces it.
/// Errors of a write: `unavailable` promises that it was not applied, `unknown` that nobody can
/// say. A store refuses what it cannot keep (a ttl, tags) with Errc::unsupported, and never drops
/// it.
class Store {
 public:
  virtual ~Store() = default;

  /// The value, or Errc::not_found.
  virtual void get(const KeyView& key, const Call& call, Done<Value> done) = 0;

  /// Many keys of one group in one call: their results in the order of the keys, each with an error
  /// of its own. Not here, but in the whole call's result, is only what kept it from being made.
  /// Unless a store knows better, it is asked for one key after the other, without waiting.
  virtual void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done);

  /// Sets the value; answers it as the store now holds it (a database may normalise what it is
  /// given).
  virtual void put(const KeyView& key, Value value, const Call& call, Done<Value> done) = 0;

  /// As put(), if the key has the value expected, decided where the truth lives; else
  /// Errc::precondition_failed. A store that cannot decide it says Errc::unsupported: this one.
  virtual void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                               Done<Value> done);

  /// Gives the key another end of its life, Time::max() for none; answers its value. Unless a store
  /// knows better, Errc::unsupported.
  virtual void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done);

  /// Removes the key; Errc::not_found when there was none.
  virtual void erase(const KeyView& key, const Call& call, Done<void> done) = 0;

  /// Makes sure that what is asked for after the answer does not come from a copy that was there
  /// before, nor from a read that had begun before; how many copies that cost. Truth is not
  /// touched: a source has no copies, and answers 0.
  virtual void invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done);
};

/// @name Blocking forms, for programs that have a thread to spare
/// They wait for the answer, or until `call.deadline` (Errc::deadline_exceeded; a write is then
/// Errc::unknown). REQUIRES: the caller is not a thread that the store needs for its answer.
/// @{
Result<Value> get_blocking(Store& store, const KeyView& key, const Call& call = {});
Result<Values> get_many_blocking(Store& store, std::span<const KeyView> keys,
                                 const Call& call = {});
Result<Value> put_blocking(Store& store, const KeyView& key, Value value, const Call& call = {});
Result<Value> compare_and_set_blocking(Store& store, const KeyView& key, Expected expected,
                                       Value value, const Call& call = {});
Result<Value> touch_blocking(Store& store, const KeyView& key, Time expires_at,
                             const Call& call = {});
Result<void> erase_blocking(Store& store, const KeyView& key, const Call& call = {});
Result<std::uint64_t> invalidate_blocking(Store& store, const Invalidation& what,
                                          const Call& call = {});
/// @}

/// The entity tag of a value: 16 hex digits of the hash of its bytes. The same on every node, after
/// eviction and after a restart.
std::string etag_of(std::string_view bytes);

}  // namespace ringcache
