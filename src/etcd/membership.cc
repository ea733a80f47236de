// SPDX-License-Identifier: Apache-2.0
#include <ringcache/etcd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/units.h"
#include "etcd/record.h"
#include "etcd/registration.h"
#include "etcd/roster.h"
#include "etcd/watcher.h"

namespace ringcache {

using etcdserverpb::Event;
using etcdserverpb::KeyValue;
using etcdserverpb::RangeResponse;

namespace {

using Clock = std::chrono::steady_clock;

/// After trouble with etcd the members come back one after the other. A view that lacks members of
/// the one before is held this long, so that the ring does not shrink and grow again for nothing.
constexpr std::chrono::seconds kSettle{2};

/// How long after a record's lease a namesake must live to be another process, not the dead one
/// that this one replaces.
constexpr std::chrono::seconds kNamesakeGrace{2};

/// PREFIX without slashes at its end.
std::string trimmed(std::string text) {
  while (text.ends_with('/')) text.pop_back();
  return text;
}

Result<void> check_endpoints(const std::vector<std::string>& endpoints) {
  if (endpoints.empty())
    return fail(Errc::invalid_argument, "membership.endpoints is empty; name at least one of etcd");
  for (const std::string& endpoint : endpoints) {
    const auto address = parse_host_port(endpoint);
    if (!address || address->port == 0 || address->host.empty())
      return fail(Errc::invalid_argument,
                  "membership.endpoints: '" + endpoint + "' is not HOST:PORT, as 127.0.0.1:2379");
  }
  return {};
}

/// One node's membership. The registration's and the watcher's threads keep the roster; a third
/// thread delivers views, so that whatever arrives while a view is being used makes one view.
class EtcdMembership final : public Membership {
 public:
  explicit EtcdMembership(EtcdOptions options)
      : options_(std::move(options)),
        members_(trimmed(options_.prefix) + "/members/"),
        log_(options_.log.named("etcd")) {}

  ~EtcdMembership() override;

  Result<void> join(Member self, OnView on_view) override;
  void leave() override;
  bool joined() const override;

 private:
  void make_parts(Member self);
  void on_registered(const Member& self, std::int64_t revision);
  void on_doubt(bool doubt);
  void on_list(std::int64_t revision, const RangeResponse& found);
  void on_events(std::span<const Event* const> events);
  Result<void> put(const KeyValue& record);
  std::string_view id_of(std::string_view key) const { return key.substr(members_.size()); }
  void complain(std::string_view key, const Result<void>& taken) const;
  void announce_news();

  void deliver(const std::stop_token& stop);
  void publish(std::unique_lock<std::mutex>& lock);
  bool ready() const;
  bool in_roster() const { return roster_.contains(self_.id); }
  std::optional<std::string> namesake_warning();
  Clock::time_point next_look() const;

  const EtcdOptions options_;
  const std::string members_;
  const Log log_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  bool news_ = false;
  bool left_ = false;
  OnView on_view_;
  Member self_;                     // as registered last
  std::int64_t registered_at_ = 0;  // etcd's revision
  std::string delivered_;           // the id under which this node was in the last view
  Roster roster_;
  Clock::time_point settled_at_ = Clock::time_point::min();
  std::string namesake_;  // the id of another process that has our name
  Clock::time_point namesake_due_ = Clock::time_point::max();  // when to warn of it

  // In the order of use: what comes later uses what comes before, on threads of its own.
  std::optional<EtcdClient> client_;
  std::optional<EtcdRegistration> registration_;
  std::optional<EtcdWatcher> watcher_;
  std::jthread deliverer_;
};

EtcdMembership::~EtcdMembership() {
  leave();
  deliverer_ = {};
}

Result<void> EtcdMembership::join(Member self, OnView on_view) {
  if (client_) return fail(Errc::invalid_argument, "this membership was joined before");
  if (self.id.empty()) self.id = fresh_member_id();
  if (const auto good = check_member(self); !good)
    return fail(Errc::invalid_argument,
                "cannot register this node: " + good.error().message + " (see node.advertise)");
  if (auto good = check_endpoints(options_.endpoints); !good) return good;
  if (options_.lease_ttl < std::chrono::seconds(1))
    return fail(Errc::invalid_argument, "membership.lease_ttl must be at least 1s");
  on_view_ = std::move(on_view);
  make_parts(std::move(self));
  return {};
}

void EtcdMembership::make_parts(Member self) {
  const std::string service = trimmed(options_.announce_as);
  client_.emplace(options_.endpoints);
  registration_.emplace(
      *client_,
      EtcdRegistration::Options{members_, service.empty() ? service : service + "/",
                                options_.lease_ttl},
      std::move(self),
      EtcdRegistration::Listener{
          [this](const Member& as, std::int64_t revision) { on_registered(as, revision); },
          [this](bool doubt) { on_doubt(doubt); }},
      log_);
  watcher_.emplace(
      *client_, members_,
      EtcdWatcher::Sink{[this](auto revision, const auto& found) { on_list(revision, found); },
                        [this](auto events) { on_events(events); }},
      log_);
  deliverer_ = std::jthread([this](const std::stop_token& stop) { deliver(stop); });
  registration_->start();
}

void EtcdMembership::leave() {
  if (!registration_) return;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(left_, true)) return;
  }
  if (const auto left = registration_->leave(); !left)
    log_.warn("could not leave (" + left.error().message +
              "); the others drop this node when its lease ends");
  announce_news();
}

bool EtcdMembership::joined() const {
  const std::lock_guard lock(mutex_);
  return !left_ && in_roster() && delivered_ == self_.id;
}

void EtcdMembership::on_registered(const Member& self, std::int64_t revision) {
  {
    const std::lock_guard lock(mutex_);
    if (registered_at_ != 0) settled_at_ = Clock::now() + kSettle;
    self_ = self;
    registered_at_ = revision;
  }
  watcher_->list_at(revision);
}

void EtcdMembership::on_doubt(bool doubt) {
  {
    const std::lock_guard lock(mutex_);
    settled_at_ = doubt ? Clock::time_point::max() : Clock::now() + kSettle;
  }
  announce_news();
}

void EtcdMembership::on_list(std::int64_t revision, const RangeResponse& found) {
  std::vector<Result<void>> taken;
  std::string lost;
  {
    const std::lock_guard lock(mutex_);
    roster_.restart(revision);
    for (const KeyValue& record : found.kvs()) taken.push_back(put(record));
    // A list from before this node was registered anew has not its record yet.
    if (revision >= registered_at_ && !in_roster()) lost = self_.id;
  }
  for (int i = 0; i < found.kvs_size(); ++i)
    complain(found.kvs(i).key(), taken[static_cast<std::size_t>(i)]);
  announce_news();
  if (!lost.empty()) registration_->report_lost(lost);
}

void EtcdMembership::on_events(std::span<const Event* const> events) {
  std::vector<Result<void>> taken;
  std::string lost;
  {
    const std::lock_guard lock(mutex_);
    for (const Event* event : events) {
      const KeyValue& record = event->kv();
      const bool erased = event->type() == Event::DELETE;
      taken.push_back(erased ? Result<void>() : put(record));
      if (!erased) continue;
      roster_.erase(id_of(record.key()), record.mod_revision());
      if (id_of(record.key()) == self_.id) lost = self_.id;
    }
  }
  for (std::size_t i = 0; i < events.size(); ++i) complain(events[i]->kv().key(), taken[i]);
  announce_news();
  if (!lost.empty()) registration_->report_lost(lost);
}

Result<void> EtcdMembership::put(const KeyValue& record) {
  return roster_.put(id_of(record.key()), record.value(), record.create_revision(),
                     record.mod_revision());
}

void EtcdMembership::complain(std::string_view key, const Result<void>& taken) const {
  if (taken) return;
  std::string shown(key.substr(0, 200));
  std::ranges::replace_if(shown, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  log_.warn("ignored the record " + shown + " in etcd: " + taken.error().message +
            ". If no node rewrites it, delete it: etcdctl del '" + shown + "'");
}

void EtcdMembership::announce_news() {
  {
    const std::lock_guard lock(mutex_);
    news_ = true;
  }
  changed_.notify_one();
}

void EtcdMembership::deliver(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  while (!stop.stop_requested()) {
    news_ = false;
    if (const auto warning = namesake_warning()) {
      lock.unlock();
      log_.warn(*warning);
      lock.lock();
    }
    if (ready())
      publish(lock);
    else
      changed_.wait_until(lock, stop, next_look(), [this] { return news_; });
  }
}

void EtcdMembership::publish(std::unique_lock<std::mutex>& lock) {
  View view = roster_.take();
  std::string as = in_roster() ? self_.id : std::string();
  lock.unlock();
  log_.debug("view " + std::to_string(view.epoch) + ": " + std::to_string(view.members.size()) +
             " members" + (view.gap ? ", after a gap" : ""));
  on_view_(std::move(view));
  lock.lock();
  delivered_ = std::move(as);
}

/// A view without this node is none while it is being registered anew: the last one stays in force.
bool EtcdMembership::ready() const {
  if (!roster_.changed()) return false;
  if (left_) return true;
  return in_roster() && (!roster_.lacks_members() || Clock::now() >= settled_at_);
}

Clock::time_point EtcdMembership::next_look() const {
  const bool held = !left_ && in_roster() && roster_.changed();
  return held ? std::min(settled_at_, namesake_due_) : namesake_due_;
}

std::optional<std::string> EtcdMembership::namesake_warning() {
  const Roster::Record* other = left_ || !in_roster() ? nullptr : roster_.namesake(self_);
  if (!other) {
    namesake_.clear();
    namesake_due_ = Clock::time_point::max();
    return {};
  }
  if (std::exchange(namesake_, other->member.id) != other->member.id) {
    // The record of the process that this one replaces lives on until its lease ends.
    const bool newer = other->created > registered_at_;
    namesake_due_ = Clock::now();
    if (!newer) namesake_due_ += options_.lease_ttl + kNamesakeGrace;
  }
  if (Clock::now() < namesake_due_) return {};
  namesake_due_ = Clock::time_point::max();
  return "two live processes are registered as " + self_.name + ", the other one at " +
         other->member.address + ": give each node its own node.name; until then only the one " +
         "that came last has its keys";
}

}  // namespace

std::unique_ptr<Membership> etcd_membership(EtcdOptions options) {
  return std::make_unique<EtcdMembership>(std::move(options));
}

}  // namespace ringcache
