// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string_view>

#include <ringcache/group.h>
#include <ringcache/testing/fake_source.h>
#include <ringcache/testing/sim_scheduler.h>

#include "support/asked.h"

namespace ringcache::testing {

/// A group on a node of its own, over a source that answers at once unless held.
class OneNode : public ::testing::Test {
 protected:
  OneNode() { start({}); }

  void start(GroupOptions options) {
    options.name = "g";
    group = std::make_unique<Group>(options, source, cluster, scheduler);
  }

  static KeyView key(std::string_view name) { return {"g", name}; }
  Call within(Duration span) { return {.deadline = scheduler.now() + span}; }

  Asked<Value> get(std::string_view name, const Call& call = {}) {
    return ask_get(*group, key(name), call);
  }
  Asked<Value> put(std::string_view name, std::string_view bytes, const Call& call = {}) {
    return ask_put(*group, key(name), bytes, call);
  }
  Asked<void> erase(std::string_view name, const Call& call = {}) {
    return ask_erase(*group, key(name), call);
  }

  SimScheduler scheduler;
  std::shared_ptr<FakeSource> source = std::make_shared<FakeSource>();
  Cluster cluster{"a", nullptr};
  std::unique_ptr<Group> group;
};

}  // namespace ringcache::testing
