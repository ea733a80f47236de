// SPDX-License-Identifier: Apache-2.0
#include "etcd/registration.h"

#include <gtest/gtest.h>

#include <deque>

#include "etcd/record.h"
#include "support/etcd_cluster.h"
#include "unit/etcd/patient.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using testing::EtcdCluster;
using testing::kPatient;

const Member kSelf{"first", "a", "a.local:9999", "", 1};

class EtcdRegistrationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!EtcdCluster::installed()) GTEST_SKIP() << "etcd is not installed (package etcd-server)";
    etcd.emplace();
    client.emplace(etcd->endpoints());
    registration.emplace(
        *client,
        EtcdRegistration::Options{.members = "/r/members/", .announce = "Svc/", .lease_ttl = 2s},
        kSelf,
        EtcdRegistration::Listener{
            [this](const Member& self, std::int64_t) { tell("registered " + self.id); },
            [this](bool doubt) { tell(doubt ? "doubt" : "certain"); }},
        Log());
  }

  void tell(std::string what) {
    const std::lock_guard lock(mutex);
    told.push_back(std::move(what));
    changed.notify_all();
  }

  /// What the listener was told next; "nothing" when that takes ten seconds.
  std::string next() {
    std::unique_lock lock(mutex);
    if (!changed.wait_for(lock, 10s, [this] { return !told.empty(); })) return "nothing";
    std::string what = std::move(told.front());
    told.pop_front();
    return what;
  }

  std::vector<etcdserverpb::KeyValue> records(const std::string& prefix) {
    const auto found = client->list(prefix, 0, kPatient);
    if (!found) return {};
    return {found->kvs().begin(), found->kvs().end()};
  }

  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> told;
  std::optional<EtcdCluster> etcd;
  std::optional<EtcdClient> client;
  std::optional<EtcdRegistration> registration;
};

TEST_F(EtcdRegistrationTest, BothRecordsComeUnderOneLeaseInOneRevision) {
  registration->start();
  ASSERT_EQ(next(), "registered first");
  const auto members = records("/r/members/");
  const auto names = records("Svc/");
  ASSERT_EQ(members.size(), 1U);
  ASSERT_EQ(names.size(), 1U);
  EXPECT_EQ(members[0].key(), "/r/members/first");
  EXPECT_EQ(members[0].value(), encode_member(kSelf));
  EXPECT_EQ(names[0].key(), "Svc/a.local:9999");
  EXPECT_EQ(names[0].value(), encode_endpoint(kSelf));
  EXPECT_EQ(names[0].mod_revision(), members[0].mod_revision());
  EXPECT_EQ(names[0].lease(), members[0].lease());
}

TEST_F(EtcdRegistrationTest, LeavingTakesBothRecordsAtOnce) {
  registration->start();
  ASSERT_EQ(next(), "registered first");
  EXPECT_TRUE(registration->leave());
  EXPECT_TRUE(records("/r/members/").empty());
  EXPECT_TRUE(records("Svc/").empty());
}

TEST_F(EtcdRegistrationTest, TheLeaseIsKeptAlive) {
  registration->start();
  ASSERT_EQ(next(), "registered first");
  std::this_thread::sleep_for(4s);  // two leases
  EXPECT_EQ(records("/r/members/").size(), 1U);
  const std::lock_guard lock(mutex);
  EXPECT_TRUE(told.empty());
}

TEST_F(EtcdRegistrationTest, AnIdIsNeverUsedAgain) {
  registration->start();
  ASSERT_EQ(next(), "registered first");
  registration->report_lost("someone else");
  registration->report_lost("first");
  const std::string again = next();
  EXPECT_TRUE(again.starts_with("registered "));
  EXPECT_NE(again, "registered first");
  EXPECT_EQ(records("/r/members/").size(), 1U) << "the record before is gone";
  registration->report_lost("first");  // no news any more
  EXPECT_TRUE(registration->leave());
  EXPECT_TRUE(records("Svc/").empty());
  const std::lock_guard lock(mutex);
  EXPECT_TRUE(told.empty());
}

TEST_F(EtcdRegistrationTest, SilenceIsDoubtUntilEtcdAnswers) {
  registration->start();
  ASSERT_EQ(next(), "registered first");
  etcd->kill(0);
  EXPECT_EQ(next(), "doubt");
  etcd->start(0);
  EXPECT_EQ(next(), "certain");
}

TEST_F(EtcdRegistrationTest, LeavingAFrozenEtcdEndsInTime) {
  registration->start();
  ASSERT_EQ(next(), "registered first");
  etcd->freeze(0);
  const auto began = std::chrono::steady_clock::now();
  EXPECT_FALSE(registration->leave());
  EXPECT_LT(std::chrono::steady_clock::now() - began, EtcdRegistration::kLeaveTime + 200ms);
}

}  // namespace
}  // namespace ringcache
