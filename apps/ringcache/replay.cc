// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>
#include <cstdio>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli.h"
#include "replay/replay.h"
#include "table.h"

namespace ringcache {
namespace {

/// The command line as it was typed.
struct Typed {
  std::string trace;
  std::vector<std::string> policies;
  std::vector<std::size_t> capacities;
  std::string unit = "objects";
  unsigned shards = 1;
};

std::string policy_list() {
  std::string names;
  for (const std::string_view name : replay_policies())
    names += (names.empty() ? "" : " ") + std::string(name);
  return names;
}

Result<ReplayOptions> options_of(const Typed& typed) {
  const std::vector<std::string_view> known = replay_policies();
  for (const std::string& name : typed.policies)
    if (std::ranges::find(known, name) == known.end())
      return fail(Errc::invalid_argument,
                  "--policy: no policy \"" + name + "\"; there are " + policy_list());
  return ReplayOptions{.policies = typed.policies,
                       .capacities = typed.capacities,
                       .unit = typed.unit == "bytes" ? CapacityUnit::bytes : CapacityUnit::objects,
                       .shards = typed.shards};
}

std::vector<std::string> cells_of(const ReplayRow& row) {
  char ratio[16];
  std::snprintf(ratio, sizeof ratio, "%.6f", row.hit_ratio());
  return {row.policy, std::to_string(row.capacity), std::to_string(row.requests),
          std::to_string(row.hits), ratio};
}

void print_table(const std::vector<ReplayRow>& rows) {
  Table table({"POLICY", "CAPACITY", "REQUESTS", "HITS", "RATIO"});
  for (const ReplayRow& row : rows) table.add(cells_of(row));
  table.print(std::cout);
}

void print_raw(const std::vector<ReplayRow>& rows) {
  for (const ReplayRow& row : rows) {
    const char* tab = "";
    for (const std::string& cell : cells_of(row)) std::cout << std::exchange(tab, "\t") << cell;
    std::cout << '\n';
  }
}

void print_json(const std::vector<ReplayRow>& rows, const Typed& typed) {
  using nlohmann::ordered_json;
  for (const ReplayRow& row : rows) {
    const ordered_json line = {{"trace", typed.trace},        {"policy", row.policy},
                               {"unit", typed.unit},          {"capacity", row.capacity},
                               {"requests", row.requests},    {"hits", row.hits},
                               {"hit_ratio", row.hit_ratio()}};
    std::cout << line.dump(-1, ' ', false, ordered_json::error_handler_t::replace) << '\n';
  }
}

Result<std::vector<ReplayRow>> run(const Typed& typed) {
  Result<ReplayOptions> options = options_of(typed);
  if (!options) return std::unexpected(std::move(options.error()));
  Result<Trace> trace = open_trace(typed.trace);
  if (!trace) return std::unexpected(std::move(trace.error()));
  return replay(std::move(*trace), *options);
}

int run_and_print(const Typed& typed, Format format) {
  const Result<std::vector<ReplayRow>> rows = run(typed);
  if (!rows) return report(rows.error());
  if (format == Format::json)
    print_json(*rows, typed);
  else if (format == Format::raw)
    print_raw(*rows);
  else
    print_table(*rows);
  return kDone;
}

/// CLI11 would read "-1" as a very large capacity.
std::string not_negative(const std::string& text) {
  if (text.starts_with('-')) throw CLI::ValidationError("must not be negative");
  return text;
}

std::string power_of_two(const std::string& text) {
  unsigned number = 0;
  if (CLI::detail::lexical_cast(text, number) && std::has_single_bit(number) && number <= 256)
    return {};
  return "must be a power of two up to 256";
}

}  // namespace

void add_replay(Cli& cli) {
  auto typed = std::make_shared<Typed>();
  CLI::App* command = cli.command("replay", "put a trace through the cache engine",
                                  [typed, &cli] { return run_and_print(*typed, cli.format); });
  command
      ->add_option("TRACE", typed->trace,
                   "file of lines KEY or KEY,BYTES (plain, gzip, xz), - for standard input, or\n"
                   "zipf:n=100000,s=0.99,requests=1000000,seed=1  loop:n=1000,requests=100000  "
                   "scan:requests=100000")
      ->required();
  command->add_option("--policy", typed->policies, "one or more of " + policy_list())
      ->delimiter(',')
      ->required();
  command->add_option("--capacity", typed->capacities, "one or more, as 1000 or 64MiB")
      ->delimiter(',')
      ->transform(CLI::AsSizeValue(true))
      ->transform(not_negative)
      ->required();
  command->add_option("--unit", typed->unit, "what a capacity counts")
      ->check(CLI::IsMember({"objects", "bytes"}))
      ->capture_default_str();
  command->add_option("--shards", typed->shards, "a power of two; one makes a policy exact")
      ->check(power_of_two)
      ->capture_default_str();
}

}  // namespace ringcache
