// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <ringcache/group.h>

namespace ringcache {

/// The node's groups by name; itself a Store that hands each call to its key's group
/// (Errc::no_such_group otherwise, naming those there are).
/// add() before serving; read-only afterwards, hence lock-free.
class Groups final : public Store {
 public:
  /// False when the name is taken.
  bool add(std::unique_ptr<Group> group);
  Group* find(std::string_view name) const;
  void for_each(const std::function<void(Group&)>& visit) const;  ///< By name.

  void get(const KeyView& key, const Call& call, Done<Value> done) override;
  void get_many(std::span<const KeyView> keys, const Call& call, Done<Values> done) override;
  void put(const KeyView& key, Value value, const Call& call, Done<Value> done) override;
  void compare_and_set(const KeyView& key, Expected expected, Value value, const Call& call,
                       Done<Value> done) override;
  void touch(const KeyView& key, Time expires_at, const Call& call, Done<Value> done) override;
  void erase(const KeyView& key, const Call& call, Done<void> done) override;
  void invalidate(const Invalidation& what, const Call& call, Done<std::uint64_t> done) override;

  /// The error for a name that find() does not know: names those there are.
  Error missing(std::string_view name) const;

 private:
  std::map<std::string, std::unique_ptr<Group>, std::less<>> groups_;
};

}  // namespace ringcache
