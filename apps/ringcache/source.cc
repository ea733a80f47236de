// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>

#include <ringcache/config.h>
#include <ringcache/sql_feed.h>

#include "cli.h"

namespace ringcache {
namespace {

struct Feeding {
  std::string config, source;
  SqlFeedTable table;
  bool print = false;
};

using Plan = Result<SqlFeedSetup::Steps> (SqlFeedSetup::*)(const SqlFeedTable& table);

template <class Section, class Name>
std::string names_of(const std::vector<Section>& sections, Name name_of) {
  std::string names;
  for (const Section& section : sections) names += (names.empty() ? "" : ", ") + name_of(section);
  return names.empty() ? "none" : names;
}

Result<Config::SourceSection> find_source(const Config& config, const Feeding& feeding) {
  const auto source =
      std::ranges::find(config.sources, feeding.source, &Config::SourceSection::name);
  if (source == config.sources.end())
    return fail(Errc::invalid_argument,
                feeding.config + " has no source '" + feeding.source + "'; it has: " +
                    names_of(config.sources, [](const auto& known) { return known.name; }));
  const auto group = std::ranges::find_if(
      config.groups, [&](const auto& known) { return known.options.name == feeding.table.group; });
  if (group == config.groups.end())
    return fail(Errc::invalid_argument,
                feeding.config + " has no group '" + feeding.table.group + "'; it has: " +
                    names_of(config.groups, [](const auto& known) { return known.options.name; }));
  if (group->source != feeding.source)
    return fail(Errc::invalid_argument, "group '" + feeding.table.group +
                                            "' does not read from source '" + feeding.source +
                                            "' but from '" + group->source + "'");
  return *source;
}

void print(const SqlFeedStep& step, bool is_mysql) {
  const bool delimited = is_mysql && step.compound;
  std::cout << "-- " << step.what << '\n'
            << (delimited ? "DELIMITER //\n" : "") << step.statement
            << (delimited ? " //\nDELIMITER ;\n" : ";\n");
}

Result<void> take(SqlFeedSetup& setup, const SqlFeedSetup::Steps& steps, const char* verb) {
  for (const SqlFeedStep& step : steps) {
    if (auto ran = setup.run(step); !ran) return ran;
    std::cout << verb << ' ' << step.what << '\n';
  }
  if (steps.empty()) std::cout << "nothing to do\n";
  return {};
}

Result<void> feed(const Config& config, const Feeding& feeding, Plan plan, const char* verb) {
  const auto source = find_source(config, feeding);
  if (!source) return std::unexpected(source.error());
  const auto setup =
      SqlFeedSetup::open({.name = source->name, .dsn = source->dsn, .timeout = source->timeout});
  if (!setup) return std::unexpected(setup.error());
  const auto steps = (**setup.*plan)(feeding.table);
  if (!steps) return std::unexpected(steps.error());
  if (!feeding.print) return take(**setup, *steps, verb);
  const bool is_mysql = source->dsn.starts_with("mysql:") || source->dsn.starts_with("mariadb:");
  for (const SqlFeedStep& step : *steps) print(step, is_mysql);
  return {};
}

int run(const Feeding& feeding, Plan plan, const char* verb) {
  const auto config = load_config(feeding.config, environment_overrides(), {});
  if (!config) {
    for (const ConfigError& error : config.error())
      std::cerr << error.where << ": " << error.message << '\n';
    return kFailed;
  }
  const auto fed = feed(*config, feeding, plan, verb);
  return fed ? kDone : report(fed.error());
}

void add(Cli& cli, CLI::App& source, const char* name, const char* help, Plan plan,
         const char* verb) {
  const auto feeding = std::make_shared<Feeding>();
  CLI::App* sub = source.add_subcommand(name, help);
  sub->add_option("SOURCE", feeding->source)->required();
  sub->add_option("--config", feeding->config, "the configuration of the nodes")->required();
  sub->add_option("--group", feeding->table.group, "whose rows they are")->required();
  sub->add_option("--table", feeding->table.table, "where they are")->required();
  sub->add_option("--key", feeding->table.key, "the column that the group is asked by")->required();
  sub->add_flag("--print", feeding->print, "print the SQL instead of running it");
  sub->callback([&cli, feeding, plan, verb] { cli.exit_code = run(*feeding, plan, verb); });
}

}  // namespace

void add_source(Cli& cli) {
  CLI::App* source = cli.app.add_subcommand("source", "the databases behind groups");
  source->require_subcommand(1);
  add(cli, *source, "install-feed", "make a database tell which of its rows others change",
      &SqlFeedSetup::installation, "made");
  add(cli, *source, "remove-feed", "undo install-feed of the same words", &SqlFeedSetup::removal,
      "removed");
}

}  // namespace ringcache
