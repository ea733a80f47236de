// SPDX-License-Identifier: Apache-2.0
#include "etcd/roster.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "etcd/record.h"

namespace ringcache {

void Roster::restart(std::int64_t revision) {
  gap_ = epoch_ != 0;
  records_.clear();
  lost_.clear();
  revision_ = revision;
  // An etcd that was wiped or restored counts from below; epochs must not.
  const auto epoch = static_cast<std::uint64_t>(revision) + offset_;
  if (epoch < epoch_) offset_ += epoch_ - epoch;
}

Result<void> Roster::put(std::string_view id, std::string_view json, std::int64_t created,
                         std::int64_t revision) {
  revision_ = std::max(revision_, revision);
  auto member = decode_member(id, json);
  const auto old = records_.find(id);
  if (member) {
    const bool unseen = old == records_.end() || old->second.unseen;
    records_.insert_or_assign(std::string(id), Record{std::move(*member), created, unseen});
    return {};
  }
  if (old != records_.end()) drop(old);
  const auto content = std::hash<std::string>{}(std::string(id) + '\0' + std::string(json));
  if (told_.size() >= kMaxComplaints || !told_.insert(content).second) return {};
  return std::unexpected(member.error());
}

void Roster::erase(std::string_view id, std::int64_t revision) {
  const auto old = records_.find(id);
  if (old == records_.end()) return;
  revision_ = std::max(revision_, revision);
  drop(old);
}

void Roster::drop(Records::iterator record) {
  const Record gone = std::move(record->second);
  records_.erase(record);
  if (epoch_ != 0 && gone.unseen) gap_ = true;
  if (!has_name(gone.member.name)) lost_.insert(gone.member.name);
}

const Roster::Record* Roster::namesake(const Member& self) const {
  const Record* latest = nullptr;
  for (const auto& [id, record] : records_) {
    if (record.member.name != self.name || id == self.id) continue;
    if (!latest || latest->created < record.created) latest = &record;
  }
  return latest;
}

bool Roster::has_name(const std::string& name) const {
  return std::ranges::any_of(records_,
                             [&](const auto& entry) { return entry.second.member.name == name; });
}

std::vector<Member> Roster::members() const {
  std::map<std::string_view, const Record*> by_name;
  for (const auto& [id, record] : records_) {
    const Record*& holder = by_name[record.member.name];
    if (!holder || holder->created < record.created) holder = &record;
  }
  std::vector<Member> members;
  members.reserve(by_name.size());
  for (const auto& [name, record] : by_name) members.push_back(record->member);
  return members;
}

bool Roster::came_back() const {
  return std::ranges::any_of(lost_, [this](const auto& name) { return has_name(name); });
}

bool Roster::changed() const { return gap_ || came_back() || members() != taken_; }

bool Roster::lacks_members() const {
  return std::ranges::any_of(taken_,
                             [this](const Member& member) { return !has_name(member.name); });
}

View Roster::take() {
  taken_ = members();
  epoch_ = std::max(epoch_ + 1, static_cast<std::uint64_t>(revision_) + offset_);
  const bool gap = gap_ || came_back();
  gap_ = false;
  lost_.clear();
  for (auto& [id, record] : records_) record.unseen = false;
  return View{epoch_, taken_, gap};
}

}  // namespace ringcache
