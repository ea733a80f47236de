// SPDX-License-Identifier: Apache-2.0
// ringcache's Cache as an embedder has it: statistics on (they always are) and, unless the variant
// says so, a time to live for each copy. VARIANT: [POLICY][-no-ttl].
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <ringcache/cache.h>

#include "workload.h"

namespace {

using namespace std::chrono_literals;

class Ours {
 public:
  Ours(const rivals::Workload& load, const rivals::Job& job)
      : load_(load),
        has_ttl_(!job.variant.ends_with(kNoTtl)),
        clock_(ringcache::thread_scheduler(1)),
        cache_(options(job), *clock_) {}

  bool read(std::uint32_t index, std::size_t& tasted) {
    const auto copy = cache_.find({kGroup, load_.key(index)});
    if (!copy) return false;
    tasted += rivals::taste(copy->bytes.view());
    return true;
  }

  void fill(std::uint32_t index) {
    cache_.insert({kGroup, load_.key(index)},
                  {.bytes = ringcache::Bytes::copy(load_.value(index)),
                   .expires_at = has_ttl_ ? clock_->now() + 1h : ringcache::Time::max()});
  }

 private:
  static constexpr std::string_view kNoTtl = "-no-ttl";
  static constexpr std::string_view kGroup = "g";

  static ringcache::CacheOptions options(const rivals::Job& job) {
    ringcache::CacheOptions options{.capacity = std::size_t{1} << 30};
    // A tenth of the keys to the entry, as the others have it, whatever an entry takes.
    if (job.is_fill()) options.unit = ringcache::CapacityUnit::objects;
    if (job.is_fill()) options.capacity = job.room();
    std::string_view name = job.variant;
    if (name.ends_with(kNoTtl)) name.remove_suffix(kNoTtl.size());
    if (name.empty()) return options;
    const auto policy = ringcache::policy_from_name(name);
    if (!policy) std::exit(std::fprintf(stderr, "no policy %s\n", job.variant.c_str()));
    options.policy = *policy;
    return options;
  }

  const rivals::Workload& load_;
  bool has_ttl_;
  std::unique_ptr<ringcache::Scheduler> clock_;
  ringcache::Cache cache_;
};

}  // namespace

int main(int argc, char** argv) { return rivals::run<Ours>(argc, argv); }
