// SPDX-License-Identifier: Apache-2.0
#include "etcd/registration.h"

#include <limits>
#include <random>
#include <utility>

#include "etcd/backoff.h"
#include "etcd/record.h"

namespace ringcache {

using std::chrono::milliseconds;

namespace {

std::int64_t fresh_lease_id() {
  std::random_device random;
  std::uniform_int_distribution<std::int64_t> any(1, std::numeric_limits<std::int64_t>::max());
  return any(random);
}

void add_put(etcdserverpb::TxnRequest& request, std::string key, std::string value,
             std::int64_t lease) {
  auto* put = request.add_success()->mutable_request_put();
  put->set_key(std::move(key));
  put->set_value(std::move(value));
  put->set_lease(lease);
}

}  // namespace

EtcdRegistration::EtcdRegistration(EtcdClient& client, Options options, Member self,
                                   Listener listener, Log log)
    : client_(client),
      options_(std::move(options)),
      listener_(std::move(listener)),
      log_(std::move(log)),
      ttl_(options_.lease_ttl),
      self_(std::move(self)) {}

void EtcdRegistration::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void EtcdRegistration::report_lost(const std::string& id) {
  {
    const std::lock_guard lock(mutex_);
    if (id != self_.id) return;
    lost_ = true;
  }
  lost_changed_.notify_one();
}

Result<void> EtcdRegistration::leave() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
  if (lease_ == 0) return {};
  const auto patience = kLeaveTime / static_cast<milliseconds::rep>(client_.endpoints());
  return client_.revoke(std::exchange(lease_, 0), {.patience = patience, .stop = {}});
}

void EtcdRegistration::run(const std::stop_token& stop) {
  while (enrol(stop)) {
    keep(stop);
    if (stop.stop_requested()) return;
    log_.warn("this node's registration in etcd is gone; registering it anew");
    new_incarnation();
  }
}

bool EtcdRegistration::enrol(const std::stop_token& stop) {
  Backoff backoff;
  while (!stop.stop_requested()) {
    const auto revision = attempt(stop);
    if (revision) {
      answered();
      log_.info("registered " + self_.name + " (" + self_.address + ") as " + options_.members +
                self_.id + ", lease " + std::to_string(ttl_.count()) + " s");
      listener_.registered(self_, *revision);
      return true;
    }
    if (stop.stop_requested()) break;
    silent(revision.error());
    sleep(backoff.next(), stop);
  }
  return false;
}

/// One try under a fresh lease. A transaction without an answer may have been applied, and its
/// record may have been seen and expired: the next try is another incarnation.
Result<std::int64_t> EtcdRegistration::attempt(const std::stop_token& stop) {
  const std::int64_t lease = fresh_lease_id();
  const EtcdCall call{.stop = stop};
  {
    const std::lock_guard lock(mutex_);
    lease_ = lease;
  }
  const auto granted = client_.grant(lease, options_.lease_ttl, call);
  if (!granted) return std::unexpected(granted.error());
  ttl_ = *granted;
  etcdserverpb::TxnRequest request;
  add_put(request, options_.members + self_.id, encode_member(self_), lease);
  if (!options_.announce.empty())
    add_put(request, options_.announce + self_.address, encode_endpoint(self_), lease);
  if (!before_.empty())
    request.add_success()->mutable_request_delete_range()->set_key(options_.members + before_);
  const auto written = client_.commit(request, call);
  if (written) return written->header().revision();
  new_incarnation();
  return std::unexpected(written.error());
}

void EtcdRegistration::keep(const std::stop_token& stop) {
  Backoff backoff;
  const EtcdCall call{.patience = milliseconds(ttl_) / 3, .stop = stop};
  milliseconds wait = milliseconds(ttl_) / 5;
  while (sleep(wait, stop)) {
    const auto left = client_.keep_alive(lease_, call);
    if (stop.stop_requested()) return;
    if (!left) {
      silent(left.error());
      wait = backoff.next();
      continue;
    }
    answered();
    if (left->count() <= 0) return;
    backoff.reset();
    wait = milliseconds(ttl_) / 5;
  }
}

/// False when there is something else to do than to go on: stop, or the registration is lost.
bool EtcdRegistration::sleep(milliseconds span, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  return !lost_changed_.wait_for(lock, stop, span, [this] { return lost_; }) &&
         !stop.stop_requested();
}

void EtcdRegistration::new_incarnation() {
  const std::lock_guard lock(mutex_);
  before_ = std::exchange(self_.id, fresh_member_id());
  lost_ = false;
}

void EtcdRegistration::answered() {
  if (!std::exchange(in_doubt_, false)) return;
  log_.info("etcd answers again");
  listener_.in_doubt(false);
}

void EtcdRegistration::silent(const Error& error) {
  if (std::exchange(in_doubt_, true)) return;
  const bool refused = error.code != Errc::unavailable;
  log_.warn(std::string(refused ? "etcd refuses" : "etcd does not answer") + " at " +
            client_.addresses() + " (" + error.message +
            "); the ring stays as it is and this node goes on trying. " +
            (refused ? "See what etcd objects to" : "See that etcd runs and has a quorum") +
            ", and that membership.endpoints is right");
  listener_.in_doubt(true);
}

}  // namespace ringcache
