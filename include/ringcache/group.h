// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <ringcache/cache.h>
#include <ringcache/cluster.h>
#include <ringcache/store.h>

namespace ringcache {

/// What clients (Call::client) may ask of a group at one node, in keys a second; 0: as many as they
/// like. What is above it is Errc::overloaded, with Error::retry_after. A call for many keys passes
/// whole or not at all; one for more than may come at once passes after a long silence, and is made
/// up for by a longer one.
struct RateLimit {
  double per_client = 0;
  double burst = 0;  ///< As many may come at once from a client; 0: a second's worth.
  double total = 0;  ///< All clients together; a second's worth may come at once.
  friend bool operator==(const RateLimit&, const RateLimit&) = default;
};

/// What may change while a group runs.
struct GroupLimits {
  std::size_t capacity = std::size_t{64} << 20;  ///< Bytes, as CacheOptions::capacity counts them.
  /// A copy older than this is read again; counted from its load or write, never prolonged by
  /// reads. A source may choose another for a value (Value::max_age).
  Duration max_age = Duration::max();
  /// A copy's max_age is shorter by up to this share of it (0 to 1), so that what was loaded
  /// together does not end together.
  double max_age_jitter = 0;
  /// How long "no such key" may be remembered; 0 remembers nothing.
  Duration negative_max_age = std::chrono::seconds(5);
  /// @name Past its age
  /// How long a value is still an answer, marked as stale. A row's own end is always the end, and a
  /// write ends every older copy. The longer of the two is how long such copies are kept.
  /// @{
  /// At once, while it is read again in the background.
  Duration stale_while_revalidate{0};
  /// Where reading it again fails, or is not over shortly before the get's deadline. (Not where
  /// there is no such key any more.) While the source is in trouble, gets do not wait to find that
  /// out again.
  Duration stale_if_error{0};
  /// @}
  /// After this share of its max_age (0 to 1) a copy that is asked for is read again in the
  /// background; 0: only as its end draws near, see Group.
  double refresh_ahead = 0;
  std::size_t value_bytes_max = std::size_t{16} << 20;
  RateLimit rate_limit{};
};

/// What an acknowledged put leaves at the key's owner.
enum class WriteMode : std::uint8_t {
  through,     ///< The value as the source now has it, as the copy.
  invalidate,  ///< Nothing: the next get reads the source. For values that are rarely read again.
};

struct GroupOptions {
  std::string name{};
  GroupLimits limits{};
  PolicyKind policy = PolicyKind::automatic;
  unsigned shards = 0;
  WriteMode write_mode = WriteMode::through;
  std::size_t key_bytes_max = std::size_t{64} << 10;
  /// A load that has not answered after this long is given up: those who wait get an error, and the
  /// next get starts anew.
  Duration load_timeout = std::chrono::seconds(5);
  /// How long an owner may be silent about a forwarded get before the source is read past it. One
  /// whose source lets it wait says so, and is waited for until load_timeout.
  Duration peer_timeout = std::chrono::seconds(1);
  /// How long a copy read past an unreachable owner may answer here, so that a herd does not reach
  /// the source while the ring has not changed yet.
  Duration bypass_max_age = std::chrono::seconds(1);
  /// Calls that may wait here for an answer; above it Errc::overloaded. Hits never wait.
  std::size_t waiting_max = 100'000;
  /// Writes of one key that may wait for their turn at its owner; above it Errc::overloaded.
  std::size_t writes_queued_max = 1'000;
  /// Clients that rate_limit.per_client tells apart; above it the one that was silent for longest
  /// counts as new.
  std::size_t clients_max = 100'000;
};

struct GroupStats {
  CacheStats cache;
  std::uint64_t gets = 0;
  std::uint64_t puts = 0;
  std::uint64_t touches = 0;
  std::uint64_t erases = 0;
  std::uint64_t invalidations = 0;
  std::uint64_t coalesced = 0;    ///< Gets that joined a flight.
  std::uint64_t loads = 0;        ///< Reads of the source.
  std::uint64_t load_errors = 0;  ///< Not counting not_found.
  std::uint64_t refreshes = 0;    ///< Loads begun in the background, for a copy that is here.
  std::uint64_t stales = 0;       ///< Gets answered by a copy past its age.
  std::uint64_t forwards = 0;     ///< Calls sent to the key's owner.
  std::uint64_t bypasses = 0;     ///< Gets that read the source past an unreachable owner.
  std::uint64_t flights = 0;      ///< Loads in flight now.
  std::uint64_t refused = 0;      ///< Calls of clients above the rate limit; counted nowhere else.
};

/// What a node knows of one key: the answer to "why".
struct Explanation {
  std::optional<Copy> copy;
  bool in_flight = false;
  Departure departure = Departure::never_seen;
  Duration last_load{0};  ///< How long the load behind the copy took; 0 = unknown or written.
};

/// A cached view of one source, spread over the cluster. Itself a Store, so that front doors, peers
/// and tests all speak to it the same way.
///
/// A get is answered from the cache; else by one hop nearer to the truth: the owner's node if the
/// ring says so, else the source. Concurrent gets of a key share one flight, and each leaves it at
/// its own deadline. Copies are kept at the owner alone. A forwarded call is never forwarded again:
/// asked one for a key of another's, a node answers a get from the source and keeps nothing, and
/// refuses a write (Errc::unavailable: not applied). A get whose owner cannot be reached reads the
/// source itself; a write is never sent past the owner. A write goes through the owner, one at a
/// time per key, and supersedes the loads in flight: they may answer those who already wait, but
/// fill nothing, and nobody joins them any more. A write not answered by its deadline is
/// Errc::unavailable while it waits for its turn, Errc::unknown afterwards. A compare-and-set finds
/// out in its turn what the etag stands for: the copy, or else the row; the source then decides.
///
/// An invalidation reaches every member of the ring, and is Errc::unavailable, naming one, unless
/// all of them have done it; repeating it is safe.
///
/// A copy that is in use does not come to its end: as that draws near, a get reads it again in the
/// background, the likelier the nearer the end and the slower the source, and for certain when
/// there is only time for two loads left. (XFetch: Vattani, Chierichetti, Lowenstein, "Optimal
/// Probabilistic Cache Stampede Prevention", VLDB 2015.) It is never read before half of its
/// max_age, unless refresh_ahead says so; so a max_age of less than four times what a load takes is
/// too short to keep a key from ending under load.
///
/// Thread-safe. Destroy it after those who call it, before `cluster` and `scheduler`, and not from
/// a completion of its own; loads still in flight then answer Errc::unavailable, writes under way
/// Errc::unknown, and touch nothing.
class Group final : public Store {
 public:
  Group(GroupOptions options, std::shared_ptr<Store> source, Cluster& cluster,
        Scheduler& scheduler);
  ~Group() override;

  /// Waits for the answer: get_blocking() of one of this group's keys.
  Result<Value> get(std::string_view name, const Call& call = {}) {
    return get_blocking(*this, KeyView(options().name, name), call);
  }
  void get(const KeyView& key, const Call& call, Done<Value> done) override;
  /// Keys that are not here are asked for together: one call for each owner, one for the source.
  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override;
  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override;
  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                       Done<Value> done) override;
  void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) override;
  void erase(const KeyView& key, const Call& call, Done<void> done) override;
  void invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done) override;

  Explanation explain(const KeyView& key) const;
  GroupStats stats() const;
  const GroupOptions& options() const noexcept;
  GroupLimits limits() const;
  /// Takes effect at once, but copies that are here end when they were to end.
  void set_limits(const GroupLimits& limits);

 private:
  class Core;
  std::shared_ptr<Core> core_;  // shared with the calls in flight
};

}  // namespace ringcache
