// SPDX-License-Identifier: Apache-2.0
#include "replay/trace.h"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "unit/replay/files.h"

namespace ringcache {
namespace {

using testing::TemporaryFile;

Result<std::vector<Request>> read_all(const std::string& what) {
  Result<Trace> trace = open_trace(what);
  if (!trace) return std::unexpected(trace.error());
  std::vector<Request> all;
  for (std::array<Request, 3> room;;) {
    Result<std::size_t> got = (*trace)(room);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return all;
    all.insert(all.end(), room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*got));
  }
}

/// "key/bytes key/bytes …" of a file of this content, or the error, with the path as FILE.
std::string read(std::string_view content) {
  const TemporaryFile file(content);
  const auto requests = read_all(file.path());
  if (!requests) {
    std::string message = requests.error().message;
    return message.replace(message.find(file.path()), file.path().size(), "FILE");
  }
  std::string text;
  for (const Request& request : *requests)
    text += std::to_string(request.key) + "/" + std::to_string(request.bytes) + " ";
  return text;
}

TEST(TraceTest, ALineIsAKey) {
  EXPECT_EQ(read("1\n18446744073709551615\n0\n1\n"), "1/0 18446744073709551615/0 0/0 1/0 ");
}

TEST(TraceTest, ALineMaySayTheBytes) {
  EXPECT_EQ(read("1,4096\n2,0\n3,4294967295\n"), "1/4096 2/1 3/4294967295 ");
}

TEST(TraceTest, LineEndsAreForgiven) {
  EXPECT_EQ(read("1\r\n\r\n2\n\n3"), "1/0 2/0 3/0 ");
  EXPECT_EQ(read(""), "");
}

TEST(TraceTest, AWrongLineIsNamed) {
  const std::string key = "expected KEY or KEY,BYTES in decimal";
  EXPECT_EQ(read("1\n2\nthree\n"), "FILE:3: " + key);
  EXPECT_EQ(read("1\n\n-2\n"), "FILE:3: " + key);
  EXPECT_EQ(read("18446744073709551616\n"), "FILE:1: " + key);
  EXPECT_EQ(read("1 2\n"), "FILE:1: " + key);
  EXPECT_EQ(read(",2\n"), "FILE:1: " + key);
  EXPECT_EQ(read("1,\n"), "FILE:1: expected a size below 4 GiB after the comma");
  EXPECT_EQ(read("1,4294967296\n"), "FILE:1: expected a size below 4 GiB after the comma");
}

TEST(TraceTest, AnEndlessLineIsGivenUp) {
  EXPECT_EQ(read("1\n" + std::string(100'000, '7')), "FILE:2: a line without an end");
}

TEST(TraceTest, PackedFilesAreTracesToo) {
  EXPECT_EQ(read(testing::gzipped("1\n2\n")), "1/0 2/0 ");
  EXPECT_EQ(read(testing::xzipped("1\n2,3\n")), "1/0 2/3 ");
}

TEST(TraceTest, ACutFileSaysHowFarItWent) {
  const std::string packed = testing::xzipped("1\n2\n");
  EXPECT_EQ(read(packed.substr(0, packed.size() - 1)), "FILE:3: the xz data is cut short");
}

TEST(TraceTest, LinesAcrossBuffersAreWhole) {
  std::string content;
  for (std::uint64_t i = 0; i < 30'000; ++i) content += std::to_string(i * i) + "\n";
  const TemporaryFile file(content);
  const auto requests = read_all(file.path());
  ASSERT_EQ(requests.value().size(), 30'000u);
  for (std::uint64_t i = 0; i < 30'000; ++i) EXPECT_EQ((*requests)[i].key, i * i);
}

TEST(TraceTest, AGeneratorIsATrace) { EXPECT_EQ(read_all("scan:requests=7").value().size(), 7u); }

}  // namespace
}  // namespace ringcache
