// SPDX-License-Identifier: Apache-2.0
#include "cli.h"

#include <iostream>
#include <utility>

namespace ringcache {

CLI::App* Cli::command(const std::string& name, const std::string& help, std::function<int()> run) {
  CLI::App* sub = app.add_subcommand(name, help);
  sub->fallthrough();  // -o and --endpoint may stand after the verb
  sub->callback([this, run = std::move(run)] { exit_code = run(); });
  return sub;
}

int report(const Error& error) {
  std::cerr << "ringcache: " << error.message << '\n';
  return error.code == Errc::not_found || error.code == Errc::no_such_group ? kNotFound : kFailed;
}

}  // namespace ringcache
