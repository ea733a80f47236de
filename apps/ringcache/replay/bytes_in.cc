// SPDX-License-Identifier: Apache-2.0
#include "replay/bytes_in.h"

#include <fcntl.h>
#include <lzma.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace ringcache {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kChunk = std::size_t{64} << 10;
constexpr std::uint64_t kXzMemoryMax = std::uint64_t{1} << 30;
constexpr std::string_view kGzipMagic = "\x1f\x8b"sv;
constexpr std::string_view kXzMagic =
    "\xfd"
    "7zXZ\0"sv;

std::string reason() { return std::generic_category().message(errno); }

/// An open file, closed at its end unless it is standard input.
class File {
 public:
  explicit File(int number) : number_(number) {}
  File(File&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  File& operator=(File&&) = delete;
  ~File() {
    if (number_ > STDIN_FILENO) ::close(number_);
  }

  Result<std::size_t> operator()(std::span<char> room) const {
    ssize_t got = 0;
    do got = ::read(number_, room.data(), room.size());
    while (got < 0 && errno == EINTR);
    if (got < 0) return fail(Errc::internal, "cannot read: " + reason());
    return static_cast<std::size_t>(got);
  }

 private:
  int number_;
};

/// Packed input as the unpackers see it: a chunk, how much of it is left, whether more will come.
struct Packed {
  explicit Packed(BytesIn source) : in(std::move(source)), chunk(kChunk) {}

  /// Makes sure that something is left, unless the input has ended.
  Result<void> fill() {
    if (left > 0 || ended) return {};
    Result<std::size_t> got = in(chunk);
    if (!got) return std::unexpected(std::move(got.error()));
    next = chunk.data();
    left = *got;
    ended = left == 0;
    return {};
  }

  void take(std::size_t still_left) {
    next += left - still_left;
    left = still_left;
  }

  BytesIn in;
  std::vector<char> chunk;
  char* next = nullptr;
  std::size_t left = 0;
  bool ended = false;
};

/// RFC 1952, any number of members.
class Gunzip {
 public:
  explicit Gunzip(BytesIn in)
      : packed_(std::move(in)), alive_(inflateInit2(&stream_, kGzipFormat + MAX_WBITS) == Z_OK) {}
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;
  ~Gunzip() {
    if (alive_) inflateEnd(&stream_);
  }

  Result<std::size_t> read(std::span<char> room) {
    if (!alive_) return fail(Errc::internal, "zlib does not start");
    stream_.next_out = reinterpret_cast<Bytef*>(room.data());
    stream_.avail_out = static_cast<uInt>(std::min<std::size_t>(room.size(), kChunk));
    const uInt wanted = stream_.avail_out;
    while (stream_.avail_out == wanted) {
      if (Result<void> filled = packed_.fill(); !filled)
        return std::unexpected(std::move(filled.error()));
      if (packed_.ended && between_) return 0;
      if (packed_.ended) return fail(Errc::invalid_argument, "the gzip data is cut short");
      if (Result<void> done = step(); !done) return std::unexpected(std::move(done.error()));
    }
    return wanted - stream_.avail_out;
  }

 private:
  Result<void> step() {
    stream_.next_in = reinterpret_cast<Bytef*>(packed_.next);
    stream_.avail_in = static_cast<uInt>(packed_.left);
    const int code = inflate(&stream_, Z_NO_FLUSH);
    packed_.take(stream_.avail_in);
    between_ = code == Z_STREAM_END;
    if (between_) inflateReset(&stream_);
    if (code == Z_OK || code == Z_STREAM_END) return {};
    return fail(Errc::invalid_argument, "the gzip data is damaged");
  }

  static constexpr int kGzipFormat = 16;  // zlib's word for it

  Packed packed_;
  z_stream stream_{};
  bool alive_;
  bool between_ = false;  // a member has ended, no other begun
};

class Unxz {
 public:
  explicit Unxz(BytesIn in)
      : packed_(std::move(in)),
        alive_(lzma_stream_decoder(&stream_, kXzMemoryMax, LZMA_CONCATENATED) == LZMA_OK) {}
  Unxz(const Unxz&) = delete;
  Unxz& operator=(const Unxz&) = delete;
  ~Unxz() { lzma_end(&stream_); }

  Result<std::size_t> read(std::span<char> room) {
    if (!alive_) return fail(Errc::internal, "liblzma does not start");
    stream_.next_out = reinterpret_cast<std::uint8_t*>(room.data());
    stream_.avail_out = room.size();
    while (stream_.avail_out == room.size() && !finished_) {
      if (Result<void> filled = packed_.fill(); !filled)
        return std::unexpected(std::move(filled.error()));
      if (Result<void> done = step(); !done) return std::unexpected(std::move(done.error()));
    }
    return room.size() - stream_.avail_out;
  }

 private:
  Result<void> step() {
    stream_.next_in = reinterpret_cast<const std::uint8_t*>(packed_.next);
    stream_.avail_in = packed_.left;
    const lzma_ret code = lzma_code(&stream_, packed_.ended ? LZMA_FINISH : LZMA_RUN);
    packed_.take(stream_.avail_in);
    finished_ = code == LZMA_STREAM_END;
    if (code == LZMA_OK || code == LZMA_STREAM_END) return {};
    if (code == LZMA_BUF_ERROR) return fail(Errc::invalid_argument, "the xz data is cut short");
    if (code == LZMA_MEMLIMIT_ERROR)
      return fail(Errc::too_large, "the xz data needs more than 1 GiB to unpack");
    return fail(Errc::invalid_argument, "the xz data is damaged");
  }

  Packed packed_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  bool alive_;
  bool finished_ = false;
};

template <class Unpacker>
BytesIn unpack(BytesIn in) {
  return [unpacker = std::make_unique<Unpacker>(std::move(in))](std::span<char> room) {
    return unpacker->read(room);
  };
}

/// The first bytes of a stream; fewer only if it has fewer.
Result<std::string> read_head(BytesIn& in, std::size_t size) {
  std::string head(size, '\0');
  std::size_t have = 0;
  while (have < size) {
    Result<std::size_t> got = in(std::span(head).subspan(have));
    if (!got) return std::unexpected(std::move(got.error()));
    if (*got == 0) break;
    have += *got;
  }
  head.resize(have);
  return head;
}

BytesIn put_back(std::string head, BytesIn in) {
  return [head = std::move(head), in = std::move(in),
          at = std::size_t{0}](std::span<char> room) mutable -> Result<std::size_t> {
    if (at == head.size()) return in(room);
    const std::size_t size = std::min(room.size(), head.size() - at);
    std::memcpy(room.data(), head.data() + at, size);
    at += size;
    return size;
  };
}

}  // namespace

Result<BytesIn> open_bytes(const std::string& path) {
  const int file = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail(Errc::invalid_argument, path + ": cannot open: " + reason());
  BytesIn in = File(file);
  Result<std::string> head = read_head(in, kXzMagic.size());
  if (!head) return fail(head.error().code, path + ": " + head.error().message);
  const bool is_gzip = head->starts_with(kGzipMagic);
  const bool is_xz = head->starts_with(kXzMagic);
  in = put_back(std::move(*head), std::move(in));
  if (is_gzip) return unpack<Gunzip>(std::move(in));
  if (is_xz) return unpack<Unxz>(std::move(in));
  return in;
}

}  // namespace ringcache
