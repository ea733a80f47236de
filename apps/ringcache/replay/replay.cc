// SPDX-License-Identifier: Apache-2.0
#include "replay/replay.h"

#include <array>
#include <charconv>
#include <memory>
#include <string_view>
#include <utility>

namespace ringcache {
namespace {

constexpr std::size_t kBatch = 4096;

/// Nothing in a replay expires.
class StoppedClock final : public Scheduler {
 public:
  Time now() const noexcept override { return {}; }
  void post(Task /*task*/) override {}
  void after(Duration /*delay*/, Task /*task*/) override {}
};

/// Requests with their keys as a cache wants them, made once for all caches.
class Batch {
 public:
  Batch() : requests_(kBatch), names_(kBatch) { keys_.reserve(kBatch); }

  /// False at the end of the trace.
  Result<bool> read(Trace& trace) {
    Result<std::size_t> got = trace(requests_);
    if (!got) return std::unexpected(std::move(got.error()));
    keys_.clear();
    for (std::size_t i = 0; i < *got; ++i) {
      Name& name = names_[i];
      const char* end = std::to_chars(name.begin(), name.end(), requests_[i].key).ptr;
      keys_.emplace_back("", std::string_view(name.begin(), end));
    }
    return *got > 0;
  }

  std::size_t size() const { return keys_.size(); }
  const KeyView& key(std::size_t i) const { return keys_[i]; }
  std::uint32_t bytes(std::size_t i) const { return requests_[i].bytes; }
  std::span<const Request> requests() const { return std::span(requests_).first(size()); }

 private:
  using Name = std::array<char, 20>;

  std::vector<Request> requests_;
  std::vector<Name> names_;
  std::vector<KeyView> keys_;
};

class Lane {
 public:
  Lane(PolicyKind policy, std::size_t capacity, const ReplayOptions& options,
       const Scheduler& clock)
      : by_bytes_(options.unit == CapacityUnit::bytes),
        cache_({.capacity = capacity,
                .unit = CapacityUnit::objects,
                .policy = policy,
                .shards = options.shards},
               clock),
        row_{.policy = policy, .capacity = capacity} {}

  void run(const Batch& batch, const Bytes& value) {
    row_.requests += batch.size();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (cache_.find(batch.key(i)))
        ++row_.hits;
      else
        cache_.insert(batch.key(i), {.bytes = value}, by_bytes_ ? batch.bytes(i) : 1);
    }
  }

  const ReplayRow& row() const { return row_; }

 private:
  bool by_bytes_;
  Cache cache_;
  ReplayRow row_;
};

bool says_all_sizes(const Batch& batch) {
  return std::ranges::all_of(batch.requests(), [](const Request& r) { return r.bytes > 0; });
}

}  // namespace

Result<std::vector<ReplayRow>> replay(Trace trace, const ReplayOptions& options) {
  const StoppedClock clock;
  const Bytes value = Bytes::copy("");
  std::vector<std::unique_ptr<Lane>> lanes;
  lanes.reserve(options.policies.size() * options.capacities.size());
  for (const PolicyKind policy : options.policies)
    for (const std::size_t capacity : options.capacities)
      lanes.push_back(std::make_unique<Lane>(policy, capacity, options, clock));
  Batch batch;
  for (;;) {
    Result<bool> more = batch.read(trace);
    if (!more) return std::unexpected(std::move(more.error()));
    if (!*more) break;
    if (options.unit == CapacityUnit::bytes && !says_all_sizes(batch))
      return fail(Errc::invalid_argument, "unit bytes needs a trace of lines KEY,BYTES");
    for (const auto& lane : lanes) lane->run(batch, value);
  }
  std::vector<ReplayRow> rows;
  rows.reserve(lanes.size());
  for (const auto& lane : lanes) rows.push_back(lane->row());
  return rows;
}

}  // namespace ringcache
