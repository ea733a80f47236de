// SPDX-License-Identifier: Apache-2.0
// The least that a cache can be: 64 hash maps of Abseil's, a mutex each, that hand out counted
// references. It evicts nothing, counts nothing and lets nothing expire, so only `hit` and `memory`
// mean something.
#include <absl/container/flat_hash_map.h>
#include <absl/strings/string_view.h>

#include <array>
#include <mutex>
#include <string>
#include <string_view>

#include <ringcache/bytes.h>

#include "workload.h"

namespace {

class AbslMap {
 public:
  AbslMap(const rivals::Workload& load, const rivals::Job& /*job*/) : load_(load) {}

  bool read(std::uint32_t index, std::size_t& tasted) {
    const ringcache::Bytes value = find(load_.key(index));
    if (value.is_null()) return false;
    tasted += rivals::taste(value.view());
    return true;
  }

  void fill(std::uint32_t index) {
    ringcache::Bytes value = ringcache::Bytes::copy(load_.value(index));
    const absl::string_view key = view(load_.key(index));
    Shard& shard = shard_of(hash_(key));
    const std::lock_guard lock(shard.mutex);
    shard.map.insert_or_assign(std::string(key), std::move(value));
  }

 private:
  using Map = absl::flat_hash_map<std::string, ringcache::Bytes>;
  struct alignas(64) Shard {
    std::mutex mutex;
    Map map;
  };

  /// Debian builds Abseil with a string_view of its own: the same two words, and no allocation.
  static absl::string_view view(std::string_view text) { return {text.data(), text.size()}; }

  /// The map takes its places from the low bits of the same hash, which is computed once.
  Shard& shard_of(std::size_t hash) { return shards_[hash >> 58]; }

  ringcache::Bytes find(std::string_view name) {
    const absl::string_view key = view(name);
    const std::size_t hash = hash_(key);
    Shard& shard = shard_of(hash);
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.map.find(key, hash);
    return found == shard.map.end() ? ringcache::Bytes() : found->second;
  }

  const rivals::Workload& load_;
  Map::hasher hash_;
  std::array<Shard, 64> shards_;
};

}  // namespace

int main(int argc, char** argv) { return rivals::run<AbslMap>(argc, argv); }
