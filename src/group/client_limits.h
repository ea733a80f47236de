// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <ringcache/group.h>
#include <ringcache/limit.h>

namespace ringcache {

/// Holds the clients of a group to its RateLimit: tokens for each client (Call::client) and for all
/// together, one for a key. Calls of no client and forwarded ones pass. Thread-safe. Without a
/// limit a call costs a look at a flag, else one short lock.
class ClientLimits {
 public:
  /// Of more clients than `clients_max` who have tokens to win back, the one that was silent for
  /// longest is forgotten, and has all its tokens again.
  ClientLimits(std::string group, std::size_t clients_max)
      : group_(std::move(group)), clients_max_(clients_max) {}

  /// Everyone starts with all tokens, unless this limit holds already.
  void set(const RateLimit& limit);
  RateLimit limit() const;

  /// Takes the tokens for a call for so many keys; or takes none, and says why not and when to come
  /// again (Errc::overloaded).
  std::optional<Error> refuse(const Call& call, std::size_t keys, const Clock& clock) {
    if (!limited_.load(std::memory_order_relaxed)) [[likely]]
      return std::nullopt;
    return call.forwarded || call.client.empty() ? std::nullopt : take(call.client, keys, clock);
  }

  std::uint64_t refused() const;  ///< Calls, so far.
  std::size_t clients() const;    ///< Those remembered: who has tokens to win back, or had.

 private:
  struct Client {
    std::string name;
    TokenBucket bucket;
  };
  using Clients = std::list<Client>;  // the one that was silent for longest first

  std::optional<Error> take(std::string_view client, std::size_t keys, const Clock& clock);
  TokenBucket* bucket_of(std::string_view client, Time now);
  void forget_oldest();
  Error refusal(double rate, bool of_all, Duration wait) const;

  const std::string group_;
  const std::size_t clients_max_;
  std::atomic<bool> limited_{false};

  mutable std::mutex mutex_;  // guards what follows
  RateLimit limit_;
  std::optional<TokenBucket> all_;
  Clients clients_;
  std::unordered_map<std::string_view, Clients::iterator> by_name_;
  std::uint64_t refused_ = 0;
};

}  // namespace ringcache
