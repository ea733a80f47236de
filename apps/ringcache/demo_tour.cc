// SPDX-License-Identifier: Apache-2.0
#include "demo_tour.h"

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <iostream>
#include <thread>

#include "client.h"
#include "explain.h"

namespace ringcache {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto kGroup = "scores";
constexpr auto kLease = 3s;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

std::string ms(double milliseconds) {
  char text[32];
  std::snprintf(text, sizeof text, milliseconds < 10 ? "%.1f ms" : "%.0f ms", milliseconds);
  return text;
}

std::string get_text(const Json& json, const char* key) { return json[key].get<std::string>(); }

/// What a step has to say, or why it did not hold.
using Told = Result<std::string>;

std::unexpected<Error> broken(std::string why) { return fail(Errc::internal, std::move(why)); }

class Tour {
 public:
  explicit Tour(const DemoCluster& cluster) : cluster_(cluster) {}

  bool run() {
    return step("etcd is up", [this] { return etcd(); }) &&
           step("three nodes found each other", [this] { return wait_for_members(3, 30s); }) &&
           step("Go clients find them too", [this] { return naming_records(); }) &&
           step("a miss", [this] { return miss(); }) && step("a hit", [this] { return hit(); }) &&
           step("a forwarded get", [this] { return forwarded(); }) &&
           step("a herd", [this] { return herd(); }) &&
           step("a key that does not exist", [this] { return absent(); }) &&
           step("a write", [this] { return write(); }) &&
           step("a node dies", [this] { return crash(); }) &&
           step("the node comes back", [this] { return back(); });
  }

 private:
  struct Got {
    std::string value;
    std::string path;  ///< X-Ringcache: hit or miss, owner, load time.
    double took_ms = 0;
  };

  bool step(const std::string& title, const std::function<Told()>& act) {
    ++steps_;
    const Told told = act();
    std::cout << (told ? "  ok  " : "FAIL  ") << steps_ << ". " << title << '\n'
              << "         " << (told ? *told : told.error().message) << "\n\n"
              << std::flush;
    return told.has_value();
  }

  static Result<Got> get(const DemoNode& node, const std::string& key) {
    const auto start = Clock::now();
    const auto answer = Client(node.http).get(key_path(kGroup, key));
    if (!answer) return std::unexpected(answer.error());
    return Got{answer->body, answer->path, ms_since(start)};
  }

  static const DemoNode& node_named(const std::string& name) {
    for (const DemoNode& node : DemoCluster::nodes())
      if (node.name == name) return node;
    return DemoCluster::nodes().front();
  }

  static const DemoNode& other_than(const std::string& name) {
    return DemoCluster::nodes().front().name == name ? DemoCluster::nodes().back()
                                                     : DemoCluster::nodes().front();
  }

  /// A key's owner and, in words, its place on the ring.
  static Result<std::pair<std::string, std::string>> place(const std::string& key,
                                                           const DemoNode& asked) {
    const auto page = Client(asked.http).get_json(why_path(kGroup, key));
    if (!page) return std::unexpected(page.error());
    return std::pair(get_text((*page)["owner"], "name"), ring_words((*page)["ring"]));
  }

  static std::size_t members_seen(const DemoNode& node) {
    const auto cluster = Client(node.http).get_json("/v1/cluster");
    return cluster ? (*cluster)["members"].size() : 0;
  }

  /// Loads from the database, summed over the nodes that answer.
  static std::uint64_t loads() {
    std::uint64_t sum = 0;
    for (const DemoNode& node : DemoCluster::nodes())
      if (const auto page = Client(node.http).get_json(std::string("/v1/groups/") + kGroup))
        sum += (*page)["stats"]["loads"].get<std::uint64_t>();
    return sum;
  }

  Told etcd() const {
    const auto start = Clock::now();
    for (const std::string endpoint : {"127.0.0.1:2379", "127.0.0.1:22379", "127.0.0.1:32379"})
      while (!Client(endpoint).get("/health")) {
        if (Clock::now() - start > 30s)
          return broken("no answer from etcd at " + endpoint + log_hint());
        std::this_thread::sleep_for(50ms);
      }
    return "three members, 127.0.0.1:2379, :22379 and :32379, healthy after " + ms(ms_since(start));
  }

  Told wait_for_members(std::size_t count, Clock::duration patience,
                        const std::string& without = {}) const {
    const auto start = Clock::now();
    for (const DemoNode& node : DemoCluster::nodes()) {
      if (node.name == without) continue;
      while (members_seen(node) != count) {
        if (Clock::now() - start > patience)
          return broken(node.name + " sees " + std::to_string(members_seen(node)) +
                        " members, not " + std::to_string(count) + log_hint());
        std::this_thread::sleep_for(10ms);
      }
    }
    return "localhost:9999, localhost:10000 and localhost:10001 are in every ring, after " +
           ms(ms_since(start));
  }

  Told naming_records() const {
    std::string records;
    FILE* pipe =
        popen("ETCDCTL_API=3 etcdctl --endpoints 127.0.0.1:2379 get --prefix GroupCache/", "r");
    if (pipe == nullptr) return broken("cannot run etcdctl");
    char buffer[1024];
    while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) records += buffer;
    pclose(pipe);
    for (const DemoNode& node : DemoCluster::nodes())
      if (records.find("GroupCache/" + node.name + '\n') == std::string::npos)
        return broken("etcdctl get --prefix GroupCache/ does not list " + node.name);
    return "etcdctl get --prefix GroupCache/ lists the three in etcd's naming format";
  }

  Told miss() const {
    const auto at = place("张三", DemoCluster::nodes().front());
    if (!at) return std::unexpected(at.error());
    const auto got = get(node_named(at->first), "张三");
    if (!got) return std::unexpected(got.error());
    if (got->value != "100" || !got->path.starts_with("miss"))
      return broken("张三 = " + got->value + ", " + got->path);
    return "张三 lies at " + at->second + ", owner " + at->first +
           ": not in its cache, read from the database: 100, in " + ms(got->took_ms);
  }

  Told hit() const {
    const auto at = place("张三", DemoCluster::nodes().front());
    if (!at) return std::unexpected(at.error());
    const auto got = get(node_named(at->first), "张三");
    if (!got) return std::unexpected(got.error());
    if (got->value != "100" || !got->path.starts_with("hit"))
      return broken("张三 = " + got->value + ", " + got->path);
    return "张三 again at " + at->first + ": from its cache, in " + ms(got->took_ms);
  }

  Told forwarded() const {
    const auto at = place("李四", DemoCluster::nodes().front());
    if (!at) return std::unexpected(at.error());
    const DemoNode& asked = other_than(at->first);
    const auto first = get(asked, "李四"), second = get(asked, "李四");
    if (!first || !second) return std::unexpected((first ? second : first).error());
    if (!first->path.starts_with("miss") || !second->path.starts_with("hit") ||
        second->path.find("owner=" + at->first) == std::string::npos)
      return broken("李四: " + first->path + ", then " + second->path);
    return "李四 (" + at->second + ") asked at " + asked.name + ": sent to its owner " + at->first +
           ", " + first->value + ", in " + ms(first->took_ms) +
           "; the second time a hit there, in " + ms(second->took_ms);
  }

  Told herd() const {
    constexpr int kGets = 150;
    const std::uint64_t before = loads();
    std::atomic<int> right = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < kGets; ++i)
      threads.emplace_back([&right, i] {
        const auto got = get(DemoCluster::nodes()[static_cast<std::size_t>(i) % 3], "王五");
        right += got.has_value() ? 1 : 0;
      });
    threads.clear();
    const std::uint64_t made = loads() - before;
    if (right != kGets || made != 1)
      return broken(std::to_string(right) + " of 150 gets answered, " + std::to_string(made) +
                    " loads");
    return "150 gets of 王五 at once, through all three nodes: one read of the database";
  }

  Told absent() const {
    const auto first = get(DemoCluster::nodes().front(), "nobody");
    const std::uint64_t before = loads();
    const auto second = get(DemoCluster::nodes().back(), "nobody");
    if (first || second || first.error().code != Errc::not_found ||
        second.error().code != Errc::not_found)
      return broken("'nobody' should not be found");
    if (loads() != before) return broken("the second get of 'nobody' reached the database");
    return "'nobody' is not found (404), and that is remembered for 5 s: asked again elsewhere, "
           "the "
           "database hears nothing";
  }

  Told write() const {
    const auto& nodes = DemoCluster::nodes();
    for (const std::string value : {"101", "100"}) {
      const auto put = Client(nodes[0].http).put(key_path(kGroup, "张三"), value);
      if (!put) return std::unexpected(put.error());
      const auto got = get(nodes[2], "张三");
      if (!got || got->value != value)
        return broken("张三 was set to " + value + " and reads otherwise");
    }
    return "张三 set to 101 at " + nodes[0].name + ", read as 101 at " + nodes[2].name +
           "; and back to 100";
  }

  Told crash() {
    const auto at = place("张三", DemoCluster::nodes().front());
    if (!at) return std::unexpected(at.error());
    victim_ = at->first;
    const pid_t pid = cluster_.pid_of(victim_);
    if (pid <= 0 || kill(pid, SIGKILL) != 0) return broken("cannot kill " + victim_);
    const auto start = Clock::now();
    const DemoNode& asked = other_than(victim_);
    int gets = 0;
    while (members_seen(asked) != 2) {
      const auto got = get(asked, "张三");
      if (!got || got->value != "100")
        return broken("a get failed while the owner was dead: " +
                      (got ? got->value : got.error().message));
      ++gets;
      if (ms_since(start) > 15'000) return broken(victim_ + " is still in the ring" + log_hint());
    }
    const double gone_ms = ms_since(start);
    if (auto others = wait_for_members(2, 2s, victim_); !others) return others;
    const auto after = place("张三", asked);
    if (!after || gone_ms > (kLease + 1500ms) / 1.0ms)
      return broken(victim_ + " left after " + ms(gone_ms));
    return "kill -9 " + victim_ + ", the owner of 张三: out of every ring after " + ms(gone_ms) +
           " (its lease is 3 s); " + std::to_string(gets) +
           " gets of 张三 meanwhile, none failed; the owner is now " + after->first;
  }

  Told back() const {
    const pid_t dead = cluster_.pid_of(victim_);
    const auto patience = Clock::now() + 30s;
    while (cluster_.pid_of(victim_) == dead)
      if (std::this_thread::sleep_for(5ms); Clock::now() > patience)
        return broken("nobody restarts " + victim_);
    const auto start = Clock::now();
    if (auto all = wait_for_members(3, 10s); !all) return all;
    const double back_ms = ms_since(start);
    const auto got = get(node_named(victim_), "张三");
    if (!got || got->value != "100") return broken("张三 does not read as 100 at " + victim_);
    return "its supervisor started " + victim_ + " again: back in every ring " + ms(back_ms) +
           " later, 张三 reads as 100 there";
  }

  std::string log_hint() const { return "; see " + cluster_.log_file(); }

  const DemoCluster& cluster_;
  std::string victim_;
  int steps_ = 0;
};

}  // namespace

bool give_tour(const DemoCluster& cluster) { return Tour(cluster).run(); }

}  // namespace ringcache
