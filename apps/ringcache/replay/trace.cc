// SPDX-License-Identifier: Apache-2.0
#include "replay/trace.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "replay/bytes_in.h"
#include "replay/generators.h"

namespace ringcache {
namespace {

constexpr std::size_t kBuffer = std::size_t{64} << 10;

/// Lines out of a stream of bytes, numbered.
class Lines {
 public:
  explicit Lines(BytesIn in) : in_(std::move(in)), buffer_(kBuffer) {}

  /// The next line without its end, good until the next call; nothing at the end of the stream.
  Result<std::optional<std::string_view>> next() {
    for (std::size_t seen = 0;;) {
      const std::string_view rest(buffer_.data() + begin_, end_ - begin_);
      if (const std::size_t size = rest.find('\n', seen); size != rest.npos) return cut(size, 1);
      if (ended_ && rest.empty()) return std::nullopt;
      if (ended_) return cut(rest.size(), 0);
      seen = rest.size();
      if (Result<void> got = refill(); !got) return std::unexpected(std::move(got.error()));
    }
  }

  std::uint64_t number() const { return number_; }

 private:
  std::string_view cut(std::size_t size, std::size_t newline) {
    std::string_view line(buffer_.data() + begin_, size);
    begin_ += size + newline;
    ++number_;
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
  }

  Result<void> refill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ == buffer_.size()) return fail(Errc::invalid_argument, "a line without an end");
    Result<std::size_t> got = in_(std::span(buffer_).subspan(end_));
    if (!got) return std::unexpected(std::move(got.error()));
    end_ += *got;
    ended_ = *got == 0;
    return {};
  }

  BytesIn in_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool ended_ = false;
  std::uint64_t number_ = 0;
};

template <class Number>
bool parse_number(std::string_view text, Number& number) {
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end;
}

Result<Request> parse_request(std::string_view line) {
  Request request;
  const std::size_t comma = line.find(',');
  if (!parse_number(line.substr(0, comma), request.key))
    return fail(Errc::invalid_argument, "expected KEY or KEY,BYTES in decimal");
  if (comma == line.npos) return request;
  if (!parse_number(line.substr(comma + 1), request.bytes))
    return fail(Errc::invalid_argument, "expected a size below 4 GiB after the comma");
  request.bytes = std::max(request.bytes, 1u);
  return request;
}

class FileTrace {
 public:
  FileTrace(std::string path, BytesIn in) : path_(std::move(path)), lines_(std::move(in)) {}

  Result<std::size_t> read(std::span<Request> room) {
    std::size_t filled = 0;
    while (filled < room.size()) {
      Result<std::optional<std::string_view>> line = lines_.next();
      if (!line) return failed(lines_.number() + 1, line.error());
      const std::optional<std::string_view> text = *line;
      if (!text) break;
      if (text->empty()) continue;
      Result<Request> request = parse_request(*text);
      if (!request) return failed(lines_.number(), request.error());
      room[filled++] = *request;
    }
    return filled;
  }

 private:
  std::unexpected<Error> failed(std::uint64_t line, const Error& error) const {
    return fail(error.code, path_ + ":" + std::to_string(line) + ": " + error.message);
  }

  std::string path_;
  Lines lines_;
};

}  // namespace

Result<Trace> open_trace(const std::string& what) {
  if (is_generator(what)) return open_generator(what);
  Result<BytesIn> in = open_bytes(what);
  if (!in) return std::unexpected(std::move(in.error()));
  return [file = std::make_unique<FileTrace>(what, std::move(*in))](std::span<Request> room) {
    return file->read(room);
  };
}

}  // namespace ringcache
