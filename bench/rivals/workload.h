// SPDX-License-Identifier: Apache-2.0
// What every contender in C++ is given and does; run.py starts them and reads their CPU clocks.
//   PROGRAM hit|fill|memory KEYS REQUESTS_FILE OPERATIONS THREADS [VARIANT]
// hit and fill: says `ready`, then answers each line of its input once each thread has made so many
// requests. hit has every key resident; fill has room for a tenth of them and loads what it misses.
// memory: answers once, with what all keys and values of 100 bytes take. CaffeineRival.java and
// groupcache.go do the same.
#pragma once
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace rivals {

/// The command line.
struct Job {
  Job(int argc, char** argv) {
    if (argc < 6) std::exit(std::fprintf(stderr, "usage: see bench/rivals/workload.h\n"));
    scenario = argv[1];
    keys = std::stoul(argv[2]);
    requests = argv[3];
    operations = std::stoul(argv[4]);
    threads = std::stoul(argv[5]);
    if (argc > 6) variant = argv[6];
  }

  bool is_fill() const { return scenario == "fill"; }
  bool is_memory() const { return scenario == "memory"; }
  /// Entries that the contender must have room for.
  std::size_t room() const { return is_fill() ? keys / 10 : keys; }

  std::string scenario;
  std::size_t keys = 0;
  std::string requests;
  std::size_t operations = 0;  ///< Of each thread, in a round.
  std::size_t threads = 0;
  std::string variant;
};

/// The keys, which lie one behind the other as in a buffer that a network filled, their values and
/// the requests.
class Workload {
 public:
  static constexpr std::size_t kKeySize = 16;

  explicit Workload(const Job& job) : equal_values_(job.is_memory()) {
    for (std::size_t i = 0; i < job.keys; ++i) {
      const std::string digits = std::to_string(i);
      names_ += "user:" + std::string(11 - digits.size(), '0') + digits;
    }
    if (job.is_memory()) return;
    requests_.resize(std::filesystem::file_size(job.requests) / sizeof(std::int32_t));
    std::ifstream file(job.requests, std::ios::binary);
    file.read(reinterpret_cast<char*>(requests_.data()),
              static_cast<std::streamsize>(requests_.size() * sizeof(std::int32_t)));
  }

  std::string_view key(std::uint32_t index) const {
    return {names_.data() + index * kKeySize, kKeySize};
  }
  /// 64 to 100 bytes; always 100 where memory is measured.
  std::string_view value(std::uint32_t index) const {
    const std::size_t size = equal_values_ ? 100 : 64 + (index * 2654435761u >> 8) % 37;
    return std::string_view(payload_).substr(0, size);
  }
  const std::vector<std::uint32_t>& requests() const { return requests_; }

 private:
  bool equal_values_;
  std::string names_;
  std::string payload_ = std::string(100, 'x');
  std::vector<std::uint32_t> requests_;
};

/// What a user of a value does at the least: sees its size and reads of it.
inline std::size_t taste(std::string_view value) {
  return value.size() + static_cast<unsigned char>(value.front());
}

struct Tally {
  std::uint64_t hits = 0;
  std::size_t tasted = 0;  ///< Printed, so that no compiler drops the reading.
};

/// The measured loop, and what instructions.sh counts. A contender's read(index, tasted) is a hit
/// or not; a miss is followed by its fill(index).
template <class Contender>
[[gnu::noinline]] Tally replay(Contender& contender, const Workload& load, std::size_t at,
                               std::size_t count) {
  const std::vector<std::uint32_t>& requests = load.requests();
  Tally tally;
  for (; count != 0; --count) {
    const std::uint32_t index = requests[at];
    if (++at == requests.size()) at = 0;
    if (contender.read(index, tally.tasted)) {
      ++tally.hits;
    } else {
      contender.fill(index);
    }
  }
  return tally;
}

inline std::int64_t resident_bytes() {
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

template <class Contender>
void run_round(Contender& contender, const Workload& load, const Job& job, std::size_t round) {
  std::vector<Tally> tallies(job.threads);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < job.threads; ++t)
    threads.emplace_back([&, t] {
      const std::size_t from = (round * job.threads + t) * job.operations % load.requests().size();
      tallies[t] = replay(contender, load, from, job.operations);
    });
  for (std::thread& thread : threads) thread.join();
  Tally all;
  for (const Tally& tally : tallies) all.hits += tally.hits, all.tasted += tally.tasted;
  std::printf("{\"hits\": %llu, \"sum\": %zu}\n", static_cast<unsigned long long>(all.hits),
              all.tasted);
  std::fflush(stdout);
}

template <class Contender>
void measure_memory(const Workload& load, const Job& job) {
  const std::int64_t before = resident_bytes();
  Contender contender(load, job);
  for (std::uint32_t i = 0; i < job.keys; ++i) contender.fill(i);
  const std::int64_t grown = resident_bytes() - before;
  std::printf(R"({"items": %zu, "rss_bytes": %lld})"
              "\n",
              job.keys, static_cast<long long>(grown));
}

/// main() of a contender: a class made of (const Workload&, const Job&) with read() and fill().
template <class Contender>
int run(int argc, char** argv) {
  const Job job(argc, argv);
  const Workload load(job);
  if (job.is_memory()) return measure_memory<Contender>(load, job), 0;
  Contender contender(load, job);
  if (!job.is_fill())
    for (std::uint32_t i = 0; i < job.keys; ++i) contender.fill(i);
  std::puts("ready");
  std::fflush(stdout);
  std::string line;
  for (std::size_t round = 0; std::getline(std::cin, line); ++round)
    run_round(contender, load, job, round);
  return 0;
}

}  // namespace rivals
