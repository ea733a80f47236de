// SPDX-License-Identifier: Apache-2.0
#include "sql/patience.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>

namespace ringcache {
namespace {

/// Rounded up, so that nobody wakes a moment too early, again and again.
int milliseconds_until(Time deadline) {
  using std::chrono::milliseconds;
  constexpr milliseconds kMost = std::chrono::hours(1);
  if (deadline == Time::max()) return -1;
  const Duration left = std::max(deadline - BootClock::now(), Duration{0});
  return static_cast<int>(std::min(std::chrono::ceil<milliseconds>(left), kMost).count());
}

}  // namespace

short wait_for_socket(int socket, short events, Time deadline) {
  pollfd wanted{.fd = socket, .events = events, .revents = 0};
  for (;;) {
    const int ready = ::poll(&wanted, 1, milliseconds_until(deadline));
    if (ready > 0) return wanted.revents;
    if (ready == 0 && BootClock::now() >= deadline) return 0;
    if (ready < 0 && errno != EINTR) return POLLERR;
  }
}

bool has_news(int socket) {
  pollfd wanted{.fd = socket, .events = POLLIN, .revents = 0};
  return ::poll(&wanted, 1, 0) > 0;
}

}  // namespace ringcache
