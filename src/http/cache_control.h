// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include <ringcache/scheduler.h>

namespace ringcache {

/// How stale a copy may be by a request's Cache-Control (RFC 9111 5.2.1.2): `max-stale=N` in
/// seconds, or any for a bare `max-stale` (Duration::max()). 0 without it, or if it makes no sense;
/// other directives say nothing here.
Duration parse_max_stale(std::string_view cache_control);

}  // namespace ringcache
