// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

namespace ringcache::testing {

/// One HTTP reply as it came off the wire.
struct RawReply {
  unsigned status = 0;
  std::string head;  ///< With lower-case names as well as it came.
  std::string body;

  /// The value of a header (names in any case), or "".
  std::string header(std::string_view name) const {
    for (std::size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
      const std::string_view line = std::string_view(head).substr(at + 2);
      const bool same = std::ranges::equal(line.substr(0, name.size()), name, [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) ==
               std::tolower(static_cast<unsigned char>(b));
      });
      if (!same || !line.substr(name.size()).starts_with(": ")) continue;
      const auto value = line.substr(name.size() + 2);
      return std::string(value.substr(0, value.find("\r\n")));
    }
    return {};
  }
};

/// A blocking socket to a port of this machine, for tests that must say exactly which bytes travel.
/// Waits at most ten seconds for anything.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~RawClient() { ::close(fd_); }
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  bool connected() const noexcept { return connected_; }

  /// False when the other side has closed.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  void end() { ::shutdown(fd_, SHUT_WR); }

  /// The next reply; none when the connection ends before it is whole.
  std::optional<RawReply> receive(bool head_only = false) {
    while (input_.find("\r\n\r\n") == std::string::npos)
      if (!more()) return {};
    RawReply reply;
    reply.head = input_.substr(0, input_.find("\r\n\r\n") + 2);
    input_.erase(0, reply.head.size() + 2);
    reply.status = static_cast<unsigned>(std::atoi(reply.head.c_str() + 9));
    const auto size = static_cast<std::size_t>(std::atoll(reply.header("Content-Length").c_str()));
    if (head_only || reply.status == 304) return reply;
    while (input_.size() < size)
      if (!more()) return {};
    reply.body = input_.substr(0, size);
    input_.erase(0, size);
    return reply;
  }

  std::optional<RawReply> ask(std::string_view request, bool head_only = false) {
    return send(request) ? receive(head_only) : std::nullopt;
  }

  /// Whether the other side ends the connection in order, with nothing more to say.
  bool ended() { return input_.empty() && !more() && last_ == 0; }

 private:
  bool more() {
    char piece[65536];
    last_ = ::recv(fd_, piece, sizeof piece, 0);
    if (last_ > 0) input_.append(piece, static_cast<std::size_t>(last_));
    return last_ > 0;
  }

  int fd_;
  bool connected_ = false;
  ssize_t last_ = 0;
  std::string input_;
};

}  // namespace ringcache::testing
