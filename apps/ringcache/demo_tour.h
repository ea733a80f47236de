// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "demo_cluster.h"

namespace ringcache {

/// Leads through the cluster step by step, in words, and checks each step while it tells it.
/// False as soon as one does not hold.
bool give_tour(const DemoCluster& cluster);

}  // namespace ringcache
