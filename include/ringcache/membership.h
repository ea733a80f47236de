// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ringcache/result.h>

namespace ringcache {

/// One node of the cluster, as the others see it.
struct Member {
  std::string id;       ///< Incarnation: fresh and random on every start, never used again.
  std::string name;     ///< Stable across restarts; placement on the ring goes by it.
  std::string address;  ///< HOST:PORT where peers reach it (gRPC).
  std::string http;     ///< HOST:PORT of its HTTP door; empty if it has none.
  unsigned weight = 1;  ///< Its share of the keys, relative to the others'. At least 1.

  friend bool operator==(const Member&, const Member&) = default;
};

/// Who is in the cluster, as one numbered fact. Names are unique: of two members with one name the
/// one that joined later counts.
struct View {
  std::uint64_t epoch = 0;
  std::vector<Member> members;
  /// A member came and went again between the view before and this one, unseen by either: copies
  /// may have been owned, and rewritten, elsewhere meanwhile.
  bool gap = false;
};

/// Tells who is in the cluster. Views arrive in epoch order, never concurrently, on a thread of the
/// membership's own; each is complete.
class Membership {
 public:
  using OnView = std::function<void(View)>;

  virtual ~Membership() = default;  ///< Leaves if still joined; no view arrives afterwards.

  /// Registers `self` and starts to deliver views. An unreachable registry is no failure: the
  /// membership goes on trying and says so in the log. REQUIRES: not joined.
  virtual Result<void> join(Member self, OnView on_view) = 0;

  /// Takes this node out of everybody's view. Views go on arriving (without it) until destruction.
  virtual void leave() = 0;

  /// Registered, and has seen a view with itself in it.
  virtual bool joined() const = 0;
};

/// A fixed list, which need not contain `self`: it is added. One view, at once.
std::unique_ptr<Membership> static_membership(std::vector<Member> members);

}  // namespace ringcache
