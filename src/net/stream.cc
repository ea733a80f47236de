// SPDX-License-Identifier: Apache-2.0
#include "net/stream.h"

#include <array>
#include <cassert>
#include <string_view>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/write.hpp>

namespace ringcache {
namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

NetStream::NetStream(std::shared_ptr<NetLoop> loop, NetSocket socket, std::size_t input_max)
    : loop_(std::move(loop)), socket_(std::move(socket)), alarm_(*loop_), input_(input_max) {}

/// A client of IPv4 is the same at a listener of IPv6.
std::string NetStream::peer_address() const {
  ErrorCode failed;
  const auto address = socket_.remote_endpoint(failed).address();
  if (failed) return {};
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  if (!mapped) return address.to_string();
  return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
}

void NetStream::read(std::size_t wanted, Then then) {
  const auto room = input_.room(wanted);
  assert(!room.empty());
  socket_.async_read_some(
      asio::buffer(room.data(), room.size()),
      [this, then = std::move(then)](ErrorCode error, std::size_t bytes) mutable {
        if (!error) input_.commit(bytes);
        then(!error);
      });
}

void NetStream::payload(Bytes bytes) {
  if (bytes.size() == 0) return;
  queued_.payload_bytes += bytes.size();
  queued_.payloads.push_back({queued_.text.size(), std::move(bytes)});
}

void NetStream::Output::clear() {
  text.clear();
  payloads.clear();
  payload_bytes = 0;
}

std::vector<asio::const_buffer> NetStream::gather() const {
  const std::string& text = sending_.text;
  std::vector<asio::const_buffer> pieces;
  pieces.reserve(2 * sending_.payloads.size() + 1);
  std::size_t at = 0;
  const auto text_until = [&](std::size_t end) {
    if (end > at) pieces.emplace_back(text.data() + at, end - at);
    at = end;
  };
  for (const auto& [after, bytes] : sending_.payloads) {
    text_until(after);
    pieces.emplace_back(bytes.view().data(), bytes.size());
  }
  text_until(text.size());
  return pieces;
}

void NetStream::write(Then then) {
  std::swap(queued_, sending_);
  const auto done = [this](Then& waiting) {
    return [this, then = std::move(waiting)](ErrorCode error, std::size_t bytes) mutable {
      sent(!error, bytes, then);
    };
  };
  // One reply with one payload, by far the most common: two buffers, no allocation.
  if (sending_.payloads.size() == 1 && sending_.payloads[0].after == sending_.text.size()) {
    const auto payload = sending_.payloads[0].bytes.view();
    const std::array<asio::const_buffer, 2> pieces{asio::buffer(sending_.text),
                                                   asio::buffer(payload)};
    return asio::async_write(socket_, pieces, done(then));
  }
  asio::async_write(socket_, gather(), done(then));
}

void NetStream::sent(bool ok, std::size_t bytes, Then& then) {
  written_ = bytes;
  sending_.clear();
  then(ok);
}

void NetStream::end() noexcept {
  ErrorCode ignored;  // whatever is wrong with the socket, the next read finds it
  socket_.shutdown(NetSocket::shutdown_send, ignored);
}

void NetStream::close() noexcept {
  alarm_.stop();
  ErrorCode ignored;  // a socket that cannot be closed is closed
  socket_.close(ignored);
}

}  // namespace ringcache
