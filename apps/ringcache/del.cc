// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "cli.h"
#include "client.h"

namespace ringcache {

void add_del(Cli& cli) {
  const auto key = std::make_shared<std::pair<std::string, std::string>>();
  auto* sub = cli.command("del", "remove a key", [&cli, key] {
    const auto answer = Client(cli.endpoint).erase(key_path(key->first, key->second));
    return answer ? kDone : report(answer.error());
  });
  sub->add_option("GROUP", key->first)->required();
  sub->add_option("KEY", key->second)->required();
}

}  // namespace ringcache
