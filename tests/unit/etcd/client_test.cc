// SPDX-License-Identifier: Apache-2.0
#include "etcd/client.h"

#include <gtest/gtest.h>

#include <thread>

#include "support/etcd_cluster.h"
#include "unit/etcd/patient.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using etcdserverpb::Event;
using etcdserverpb::WatchResponse;
using testing::EtcdCluster;
using testing::kPatient;

std::chrono::milliseconds since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() -
                                                               start);
}

std::int64_t put(EtcdClient& client, const std::string& key, std::int64_t lease = 0) {
  etcdserverpb::TxnRequest request;
  auto* put = request.add_success()->mutable_request_put();
  put->set_key(key);
  put->set_value("v");
  put->set_lease(lease);
  const auto done = client.commit(request, kPatient);
  return done ? done->header().revision() : 0;
}

class EtcdClientTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!EtcdCluster::installed()) GTEST_SKIP() << "etcd is not installed (package etcd-server)";
  }
};

TEST(EtcdPrefixTest, ThePrefixEndsBeforeItsNeighbour) {
  EXPECT_EQ(after_prefix("GroupCache/"), "GroupCache0");
  EXPECT_LT(after_prefix("GroupCache/"), "GroupCacheX/h:1");
}

TEST(EtcdNobodyTest, NobodyThereIsUnavailableAtOnceAndNamesTheEndpoint) {
  EtcdClient client({"127.0.0.1:1", "127.0.0.1:2"});
  const auto start = std::chrono::steady_clock::now();
  const auto found = client.list("a/", 0, {});
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::unavailable);
  EXPECT_NE(found.error().message.find("127.0.0.1:"), std::string::npos);
  EXPECT_LT(since(start), 1500ms);
}

TEST_F(EtcdClientTest, AListHoldsThePrefixAloneAsOfItsRevision) {
  const EtcdCluster etcd;
  EtcdClient client(etcd.endpoints());
  const auto first = put(client, "GroupCache/1");
  put(client, "GroupCacheX/2");
  put(client, "GroupCache/3");
  const auto then = client.list("GroupCache/", first, kPatient);
  ASSERT_TRUE(then) << then.error().message;
  EXPECT_EQ(then->kvs_size(), 1);
  EXPECT_EQ(client.list("GroupCache/", 0, kPatient)->kvs_size(), 2);
}

TEST_F(EtcdClientTest, ALeaseIsGrantedTwiceKeptAliveAndRevokedTwice) {
  const EtcdCluster etcd;
  EtcdClient client(etcd.endpoints());
  ASSERT_EQ(client.grant(42, 60s, kPatient).value(), 60s);
  EXPECT_EQ(client.grant(42, 60s, kPatient).value(), 60s) << "a repeated grant is harmless";
  EXPECT_EQ(client.keep_alive(42, kPatient).value(), 60s);
  put(client, "k/1", 42);
  EXPECT_TRUE(client.revoke(42, kPatient));
  EXPECT_EQ(client.list("k/", 0, kPatient)->kvs_size(), 0);
  EXPECT_TRUE(client.revoke(42, kPatient)) << "gone already is no error";
  EXPECT_EQ(client.keep_alive(42, kPatient).value(), 0s);
  EXPECT_EQ(put(client, "k/1", 42), 0) << "nothing can be put under a lease that is gone";
}

TEST_F(EtcdClientTest, ARefusalIsAnAnswerNotAReasonToAskTheNext) {
  const EtcdCluster etcd;
  EtcdClient client({etcd.endpoint(0), "127.0.0.1:1"});
  const auto found = client.list("a/", 1'000'000, kPatient);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, Errc::invalid_argument);
  EXPECT_NE(found.error().message.find("future revision"), std::string::npos);
}

TEST_F(EtcdClientTest, AFrozenMemberCostsItsPatienceAndNoMore) {
  EtcdCluster etcd(3);
  EtcdClient client(etcd.endpoints());
  ASSERT_NE(put(client, "k/1"), 0);
  const std::size_t frozen = (etcd.leader() + 1) % 3;
  etcd.freeze(frozen);
  for (int i = 0; i < 3; ++i) {
    const auto start = std::chrono::steady_clock::now();
    EXPECT_TRUE(client.list("k/", 0, {.patience = 500ms})) << i;
    EXPECT_LT(since(start), 900ms);
  }
}

TEST_F(EtcdClientTest, AStopCallsOffACallThatHangs) {
  EtcdCluster etcd;
  EtcdClient client(etcd.endpoints());
  ASSERT_NE(put(client, "k/1"), 0);
  etcd.freeze(0);
  std::stop_source stop;
  const std::jthread stopper([&] {
    std::this_thread::sleep_for(100ms);
    stop.request_stop();
  });
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(client.list("k/", 0, {.patience = 10s, .stop = stop.get_token()}));
  EXPECT_LT(since(start), 2s);
}

TEST_F(EtcdClientTest, AWatchBringsEveryEventFromItsRevisionOn) {
  const EtcdCluster etcd;
  EtcdClient client(etcd.endpoints());
  const auto from = put(client, "k/1");
  put(client, "k/2");
  put(client, "other");
  put(client, "k/3");
  std::vector<std::string> keys;
  const auto on_response = [&](const WatchResponse& response) {
    for (const Event& event : response.events()) keys.push_back(event.kv().key());
    return keys.size() < 3;
  };
  (void)client.watch("k/", from, on_response, {});
  EXPECT_EQ(keys, (std::vector<std::string>{"k/1", "k/2", "k/3"}));
}

TEST_F(EtcdClientTest, AStopEndsAWatch) {
  const EtcdCluster etcd;
  EtcdClient client(etcd.endpoints());
  std::stop_source stop;
  const auto on_response = [&](const WatchResponse& response) {
    if (response.created()) stop.request_stop();
    return true;
  };
  const auto start = std::chrono::steady_clock::now();
  (void)client.watch("k/", 0, on_response, stop.get_token());
  EXPECT_LT(since(start), 3s);
}

}  // namespace
}  // namespace ringcache
