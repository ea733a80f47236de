// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <ringcache/membership.h>

namespace ringcache::testing {

/// A member that needs no more than a name: its id is "NAME#INCARNATION", its address "NAME:1".
inline Member fake_member(const std::string& name, int incarnation = 1, unsigned weight = 1) {
  return {.id = name + "#" + std::to_string(incarnation),
          .name = name,
          .address = name + ":1",
          .http = name + ":2",
          .weight = weight};
}

inline std::vector<Member> fake_members(const std::vector<std::string>& names) {
  std::vector<Member> members;
  members.reserve(names.size());
  for (const std::string& name : names) members.push_back(fake_member(name));
  return members;
}

/// A membership that says what the test tells it to say, on the test's thread. Not thread-safe.
class FakeMembership final : public Membership {
 public:
  Result<void> join(Member self, OnView on_view) override {
    self_ = std::move(self);
    on_view_ = std::move(on_view);
    return {};
  }
  void leave() override { left_ = true; }
  bool joined() const override { return seen_ && !left_; }

  /// Delivers a view, whatever its epoch. REQUIRES: join() was called.
  void push(View view) {
    epoch_ = view.epoch;
    for (const Member& member : view.members) seen_ = seen_ || member.id == self_.id;
    on_view_(std::move(view));
  }
  /// Delivers these members as the next view.
  void push(std::vector<Member> members, bool gap = false) {
    push(View{.epoch = epoch_ + 1, .members = std::move(members), .gap = gap});
  }

  const Member& self() const { return self_; }
  bool left() const { return left_; }

 private:
  Member self_;
  OnView on_view_;
  std::uint64_t epoch_ = 0;
  bool seen_ = false;
  bool left_ = false;
};

}  // namespace ringcache::testing
