// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include <ringcache/cluster.h>
#include <ringcache/groups.h>
#include <ringcache/scheduler.h>

#include "node/feeds.h"

namespace ringcache {

/// The node's JSON documents (docs/http.md shows each). Keys that are not UTF-8 are shown with
/// replacement characters; values never appear.
std::string cluster_page(const Cluster& cluster);
std::string groups_page(const Groups& groups, const Feeds& feeds);
Result<std::string> group_page(const Groups& groups, const Feeds& feeds, std::string_view name);
/// What this node knows of a key: who owns it, where it lies on the ring, what copy is here and why
/// there was none before.
Result<std::string> why_page(const Groups& groups, const Cluster& cluster, const Scheduler& clock,
                             const KeyView& key);

}  // namespace ringcache
