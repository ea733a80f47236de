// SPDX-License-Identifier: Apache-2.0
#include "replay/replay.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <utility>

#include "replay/belady.h"

namespace ringcache {
namespace {

constexpr std::size_t kBatch = 4096;
constexpr std::string_view kBelady = "belady";

/// Nothing in a replay expires.
class StoppedClock final : public Scheduler {
 public:
  Time now() const noexcept override { return {}; }
  void post(Task /*task*/) override {}
  void after(Duration /*delay*/, Task /*task*/) override {}
};

/// Requests with what they cost as their bytes, and their keys as a cache wants them, made once for
/// all caches.
class Batch {
 public:
  explicit Batch(CapacityUnit unit) : unit_(unit), requests_(kBatch), names_(kBatch) {
    keys_.reserve(kBatch);
  }

  /// False at the end of the trace.
  Result<bool> read(Trace& trace) {
    Result<std::size_t> got = trace(requests_);
    if (!got) return std::unexpected(std::move(got.error()));
    keys_.clear();
    for (std::size_t i = 0; i < *got; ++i) {
      if (unit_ == CapacityUnit::objects) requests_[i].bytes = 1;
      if (requests_[i].bytes == 0)
        return fail(Errc::invalid_argument, "unit bytes needs a trace of lines KEY,BYTES");
      Name& name = names_[i];
      const char* end = std::to_chars(name.begin(), name.end(), requests_[i].key).ptr;
      keys_.emplace_back("", std::string_view(name.begin(), end));
    }
    return *got > 0;
  }

  const std::vector<KeyView>& keys() const { return keys_; }
  std::span<const Request> requests() const { return std::span(requests_).first(keys_.size()); }

 private:
  using Name = std::array<char, 20>;

  CapacityUnit unit_;
  std::vector<Request> requests_;
  std::vector<Name> names_;
  std::vector<KeyView> keys_;
};

/// A cache under one policy; what it does is written into its row.
class Lane {
 public:
  Lane(PolicyKind policy, unsigned shards, const Scheduler& clock, ReplayRow& row)
      : cache_({.capacity = row.capacity,
                .unit = CapacityUnit::objects,
                .policy = policy,
                .shards = shards},
               clock),
        row_(row) {}

  void run(const Batch& batch, const Bytes& value) {
    for (std::size_t i = 0; i < batch.keys().size(); ++i) {
      if (cache_.find(batch.keys()[i]))
        ++row_.hits;
      else
        cache_.insert(batch.keys()[i], {.bytes = value}, batch.requests()[i].bytes);
    }
  }

 private:
  Cache cache_;
  ReplayRow& row_;
};

/// All rows of a replay in the making.
class Rows {
 public:
  explicit Rows(const ReplayOptions& options) {
    for (const std::string& policy : options.policies)
      for (const std::size_t capacity : options.capacities)
        rows_.push_back({.policy = policy, .capacity = capacity});
    for (ReplayRow& row : rows_)
      if (const auto kind = policy_from_name(row.policy))
        lanes_.push_back(std::make_unique<Lane>(*kind, options.shards, clock_, row));
  }

  void run(const Batch& batch) {
    for (const auto& lane : lanes_) lane->run(batch, value_);
    for (ReplayRow& row : rows_) row.requests += batch.keys().size();
    if (lanes_.size() < rows_.size())
      std::ranges::copy(batch.requests(), std::back_inserter(past_));
  }

  std::vector<ReplayRow> finish() {
    const Belady belady(std::move(past_));
    for (ReplayRow& row : rows_)
      if (row.policy == kBelady) row.hits = belady.hits(row.capacity);
    return std::move(rows_);
  }

 private:
  const StoppedClock clock_;
  const Bytes value_ = Bytes::copy("");
  std::vector<ReplayRow> rows_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Request> past_;  // kept for those rows that have no lane
};

}  // namespace

std::vector<std::string_view> replay_policies() {
  std::vector<std::string_view> names;
  for (const PolicyKind kind : policy_kinds()) names.push_back(policy_name(kind));
  names.push_back(kBelady);
  return names;
}

Result<std::vector<ReplayRow>> replay(Trace trace, const ReplayOptions& options) {
  Batch batch(options.unit);
  Rows rows(options);
  for (;;) {
    Result<bool> more = batch.read(trace);
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) return rows.finish();
    rows.run(batch);
  }
}

}  // namespace ringcache
