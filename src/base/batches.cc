// SPDX-License-Identifier: Apache-2.0
#include "base/batches.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ringcache {
namespace {

/// What a key takes in a message beside its bytes, at most.
constexpr std::size_t kKeyFrame = 8;

/// One ask_in_batches() under way. Holds itself through the message that is out.
class Batches : public std::enable_shared_from_this<Batches> {
 public:
  Batches(std::span<const KeyView> keys, BatchLimits limits, SendBatch send, Done<Values> done)
      : limits_(limits),
        group_(keys.front().group),
        keys_(keys.begin(), keys.end()),
        send_(std::move(send)),
        done_(std::move(done)) {
    keep_names();
  }

  void next() {
    const std::span<const KeyView> batch = next_batch();
    asked_ = batch.size();
    send_(batch, [self = shared_from_this()](Result<Values> results) {
      self->arrived(std::move(results));
    });
  }

 private:
  void keep_names() {
    std::size_t bytes = 0;
    for (const KeyView& key : keys_) bytes += key.name.size();
    names_.reserve(bytes);
    for (KeyView& key : keys_) {
      const std::size_t at = names_.size();
      names_ += key.name;
      key.group = group_;
      key.name = {names_.data() + at, key.name.size()};
    }
  }

  std::span<const KeyView> next_batch() const {
    const auto open = std::span(keys_).subspan(values_.size());
    const std::size_t most = std::min(open.size(), limits_.keys);
    std::size_t count = 0;
    std::size_t bytes = 0;
    do bytes += open[count++].name.size() + kKeyFrame;
    while (count < most && bytes + open[count].name.size() + kKeyFrame <= limits_.key_bytes);
    return open.first(count);
  }

  void arrived(Result<Values> results) {
    if (results && (results->empty() || results->size() > asked_))
      results =
          fail(Errc::internal, std::to_string(results->size()) + " results were answered to " +
                                   std::to_string(asked_) + " keys");
    if (!results) return give_up(std::move(results.error()));
    // The owner reads all that it is asked for, also what has no room in its answer: where it was
    // too much, ask for about as much as was answered.
    if (results->size() < asked_) limits_.keys = std::min(limits_.keys, 2 * results->size());
    std::ranges::move(*results, std::back_inserter(values_));
    values_.size() < keys_.size() ? next() : done_(std::move(values_));
  }

  void give_up(Error error) {
    if (values_.empty()) return done_(std::unexpected(std::move(error)));
    values_.resize(keys_.size(), std::unexpected(std::move(error)));
    done_(std::move(values_));
  }

  BatchLimits limits_;
  const std::string group_;
  std::string names_;
  std::vector<KeyView> keys_;  // of group_ and names_
  SendBatch send_;
  Done<Values> done_;
  Values values_;
  std::size_t asked_ = 0;
};

}  // namespace

void ask_in_batches(std::span<const KeyView> keys, BatchLimits limits, SendBatch send,
                    Done<Values> done) {
  if (keys.empty()) return done(Values());
  std::make_shared<Batches>(keys, limits, std::move(send), std::move(done))->next();
}

Error too_many_keys(std::size_t most) {
  return {Errc::invalid_argument,
          "more than " + std::to_string(most) + " keys; ask for fewer at once"};
}

Error no_room() { return {Errc::too_large, "no room in the answer; ask for fewer keys"}; }

BatchRoom::BatchRoom(std::size_t bytes, std::size_t keys, std::size_t refusal_bytes)
    : left_(bytes - std::min(bytes, keys * refusal_bytes)), refusal_bytes_(refusal_bytes) {}

bool BatchRoom::take(std::size_t bytes) {
  const std::size_t more = bytes - std::min(bytes, refusal_bytes_);
  const bool fits = std::exchange(first_, false) || more <= left_;
  if (fits) left_ -= std::min(left_, more);
  return fits;
}

}  // namespace ringcache
