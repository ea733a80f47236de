// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <ringcache/bytes.h>
#include <boost/asio/buffer.hpp>

#include "net/alarm.h"
#include "net/buffer.h"
#include "net/loop.h"

namespace ringcache {

/// A connected socket on one loop: bytes in, heads and payloads out, one alarm. A protocol's
/// connection owns one and lives on the same loop; the completions it passes keep it alive.
class NetStream {
 public:
  /// Told once how the operation ended; false when the other side or close() ended it.
  using Then = std::move_only_function<void(bool ok)>;

  NetStream(std::shared_ptr<NetLoop> loop, NetSocket socket, std::size_t input_max);

  NetLoop& loop() noexcept { return *loop_; }
  NetSocket& socket() noexcept { return socket_; }
  std::string peer_address() const;  ///< "10.0.0.7", "fe80::1"; empty when nobody is connected.
  NetAlarm& alarm() noexcept { return alarm_; }
  NetBuffer& input() noexcept { return input_; }

  /// Appends what comes, at least one byte, to input(). `wanted` is how much the protocol could
  /// use. REQUIRES: no read under way; room in the buffer.
  void read(std::size_t wanted, Then then);

  /// Queues a payload after the text appended so far; it is referred to, not copied.
  std::string& text() noexcept { return queued_.text; }
  void payload(Bytes bytes);
  bool has_output() const noexcept { return output_bytes() > 0; }
  std::size_t output_bytes() const noexcept { return queued_.text.size() + queued_.payload_bytes; }

  /// Sends all that is queued with gathering writes; what is queued meanwhile waits for the next
  /// write(). `then` hears false when not all was taken. REQUIRES: no write under way.
  void write(Then then);
  std::size_t written() const noexcept { return written_; }  ///< By the last write().

  /// Ends our side. To be followed by reading until the other side has ended its own, or what it
  /// has still been sending would make the kernel throw our last bytes away.
  void end() noexcept;

  void close() noexcept;  ///< At once. Operations under way complete with false.

 private:
  struct Payload {
    std::size_t after;  ///< How much text goes before it.
    Bytes bytes;
  };

  struct Output {
    std::string text;
    std::vector<Payload> payloads;
    std::size_t payload_bytes = 0;
    void clear();
  };

  std::vector<boost::asio::const_buffer> gather() const;
  void sent(bool ok, std::size_t bytes, Then& then);

  std::shared_ptr<NetLoop> loop_;
  NetSocket socket_;
  NetAlarm alarm_;
  NetBuffer input_;
  Output queued_;
  Output sending_;
  std::size_t written_ = 0;
};

}  // namespace ringcache
