// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include <linux/filter.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <iterator>
#include <utility>

#include <boost/asio/ip/tcp.hpp>

#include "base/units.h"

namespace ringcache {
namespace asio = boost::asio;
using asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

constexpr int kBacklog = 4096;
/// How long accepting rests when the process has no descriptor or memory left for another.
constexpr std::chrono::milliseconds kRest{100};

Result<tcp::endpoint> resolve(const std::string& address, asio::io_context& io) {
  auto parts = parse_host_port(address);
  if (!parts) return std::unexpected(std::move(parts.error()));
  if (parts->host.empty()) return tcp::endpoint(tcp::v4(), parts->port);
  ErrorCode error;
  const auto found = tcp::resolver(io).resolve(parts->host, std::to_string(parts->port), error);
  if (error || found.empty())
    return fail(Errc::invalid_argument, address + ": no such host (" + error.message() + ")");
  const auto is_v4 = [](const auto& entry) { return entry.endpoint().address().is_v4(); };
  const auto v4 = std::ranges::find_if(found, is_v4);
  return (v4 == found.end() ? found.begin() : v4)->endpoint();
}

Error bind_error(const std::string& address, const ErrorCode& error) {
  if (error == asio::error::address_in_use)
    return {Errc::unavailable, address + ": address already in use"};
  if (error == asio::error::access_denied)
    return {Errc::unavailable, address + ": permission denied; ports below 1024 need privileges"};
  return {Errc::unavailable, address + ": cannot listen (" + error.message() + ")"};
}

}  // namespace

NetListener::NetListener(NetLoops& loops, Log log)
    : loops_(loops),
      log_(std::move(log)),
      acceptor_(loops.at(0)->io().get_executor()),
      resting_(loops.at(0)->io().get_executor()) {}

Result<std::unique_ptr<NetListener>> NetListener::open(const std::string& address, NetLoops& loops,
                                                       Log log) {
  const auto endpoint = resolve(address, loops.at(0)->io());
  if (!endpoint) return std::unexpected(endpoint.error());
  std::unique_ptr<NetListener> listener(new NetListener(loops, std::move(log)));
  if (const ErrorCode error = listener->bind(*endpoint))
    return std::unexpected(bind_error(address, error));
  return listener;
}

ErrorCode NetListener::bind(const tcp::endpoint& endpoint) {
  ErrorCode error;
  protocol_ = endpoint.protocol();
  acceptor_.open(protocol_, error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(kBacklog, error);
  if (!error) acceptor_.non_blocking(true, error);
  if (!error) port_ = acceptor_.local_endpoint(error).port();
  return error;
}

void NetListener::start(OnSocket on_socket) {
  on_socket_ = std::move(on_socket);
  loops_.at(0)->post([this] { wait(); });
}

void NetListener::wait() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_wait(tcp::acceptor::wait_read, [this](ErrorCode error) {
    if (!error) take_waiting();
  });
}

void NetListener::take_waiting() {
  for (;;) {
    const int descriptor =
        ::accept4(acceptor_.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      hand_over(descriptor);
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      return wait();
    } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      return rest(errno);
    }  // else that one connection broke before we took it: the next
  }
}

void NetListener::rest(int error) {
  log_.warn(std::string("cannot accept: ") + std::strerror(error) + "; trying again");
  resting_.expires_after(kRest);
  resting_.async_wait([this](ErrorCode cancelled) {
    if (!cancelled && acceptor_.is_open()) take_waiting();
  });
}

void NetListener::hand_over(int descriptor) {
  const auto& loop = loops_.at(taken_++);
  NetSocket socket(loop->io().get_executor());
  ErrorCode error;
  socket.assign(protocol_, descriptor, error);
  if (error) return void(::close(descriptor));
  socket.set_option(tcp::no_delay(true), error);
  on_socket_(loop, std::move(socket));
}

/// Closing a socket resets the connections that the kernel has made and we have not taken, and one
/// more can come between our last accept and the close. So first the kernel drops each SYN: who
/// comes now is not let in, tries again in a second, and finds the port closed.
void NetListener::turn_away() {
  constexpr std::uint32_t kDrop = 0;
  constexpr std::uint32_t kPass = 0xffff'ffff;
  constexpr std::uint32_t kFlagsAt = 13;  // in the TCP header, where the filter's view begins
  constexpr std::uint32_t kSynAndAck = 0x12;
  constexpr std::uint32_t kSyn = 0x02;
  sock_filter code[]{
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlagsAt),
      BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSynAndAck),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSyn, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kDrop),
      BPF_STMT(BPF_RET | BPF_K, kPass),
  };
  const sock_fprog program{.len = std::size(code), .filter = code};
  if (::setsockopt(acceptor_.native_handle(), SOL_SOCKET, SO_ATTACH_FILTER, &program,
                   sizeof program) != 0)
    log_.debug(std::string("no filter for the last connections: ") + std::strerror(errno));
}

void NetListener::shut() {
  if (!acceptor_.is_open()) return;
  take_waiting();
  resting_.cancel();
  ErrorCode ignored;  // closed either way
  acceptor_.close(ignored);
}

void NetListener::close(Duration patience) {
  std::promise<void> done;
  loops_.at(0)->post([&] {
    if (!acceptor_.is_open()) return done.set_value();
    turn_away();
    resting_.expires_after(patience);
    resting_.async_wait([&](ErrorCode) {
      shut();
      // One more turn, so that the handlers which that cancelled have been and gone.
      loops_.at(0)->post([&] { done.set_value(); });
    });
  });
  done.get_future().wait();
}

}  // namespace ringcache
