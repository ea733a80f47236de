// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <ringcache/membership.h>
#include <ringcache/result.h>

namespace ringcache {

/// The members' records as etcd has them at one revision, and the views they make. Whatever happens
/// between two take()s is coalesced into one view. Not thread-safe.
class Roster {
 public:
  struct Record {
    Member member;
    std::int64_t created = 0;  ///< etcd's revision: who came later.
    bool unseen = true;        ///< Came after the last take().
  };

  /// A full list as of `revision` follows, by put(); what happened before it is unknown.
  void restart(std::int64_t revision);

  /// A record was written at `revision`. A malformed one counts as absent; the error, for the log,
  /// comes once for each content and only for the first kMaxComplaints.
  Result<void> put(std::string_view id, std::string_view json, std::int64_t created,
                   std::int64_t revision);

  /// A record was deleted at `revision`.
  void erase(std::string_view id, std::int64_t revision);

  bool contains(const std::string& id) const { return records_.contains(id); }

  /// Another incarnation under `self`'s name, or null: the latest if there are several.
  const Record* namesake(const Member& self) const;

  /// Would take() tell anything new?
  bool changed() const;

  /// Does the view lack a name that the view taken last had?
  bool lacks_members() const;

  /// The present view: members sorted by name, an epoch above all before.
  View take();

 private:
  static constexpr std::size_t kMaxComplaints = 100;

  using Records = std::map<std::string, Record, std::less<>>;

  std::vector<Member> members() const;
  bool has_name(const std::string& name) const;
  bool came_back() const;
  void drop(Records::iterator record);

  Records records_;             // by id
  std::vector<Member> taken_;   // the members of the last view
  std::uint64_t epoch_ = 0;     // of the last view
  std::uint64_t offset_ = 0;    // epoch - revision: grows when etcd starts over from smaller ones
  std::int64_t revision_ = 0;   // of the last event included
  bool gap_ = false;            // a member came and went since
  std::set<std::string> lost_;  // names that were gone for a while since
  std::set<std::size_t> told_;  // malformed records complained about
};

}  // namespace ringcache
