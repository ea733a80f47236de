// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <mutex>
#include <unordered_map>

#include <ringcache/store.h>

namespace ringcache {

/// Remembers for a moment which peers let a get wait in vain, so that not each key pays for finding
/// out again that its owner hangs. A peer that refuses fast is no suspect: asking it costs nothing.
/// One get at a time goes on trying a suspect. Thread-safe.
class Suspects {
 public:
  /// How long a peer is left alone between two trials.
  static constexpr Duration kPause = std::chrono::milliseconds(500);

  /// Whether a get sent now would not wait in vain as far as known.
  bool may_ask(const Store* peer, Time now);

  /// The peer has answered something.
  void answered(const Store* peer, Time now);

  /// The peer has not answered what it was asked at `asked`. A suspect now, unless it answered
  /// something else meanwhile: then it was that one key that took long.
  void silent(const Store* peer, Time asked, Time now);

  /// The ring has changed, and the peers with it.
  void clear();

 private:
  struct Record {
    Time last_answer{};
    Time next_trial{};  // Time{}: no suspect
  };

  std::mutex mutex_;  // guards peers_
  std::unordered_map<const Store*, Record> peers_;
};

}  // namespace ringcache
