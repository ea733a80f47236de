// SPDX-License-Identifier: Apache-2.0
#include "etcd/watcher.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace ringcache {

using etcdserverpb::Event;
using etcdserverpb::RangeResponse;
using etcdserverpb::ResponseHeader;
using etcdserverpb::WatchResponse;

EtcdWatcher::EtcdWatcher(EtcdClient& client, std::string prefix, Sink sink, Log log)
    : client_(client),
      prefix_(std::move(prefix)),
      sink_(std::move(sink)),
      log_(std::move(log)),
      thread_([this](const std::stop_token& stop) { run(stop); }) {}

EtcdWatcher::~EtcdWatcher() {
  thread_.request_stop();
  const std::lock_guard lock(mutex_);
  round_.request_stop();
}

void EtcdWatcher::list_at(std::int64_t revision) {
  {
    const std::lock_guard lock(mutex_);
    wanted_ = revision;
    round_.request_stop();
  }
  wanted_changed_.notify_one();
}

void EtcdWatcher::list_again() {
  const std::lock_guard lock(mutex_);
  if (!wanted_) wanted_ = 0;
}

std::optional<EtcdWatcher::Round> EtcdWatcher::begin(const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  wanted_changed_.wait(lock, stop, [this] { return listed_ || wanted_; });
  if (stop.stop_requested()) return {};
  round_ = std::stop_source();
  return Round{wanted_, round_.get_token()};
}

void EtcdWatcher::run(const std::stop_token& stop) {
  Backoff backoff;
  while (const auto round = begin(stop)) {
    if (round->list && !list(*round->list, round->stop)) {
      pause(backoff.next(), round->stop);
      continue;
    }
    const auto began = std::chrono::steady_clock::now();
    watch(round->stop);
    if (std::chrono::steady_clock::now() - began > Backoff::kMost) backoff.reset();
    pause(backoff.next(), round->stop);
  }
}

void EtcdWatcher::pause(Backoff::Wait wait, const std::stop_token& stop) {
  std::unique_lock lock(mutex_);
  wanted_changed_.wait_for(lock, stop, wait, [] { return false; });
}

bool EtcdWatcher::list(std::int64_t revision, const std::stop_token& stop) {
  if (revision + 1 < next_) revision = 0;
  auto found = client_.list(prefix_, revision, {.stop = stop});
  if (!found && revision != 0 && found.error().code == Errc::invalid_argument) {
    revision = 0;  // compacted already
    found = client_.list(prefix_, revision, {.stop = stop});
  }
  if (!found) {
    log_.debug("cannot list " + prefix_ + ": " + found.error().message);
    return false;
  }
  if (revision == 0) revision = found->header().revision();
  sink_.list(revision, *found);
  next_ = revision + 1;
  cluster_ = found->header().cluster_id();
  const std::lock_guard lock(mutex_);
  // A list_at() that came meanwhile has stopped this round and is still to be done.
  if (!stop.stop_requested()) wanted_.reset();
  listed_ = true;
  return true;
}

void EtcdWatcher::watch(const std::stop_token& stop) {
  const Error ended = client_.watch(
      prefix_, next_, [&](const WatchResponse& response) { return receive(response, stop); }, stop);
  if (!stop.stop_requested()) log_.debug("the watch ended: " + ended.message);
}

bool EtcdWatcher::receive(const WatchResponse& response, const std::stop_token& stop) {
  if (response.canceled()) {
    // Compacted away: the reason comes in a second answer, after one that says "created".
    if (response.compact_revision() != 0) list_again();
    return false;
  }
  if (response.created()) return still_the_same(response.header(), stop);
  if (response.events().empty()) {  // a sign of life: nothing happened up to its revision
    next_ = std::max(next_, response.header().revision() + 1);
    return true;
  }
  std::vector<const Event*> fresh;
  for (const Event& event : response.events())
    if (event.kv().mod_revision() >= next_) fresh.push_back(&event);
  if (fresh.empty()) return true;
  sink_.events(fresh);
  next_ = fresh.back()->kv().mod_revision() + 1;
  return true;
}

/// A watch from a revision that etcd has not reached waits for it in silence. Either the endpoint
/// lags behind the others, which is fine, or etcd was wiped or restored, and what we know is void.
bool EtcdWatcher::still_the_same(const ResponseHeader& header, const std::stop_token& stop) {
  bool same = header.cluster_id() == cluster_;
  if (same && header.revision() + 1 < next_) {
    const auto now = client_.list(prefix_, 0, {.stop = stop});
    if (!now) return false;
    same = now->header().cluster_id() == cluster_ && now->header().revision() + 1 >= next_;
  }
  if (!same) {
    next_ = 0;
    list_again();
  }
  return same;
}

}  // namespace ringcache
