// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "cli.h"
#include "client.h"

namespace ringcache {
namespace {

struct Wanted {
  std::string group, key, stale_ok;
  bool why = false;
};

int get(const Cli& cli, const Wanted& wanted) {
  Client::Headers headers;
  if (!wanted.stale_ok.empty()) headers["X-Ringcache-Max-Stale"] = wanted.stale_ok;
  const auto answer = Client(cli.endpoint).get(key_path(wanted.group, wanted.key), headers);
  if (!answer) return report(answer.error());
  if (wanted.why)
    std::cerr << answer->path << "; age=" << answer->age << "; etag=" << answer->etag << '\n';
  if (cli.format != Format::json) return std::cout << answer->body, kDone;
  std::cout << Json{{"group", wanted.group}, {"key", wanted.key},  {"value", answer->body},
                    {"etag", answer->etag},  {"age", answer->age}, {"path", answer->path}}
                   .dump(-1, ' ', false, Json::error_handler_t::replace)
            << '\n';
  return kDone;
}

}  // namespace

void add_get(Cli& cli) {
  const auto wanted = std::make_shared<Wanted>();
  auto* sub = cli.command("get", "print a key's value, byte for byte",
                          [&cli, wanted] { return get(cli, *wanted); });
  sub->add_option("GROUP", wanted->group)->required();
  sub->add_option("KEY", wanted->key)->required();
  sub->add_option("--stale-ok", wanted->stale_ok,
                  "take a copy that is past its age by less than this, for example 30s");
  sub->add_flag("--why", wanted->why, "say on stderr how the answer came about");
}

}  // namespace ringcache
