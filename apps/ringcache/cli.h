// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include <ringcache/result.h>

namespace ringcache {

enum class Format { table, json, raw };

/// Exit statuses of every command.
inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kNotFound = 2;

/// The program: what every command shares. A command registers itself with command().
struct Cli {
  CLI::App app{"ringcache: the command line of a ringcache cluster"};
  std::string endpoint = "http://127.0.0.1:8080";
  Format format = Format::table;
  int exit_code = kDone;

  /// A subcommand whose `run` gives the exit status.
  CLI::App* command(const std::string& name, const std::string& help, std::function<int()> run);
};

/// Says `message` on stderr; the exit status that goes with the error.
int report(const Error& error);

/// One function a command, each in the file of its name.
void add_get(Cli& cli);
void add_put(Cli& cli);
void add_del(Cli& cli);
void add_mget(Cli& cli);
void add_invalidate(Cli& cli);
void add_why(Cli& cli);
void add_nodes(Cli& cli);
void add_ring(Cli& cli);
void add_groups(Cli& cli);
void add_config(Cli& cli);
void add_source(Cli& cli);
void add_demo(Cli& cli);
void add_replay(Cli& cli);

}  // namespace ringcache
