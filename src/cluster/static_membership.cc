// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <utility>

#include <ringcache/membership.h>

namespace ringcache {
namespace {

class StaticMembership final : public Membership {
 public:
  explicit StaticMembership(std::vector<Member> members) : members_(std::move(members)) {
    for (Member& member : members_) {
      if (member.name.empty()) member.name = member.address;
      if (member.id.empty()) member.id = member.name;
    }
  }

  Result<void> join(Member self, OnView on_view) override {
    std::erase_if(members_, [&](const Member& member) { return member.name == self.name; });
    members_.push_back(std::move(self));
    joined_ = true;
    on_view(View{.epoch = 1, .members = members_});
    return {};
  }

  void leave() override { joined_ = false; }
  bool joined() const override { return joined_; }

 private:
  std::vector<Member> members_;
  std::atomic<bool> joined_ = false;
};

}  // namespace

std::unique_ptr<Membership> static_membership(std::vector<Member> members) {
  return std::make_unique<StaticMembership>(std::move(members));
}

}  // namespace ringcache
