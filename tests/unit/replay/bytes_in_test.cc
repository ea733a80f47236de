// SPDX-License-Identifier: Apache-2.0
#include "replay/bytes_in.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "unit/replay/files.h"

namespace ringcache {
namespace {

using testing::gzipped;
using testing::TemporaryFile;
using testing::xzipped;

Result<std::string> read_all(const std::string& content, std::size_t room_size = 1000) {
  const TemporaryFile file(content);
  EXPECT_TRUE(file.is_written());
  Result<BytesIn> in = open_bytes(file.path());
  if (!in) return std::unexpected(in.error());
  std::string all;
  for (std::vector<char> room(room_size);;) {
    Result<std::size_t> got = (*in)(room);
    if (!got) return std::unexpected(got.error());
    if (*got == 0) return all;
    all.append(room.data(), *got);
  }
}

std::string long_text() {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919 % 100'003) + "\n";
  return text;
}

TEST(BytesInTest, PlainBytesComeAsTheyAre) {
  EXPECT_EQ(read_all(long_text()).value(), long_text());
  EXPECT_EQ(read_all("").value(), "");
  EXPECT_EQ(read_all("1\n").value(), "1\n");
  EXPECT_EQ(read_all("\x1f").value(), "\x1f");
}

TEST(BytesInTest, GzipAndXzAreUnpacked) {
  EXPECT_EQ(read_all(gzipped(long_text())).value(), long_text());
  EXPECT_EQ(read_all(xzipped(long_text())).value(), long_text());
  EXPECT_EQ(read_all(gzipped("")).value(), "");
  EXPECT_EQ(read_all(xzipped("")).value(), "");
}

TEST(BytesInTest, APackedByteAtATimeIsTheSame) {
  EXPECT_EQ(read_all(gzipped("12\n34\n"), 1).value(), "12\n34\n");
  EXPECT_EQ(read_all(xzipped("12\n34\n"), 1).value(), "12\n34\n");
}

TEST(BytesInTest, PartsOneBehindTheOtherAreOneStream) {
  EXPECT_EQ(read_all(gzipped("1\n") + gzipped("2\n")).value(), "1\n2\n");
  EXPECT_EQ(read_all(xzipped("1\n") + xzipped("2\n")).value(), "1\n2\n");
}

TEST(BytesInTest, EveryCutIsAnErrorAndNotAnEnd) {
  for (const std::string& whole : {gzipped("12\n34\n56\n"), xzipped("12\n34\n56\n")})
    for (std::size_t size = 6; size < whole.size(); ++size) {
      const Result<std::string> text = read_all(whole.substr(0, size));
      ASSERT_FALSE(text) << size << " of " << whole.size() << " bytes";
      EXPECT_NE(text.error().message.find("cut short"), std::string::npos);
    }
}

TEST(BytesInTest, DamageIsAnError) {
  for (std::string packed : {gzipped(long_text()), xzipped(long_text())}) {
    packed[packed.size() / 2] = static_cast<char>(packed[packed.size() / 2] ^ 0x55);
    EXPECT_EQ(read_all(packed).error().code, Errc::invalid_argument);
  }
}

TEST(BytesInTest, AMissingFileIsNamed) {
  const Result<BytesIn> in = open_bytes("/nowhere/trace.txt");
  EXPECT_EQ(in.error().message, "/nowhere/trace.txt: cannot open: No such file or directory");
}

TEST(BytesInTest, AFolderIsNotATrace) {
  EXPECT_EQ(open_bytes("/").error().message, "/: cannot read: Is a directory");
}

}  // namespace
}  // namespace ringcache
