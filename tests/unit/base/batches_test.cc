// SPDX-License-Identifier: Apache-2.0
#include "base/batches.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace ringcache {
namespace {

Value value(std::string_view bytes) { return {.bytes = Bytes::copy(bytes)}; }

/// The other end: answers each key's own name, for at most `answers` keys of a message.
class BatchesTest : public ::testing::Test {
 protected:
  void ask(const std::vector<std::string>& names, BatchLimits limits = {}) {
    std::vector<KeyView> keys;
    for (const std::string& name : names) keys.emplace_back("g", name);
    ask_in_batches(
        keys, limits,
        [this](std::span<const KeyView> batch, Done<Values> then) { send(batch, std::move(then)); },
        [this](Result<Values> result) { result_ = std::move(result); });
  }

  void send(std::span<const KeyView> batch, Done<Values> then) {
    std::string names;
    for (const KeyView& key : batch) names += std::string(key.name) + ' ';
    messages_.push_back(names);
    if (messages_.size() == fails_at_) return then(fail(Errc::unavailable, "gone"));
    Values values;
    for (const KeyView& key : batch.first(std::min(batch.size(), answers_)))
      values.push_back(value(key.name));
    then(std::move(values));
  }

  /// What each key came to, in a line.
  std::string words() const {
    std::string line;
    for (const Result<Value>& one : result_->value())
      line += std::string(one ? one->bytes.view() : errc_name(one.error().code)) + ' ';
    return line;
  }

  using Messages = std::vector<std::string>;
  std::size_t answers_ = 100;
  std::size_t fails_at_ = 0;
  Messages messages_;
  std::optional<Result<Values>> result_;
};

TEST_F(BatchesTest, ManyKeysAreOneMessage) {
  ask({"b", "a", "b"});
  EXPECT_EQ(messages_, Messages{"b a b "});
  EXPECT_EQ(words(), "b a b ");
}

TEST_F(BatchesTest, NoKeysAreNoMessage) {
  ask({});
  EXPECT_TRUE(messages_.empty());
  EXPECT_TRUE(result_->value().empty());
}

TEST_F(BatchesTest, NoMessageNamesMoreKeysThanItMay) {
  ask({"a", "b", "c", "d", "e"}, {.keys = 2});
  EXPECT_EQ(messages_, (Messages{"a b ", "c d ", "e "}));
  EXPECT_EQ(words(), "a b c d e ");
}

TEST_F(BatchesTest, NoMessageHasMoreBytesThanItMayButALongKeyGoesAlone) {
  const std::string longest(100, 'x');
  ask({"a", "b", longest, "c", "d", "e"}, {.key_bytes = 20});
  EXPECT_EQ(messages_, (Messages{"a b ", longest + ' ', "c d ", "e "}));
}

TEST_F(BatchesTest, WhatHadNoRoomInAnAnswerIsAskedForAgainInSmallerMessages) {
  answers_ = 1;
  ask({"a", "b", "c", "d", "e"});
  EXPECT_EQ(messages_, (Messages{"a b c d e ", "b c ", "c d ", "d e ", "e "}));
  EXPECT_EQ(words(), "a b c d e ");
}

TEST_F(BatchesTest, AFirstMessageThatFailsFailsTheCall) {
  fails_at_ = 1;
  ask({"a", "b"}, {.keys = 1});
  EXPECT_EQ(result_->error(), (Error{Errc::unavailable, "gone"}));
}

TEST_F(BatchesTest, ALaterMessageThatFailsLeavesWhatThereIs) {
  fails_at_ = 2;
  ask({"a", "b", "c"}, {.keys = 1});
  EXPECT_EQ(words(), "a unavailable unavailable ");
  EXPECT_EQ(messages_.size(), 2u);
}

TEST_F(BatchesTest, AnAnswerOfNothingEndsTheCall) {
  answers_ = 0;
  ask({"a", "b"});
  EXPECT_EQ(result_->error(), (Error{Errc::internal, "0 results were answered to 2 keys"}));
}

TEST_F(BatchesTest, AnAnswerOfTooManyEndsTheCall) {
  const KeyView key("g", "k");
  ask_in_batches(
      std::span(&key, 1), {},
      [](std::span<const KeyView>, Done<Values> then) { then(Values(2, value("v"))); },
      [this](Result<Values> result) { result_ = std::move(result); });
  EXPECT_EQ(result_->error().code, Errc::internal);
}

TEST_F(BatchesTest, KeysOutliveTheCallThatNamedThem) {
  Done<Values> held;
  std::string late;
  {
    std::vector<std::string> names{"first", "second"};
    const KeyView keys[] = {{"g", names[0]}, {"g", names[1]}};
    ask_in_batches(
        keys, {.keys = 1},
        [&](std::span<const KeyView> batch, Done<Values> then) {
          late = std::string(batch[0].group) + std::string(batch[0].name);
          held = std::move(then);
        },
        [this](Result<Values> result) { result_ = std::move(result); });
    for (std::string& name : names) name.assign(name.size(), '?');
  }
  std::exchange(held, nullptr)(Values(1, value("v")));
  EXPECT_EQ(late, "gsecond");
}

TEST(BatchRoomTest, WhatFitsIsTakenAndASmallerOneMayStillFit) {
  BatchRoom room(10, 4);
  EXPECT_TRUE(room.take(6));
  EXPECT_FALSE(room.take(5));
  EXPECT_TRUE(room.take(4));
  EXPECT_FALSE(room.take(1));
}

TEST(BatchRoomTest, TheFirstAlwaysFits) {
  BatchRoom room(10, 2);
  EXPECT_TRUE(room.take(1000));
  EXPECT_FALSE(room.take(1));
}

TEST(BatchRoomTest, ThereIsRoomToRefuseEveryKey) {
  BatchRoom room(100, 10, 5);
  EXPECT_TRUE(room.take(30));
  EXPECT_FALSE(room.take(31));
  EXPECT_TRUE(room.take(30));
  EXPECT_FALSE(room.take(6));
  EXPECT_TRUE(room.take(5));
}

TEST(BatchRoomTest, RefusalsLargerThanTheRoomLeaveNone) {
  BatchRoom room(10, 100, 5);
  EXPECT_TRUE(room.take(5));
  EXPECT_FALSE(room.take(6));
}

}  // namespace
}  // namespace ringcache
