// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace ringcache::testing {

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// Where this process looks for ports: below 32768, where no outgoing connection can take them, and
/// apart from where other tests look that run beside it.
inline std::uint16_t first_port() {
  return static_cast<std::uint16_t>(20000 + ::getpid() * 10 % 12000);
}

/// The first port from `from` on that nobody listens on.
inline std::uint16_t free_port(std::uint16_t from) {
  for (std::uint16_t port = from; port < 32700; ++port) {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    const int on = 1;
    ::setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const sockaddr_in address = loopback(port);
    const bool free =
        ::bind(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    if (free) return port;
  }
  throw std::runtime_error("no free port");
}

/// The whole answer to one HTTP request; empty when there is none within two seconds.
inline std::string http_exchange(std::uint16_t port, const std::string& request) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  const timeval patience{2, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  const sockaddr_in address = loopback(port);
  std::string answer;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
      ::send(fd, request.data(), request.size(), MSG_NOSIGNAL) > 0) {
    std::array<char, 4096> part{};
    for (ssize_t n = 0; (n = ::recv(fd, part.data(), part.size(), 0)) > 0;)
      answer.append(part.data(), static_cast<std::size_t>(n));
  }
  ::close(fd);
  return answer;
}

}  // namespace ringcache::testing
