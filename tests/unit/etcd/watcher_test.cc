// SPDX-License-Identifier: Apache-2.0
#include "etcd/watcher.h"

#include <gtest/gtest.h>

#include "support/etcd_cluster.h"
#include "unit/etcd/patient.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using etcdserverpb::Event;
using etcdserverpb::RangeResponse;
using testing::EtcdCluster;

class EtcdWatcherTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!EtcdCluster::installed()) GTEST_SKIP() << "etcd is not installed (package etcd-server)";
  }

  /// Watches k/ through `endpoints`; writes go by all of them.
  void start(std::size_t size, std::vector<std::size_t> through) {
    etcd.emplace(size);
    writer.emplace(etcd->endpoints());
    std::vector<std::string> endpoints;
    for (const std::size_t i : through) endpoints.push_back(etcd->endpoint(i));
    client.emplace(endpoints);
    watcher.emplace(*client, "k/",
                    EtcdWatcher::Sink{[this](auto, const auto& found) { on_list(found); },
                                      [this](auto events) { on_events(events); }},
                    Log());
  }

  void on_list(const RangeResponse& found) {
    std::string line = "list";
    for (const auto& record : found.kvs()) line += " " + record.key().substr(2);
    tell(line);
  }

  /// A write that was repeated because its answer was lost is told once; each has its revision.
  void on_events(std::span<const Event* const> events) {
    for (const Event* event : events) {
      revisions.push_back(event->kv().mod_revision());
      const std::string what = "+" + event->kv().key().substr(2);
      if (!until_now().ends_with(what)) tell(what);
    }
  }

  std::string until_now() {
    const std::lock_guard lock(mutex);
    return told;
  }

  void tell(const std::string& what) {
    const std::lock_guard lock(mutex);
    told += (told.empty() ? "" : ", ") + what;
    changed.notify_all();
  }

  /// All the sink was told, once it ends with `end`, or after ten seconds.
  std::string until(const std::string& end) {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, 10s, [&] { return told.ends_with(end); });
    return told;
  }

  std::int64_t put(const std::string& name) {
    etcdserverpb::TxnRequest request;
    request.add_success()->mutable_request_put()->set_key("k/" + name);
    return testing::commit(*writer, request);
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::string told;
  std::vector<std::int64_t> revisions;  // of all events; the watcher's thread writes it
  std::optional<EtcdCluster> etcd;
  std::optional<EtcdClient> writer;
  std::optional<EtcdClient> client;
  std::optional<EtcdWatcher> watcher;
};

TEST_F(EtcdWatcherTest, WhatComesAfterTheListedRevisionComesAsEvents) {
  start(1, {0});
  const auto revision = put("1");
  put("2");
  watcher->list_at(revision);
  put("3");
  EXPECT_EQ(until("+3"), "list 1, +2, +3");
}

TEST_F(EtcdWatcherTest, ACompactedRevisionIsListedAsOfNow) {
  start(1, {0});
  const auto revision = put("1");
  put("2");
  etcd->compact(put("3"));
  watcher->list_at(revision);
  until("list 1 2 3");
  put("4");
  EXPECT_EQ(until("+4"), "list 1 2 3, +4");
}

TEST_F(EtcdWatcherTest, EndpointsThatDieLoseAndDoubleNoEvent) {
  start(3, {0, 1, 2});
  watcher->list_at(put("0"));
  std::string expected = "list 0";
  for (int i = 1; i <= 9; ++i) {
    put(std::to_string(i));
    expected += ", +" + std::to_string(i);
    if (i % 3 != 0) continue;
    const auto victim = static_cast<std::size_t>(i / 3 - 1);
    etcd->kill(victim);
    put("x");
    expected += ", +x";
    etcd->start(victim);
    etcd->wait_healthy(victim);
  }
  put("end");
  EXPECT_EQ(until("+end"), expected + ", +end");
  watcher.reset();
  for (std::size_t i = 1; i < revisions.size(); ++i) EXPECT_EQ(revisions[i], revisions[i - 1] + 1);
}

TEST_F(EtcdWatcherTest, EventsThatWereCompactedAwayAreAFullList) {
  start(3, {0});
  watcher->list_at(put("1"));
  until("list 1");
  etcd->kill(0);
  put("2");
  put("3");
  etcd->compact(put("4"), 1);
  etcd->start(0);
  EXPECT_EQ(until("list 1 2 3 4"), "list 1, list 1 2 3 4");
  put("5");
  EXPECT_EQ(until("+5"), "list 1, list 1 2 3 4, +5");
}

TEST_F(EtcdWatcherTest, AnEtcdThatLostItsDataIsListedAnew) {
  start(1, {0});
  put("1");
  watcher->list_at(put("2"));
  until("list 1 2");
  etcd->kill(0);
  etcd->wipe(0);
  etcd->start(0);
  EXPECT_EQ(until("list"), "list 1 2, list");
  put("3");
  EXPECT_EQ(until("+3"), "list 1 2, list, +3");
}

TEST_F(EtcdWatcherTest, AnEndpointThatLagsBehindIsNoNewEtcd) {
  start(3, {0});
  watcher->list_at(put("1"));
  until("list 1");
  etcd->kill(0);
  etcd->start(0);
  etcd->wait_healthy(0);
  put("2");
  EXPECT_EQ(until("+2"), "list 1, +2");
}

TEST_F(EtcdWatcherTest, ItsEndIsPromptThoughEtcdIsFrozen) {
  start(1, {0});
  watcher->list_at(put("1"));
  until("list 1");
  etcd->freeze(0);
  const auto began = std::chrono::steady_clock::now();
  watcher.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 500ms);
}

}  // namespace
}  // namespace ringcache
