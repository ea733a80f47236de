// SPDX-License-Identifier: Apache-2.0
#include "sqlite_file.h"

#include <thread>
#include <vector>

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using namespace ringcache::testing;

class KvTest : public ::testing::Test {
 protected:
  std::shared_ptr<Store> open() {
    auto kv = open_kv({.path = path});
    EXPECT_TRUE(kv) << kv.error().message;
    return *kv;
  }
  static Result<Value> put_with_ttl(Store& kv, std::string_view key, Duration ttl) {
    return put_blocking(kv, KeyView("kv", key),
                        {.bytes = Bytes::copy("v"), .expires_at = BootClock::now() + ttl});
  }

  TemporaryFolder folder;
  const std::string path = folder.file("a/b/kv.db");
};

TEST_F(KvTest, AnyKeyAndAnyBytesAreKeptAsTheyAre) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  const auto kv = open();
  for (const std::string& key : {std::string("k"), std::string("张三😀"), std::string(1, '\0'),
                                 every_byte, std::string(65536, '\xff')}) {
    for (const std::string& value :
         {std::string(), every_byte, std::string("12.50"), std::string(1 << 20, '\0')}) {
      EXPECT_EQ(text_of(put(*kv, key, value)), value);
      const auto back = get(*kv, key);
      EXPECT_TRUE(back && back->bytes.view() == value && !back->bytes.is_null());
    }
  }
  EXPECT_EQ(Sqlite(path).text("SELECT count(*) FROM kv WHERE typeof(key) = 'blob' AND "
                              "typeof(value) = 'blob' AND expires_at IS NULL"),
            "5");
}

TEST_F(KvTest, KeysThatLookAlikeAreDifferentKeys) {
  const auto kv = open();
  for (const std::string key : {"1", "01", "1.0", "a", "A"}) ASSERT_TRUE(put(*kv, key, key));
  for (const std::string key : {"1", "01", "1.0", "a", "A"}) EXPECT_EQ(text_of(get(*kv, key)), key);
}

TEST_F(KvTest, WhatWasAnsweredIsThereAfterReopening) {
  ASSERT_TRUE(put(*open(), "k", "v"));
  EXPECT_EQ(text_of(get(*open(), "k")), "v");
  EXPECT_EQ(Sqlite(path).text("PRAGMA journal_mode"), "wal");
}

TEST_F(KvTest, AnErasedKeyIsAbsent) {
  const auto kv = open();
  EXPECT_EQ(code_of(get(*kv, "k")), Errc::not_found);
  EXPECT_EQ(code_of(erase(*kv, "k")), Errc::not_found);
  ASSERT_TRUE(put(*kv, "k", "v"));
  EXPECT_TRUE(erase(*kv, "k"));
  EXPECT_EQ(code_of(get(*kv, "k")), Errc::not_found);
}

TEST_F(KvTest, ATtlComesBackWithTheValue) {
  const auto kv = open();
  const Time before = BootClock::now();
  const auto written = put_with_ttl(*kv, "k", 1h);
  const auto read = get(*kv, "k");
  EXPECT_GE(written->expires_at, before + 1h);
  EXPECT_NEAR(std::chrono::duration<double>(read->expires_at - before).count(), 3600, 30);
  ASSERT_TRUE(put(*kv, "k", "v"));  // without a ttl: for ever again
  EXPECT_EQ(get(*kv, "k")->expires_at, Time::max());
}

TEST_F(KvTest, AnExpiredKeyIsAbsentForEveryCall) {
  const auto kv = open();
  ASSERT_TRUE(put_with_ttl(*kv, "k", 1h));
  Sqlite(path).run("UPDATE kv SET expires_at = 1000");
  EXPECT_EQ(code_of(get(*kv, "k")), Errc::not_found);
  EXPECT_EQ(code_of(erase(*kv, "k")), Errc::not_found);
  ASSERT_TRUE(put(*kv, "k", "new"));
  EXPECT_EQ(text_of(get(*kv, "k")), "new");
}

TEST_F(KvTest, ATtlThatHasRunOutStoresAnAbsentKey) {
  const auto kv = open();
  ASSERT_TRUE(put(*kv, "k", "v"));
  ASSERT_TRUE(put_with_ttl(*kv, "k", -1s));
  EXPECT_EQ(code_of(get(*kv, "k")), Errc::not_found);
}

TEST_F(KvTest, ExpiredRowsAreSweptInBatchesUntilNoneIsLeft) {
  open();
  Sqlite file(path);
  file.run(
      "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200) "
      "INSERT INTO kv SELECT CAST(i AS BLOB), x'', iif(i <= 1100, 1000, NULL) FROM n");
  const auto kv = open();
  while (file.text("SELECT count(*) FROM kv") != "100") (void)get(*kv, "k");
}

TEST_F(KvTest, TwoStoresShareTheFile) {
  const auto first = open();
  const auto second = open();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i)
      threads.emplace_back([&, i] {
        for (int j = 0; j < 25; ++j) {
          const std::string key = std::to_string(i) + "/" + std::to_string(j);
          EXPECT_EQ(text_of(put(i % 2 ? *first : *second, key, key)), key);
        }
      });
  }
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(text_of(get(*first, std::to_string(i) + "/24")), std::to_string(i) + "/24");
}

TEST_F(KvTest, ManyMayMakeTheFileAtOnce) {
  std::vector<std::jthread> threads;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&, i] { EXPECT_TRUE(put(*open(), std::to_string(i), "v")); });
  threads.clear();
  EXPECT_EQ(Sqlite(path).text("SELECT count(*) FROM kv"), "8");
}

TEST_F(KvTest, APlaceThatCannotBeIsAnError) {
  EXPECT_EQ(code_of(open_kv({.path = ""})), Errc::invalid_argument);
  EXPECT_EQ(code_of(open_kv({.path = "/proc/none/kv.db"})), Errc::unavailable);
  EXPECT_EQ(code_of(open_kv({.path = folder.file(".")})), Errc::unavailable);
}

TEST_F(KvTest, ASwapReplacesTheValueExpectedAndNoOther) {
  const auto kv = open();
  ASSERT_TRUE(put(*kv, "k", "old"));
  const auto swap = [&](std::string_view expected, std::string_view value) {
    return compare_and_set_blocking(*kv, KeyView("kv", "k"),
                                    {etag_of(expected), Bytes::copy(expected)},
                                    {.bytes = Bytes::copy(value)});
  };
  EXPECT_EQ(code_of(swap("other", "new")), Errc::precondition_failed);
  EXPECT_EQ(text_of(swap("old", "new")), "new");
  EXPECT_EQ(text_of(get(*kv, "k")), "new");
}

TEST_F(KvTest, ATouchMovesTheEndAlone) {
  const auto kv = open();
  ASSERT_TRUE(put(*kv, "k", "v"));
  const Time end = BootClock::now() + 1h;
  const auto touched = touch_blocking(*kv, KeyView("kv", "k"), end);
  EXPECT_EQ(text_of(touched), "v");
  EXPECT_NEAR(std::chrono::duration<double>(touched->expires_at - end).count(), 0, 1);
  EXPECT_EQ(touch_blocking(*kv, KeyView("kv", "k"), Time::max())->expires_at, Time::max());
  EXPECT_EQ(code_of(touch_blocking(*kv, KeyView("kv", "none"), end)), Errc::not_found);
}

TEST_F(KvTest, TagsAreRefused) {
  EXPECT_EQ(code_of(put_blocking(*open(), KeyView("kv", "k"),
                                 {.bytes = Bytes::copy("v"), .tags = Bytes::copy("red")})),
            Errc::unsupported);
}

}  // namespace
}  // namespace ringcache
