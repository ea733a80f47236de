// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "group/flights.h"

namespace ringcache {

/// Flights that have begun, and whose calls are to go together.
struct Departing {
  struct ToSource {
    FlightPtr flight;
    std::uint64_t outdated;
  };
  void add(const FlightPtr& flight, std::uint64_t outdated) {
    if (flight->via == Via::peer)
      to_peers.push_back(flight);
    else
      to_source.push_back({flight, outdated});
  }
  std::vector<ToSource> to_source;
  std::vector<FlightPtr> to_peers;
};

}  // namespace ringcache
