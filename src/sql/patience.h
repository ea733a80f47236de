// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <ringcache/scheduler.h>

namespace ringcache {

/// Waits until a socket can be read or written, but not past the deadline. With `poll` events
/// (POLLIN, POLLOUT); those that came, or 0 at the deadline.
short wait_for_socket(int socket, short events, Time deadline);

/// Whether there is anything to be read now. From a database that was asked nothing, it is that it
/// has ended.
bool has_news(int socket);

}  // namespace ringcache
