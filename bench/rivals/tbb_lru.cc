// SPDX-License-Identifier: Apache-2.0
// oneTBB's concurrent_lru_cache. Its handle is the counted reference; a miss calls back for the
// value. Keys are kept in place: as std::string, one of 16 bytes would be allocated for each call.
#define TBB_PREVIEW_CONCURRENT_LRU_CACHE 1
#include <oneapi/tbb/concurrent_lru_cache.h>

#include <algorithm>
#include <array>
#include <cstring>

#include <ringcache/bytes.h>

#include "workload.h"

namespace {

struct Key {
  std::array<char, rivals::Workload::kKeySize> name;
  std::uint32_t index;  ///< For the load alone; the name decides.

  friend bool operator<(const Key& a, const Key& b) {
    return std::memcmp(a.name.data(), b.name.data(), a.name.size()) < 0;
  }
};

thread_local bool t_missed = false;

struct Load {
  const rivals::Workload* load;

  ringcache::Bytes operator()(const Key& key) const {
    t_missed = true;
    return ringcache::Bytes::copy(load->value(key.index));
  }
};

class TbbLru {
 public:
  TbbLru(const rivals::Workload& load, const rivals::Job& job)
      : load_(load), cache_(Load{&load}, job.room()) {}

  bool read(std::uint32_t index, std::size_t& tasted) {
    Key key{.index = index};
    std::ranges::copy(load_.key(index), key.name.begin());
    t_missed = false;
    auto handle = cache_[key];
    tasted += rivals::taste(handle.value().view());
    return !t_missed;
  }

  void fill(std::uint32_t index) {
    std::size_t tasted = 0;
    if (!t_missed) read(index, tasted);
    t_missed = false;
  }

 private:
  const rivals::Workload& load_;
  tbb::concurrent_lru_cache<Key, ringcache::Bytes, Load> cache_;
};

}  // namespace

int main(int argc, char** argv) { return rivals::run<TbbLru>(argc, argv); }
