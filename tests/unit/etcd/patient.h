// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <thread>

#include "etcd/client.h"

namespace ringcache::testing {

/// For calls that must not fail because the machine is busy.
inline const EtcdCall kPatient{.patience = std::chrono::seconds(10), .stop = {}};

/// Commits, through elections too; the revision, or 0 when etcd takes nothing for twenty seconds.
inline std::int64_t commit(EtcdClient& client, const etcdserverpb::TxnRequest& request) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  do {
    const auto done = client.commit(request, {});
    if (done) return done->header().revision();
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  } while (std::chrono::steady_clock::now() < end);
  return 0;
}

}  // namespace ringcache::testing
