// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <iterator>
#include <memory>

#include "cli.h"
#include "client.h"

namespace ringcache {
namespace {

struct Write {
  std::string group, key, value, ttl;
};

int put(const Cli& cli, const Write& write) {
  std::string value = write.value;
  if (value == "-") value.assign(std::istreambuf_iterator<char>(std::cin), {});
  std::string path = key_path(write.group, write.key);
  if (!write.ttl.empty()) path += "?ttl=" + write.ttl;
  const auto answer = Client(cli.endpoint).put(path, value);
  if (!answer) return report(answer.error());
  if (cli.format == Format::json)
    std::cout << Json{{"group", write.group}, {"key", write.key}, {"etag", answer->etag}} << '\n';
  return kDone;
}

}  // namespace

void add_put(Cli& cli) {
  const auto write = std::make_shared<Write>();
  auto* sub = cli.command("put", "set a key's value", [&cli, write] { return put(cli, *write); });
  sub->add_option("GROUP", write->group)->required();
  sub->add_option("KEY", write->key)->required();
  sub->add_option("VALUE", write->value, "the value; - reads it from stdin")->required();
  sub->add_option("--ttl", write->ttl, "how long the key lives, for example 10m");
}

}  // namespace ringcache
