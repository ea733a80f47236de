// SPDX-License-Identifier: Apache-2.0
#include <ringcache/groups.h>

#include <utility>

namespace ringcache {

bool Groups::add(std::unique_ptr<Group> group) {
  std::string name = group->options().name;
  return groups_.try_emplace(std::move(name), std::move(group)).second;
}

Group* Groups::find(std::string_view name) const {
  const auto at = groups_.find(name);
  return at == groups_.end() ? nullptr : at->second.get();
}

void Groups::for_each(const std::function<void(Group&)>& visit) const {
  for (const auto& [name, group] : groups_) visit(*group);
}

void Groups::get(const KeyView& key, const Call& call, Done<Value> done) {
  if (Group* group = find(key.group)) return group->get(key, call, std::move(done));
  done(std::unexpected(missing(key.group)));
}

void Groups::get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) {
  if (keys.empty()) return done(Values());
  if (Group* group = find(keys.front().group)) return group->get_many(keys, call, std::move(done));
  done(std::unexpected(missing(keys.front().group)));
}

void Groups::put(const KeyView& key, Value value, const Call& call, Done<Value> done) {
  if (Group* group = find(key.group))
    return group->put(key, std::move(value), call, std::move(done));
  done(std::unexpected(missing(key.group)));
}

void Groups::compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                             Done<Value> done) {
  if (Group* group = find(key.group))
    return group->compare_and_set(key, std::move(expected), std::move(value), call,
                                  std::move(done));
  done(std::unexpected(missing(key.group)));
}

void Groups::touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) {
  if (Group* group = find(key.group)) return group->touch(key, expires_at, call, std::move(done));
  done(std::unexpected(missing(key.group)));
}

void Groups::erase(const KeyView& key, const Call& call, Done<void> done) {
  if (Group* group = find(key.group)) return group->erase(key, call, std::move(done));
  done(std::unexpected(missing(key.group)));
}

void Groups::invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done) {
  if (Group* group = find(what.group)) return group->invalidate(what, call, std::move(done));
  done(std::unexpected(missing(what.group)));
}

Error Groups::missing(std::string_view name) const {
  std::string message = "no group named '" + std::string(name) + "'; this node has: ";
  if (groups_.empty()) message += "none";
  const char* separator = "";
  for (const auto& [known, group] : groups_) message += std::exchange(separator, ", ") + known;
  return {Errc::no_such_group, std::move(message)};
}

}  // namespace ringcache
