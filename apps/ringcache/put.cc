// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include "cli.h"
#include "client.h"

namespace ringcache {
namespace {

struct Write {
  std::string group, key, value;
  std::optional<std::string> ttl, if_match, tags;
};

std::string path_of(const Write& write) {
  std::string path = key_path(write.group, write.key);
  char separator = '?';
  for (const auto& [name, value] : {std::pair("ttl=", &write.ttl), {"tags=", &write.tags}})
    if (*value) path += std::exchange(separator, '&') + (name + percent_encoded(**value));
  return path;
}

/// As an etag is written in a header, which must not be lost on the way for what it is written in.
Result<std::string> quoted(const std::string& etag) {
  const auto plain = [](char c) { return c > ' ' && c < 127; };
  if (!std::ranges::all_of(etag, plain))
    return fail(Errc::invalid_argument, "--if-match: an etag is what get --why prints");
  return etag.find_first_of("\"*") == std::string::npos ? '"' + etag + '"' : etag;
}

int put(const Cli& cli, const Write& write) {
  Client::Headers headers;
  if (write.if_match) {
    const auto etag = quoted(*write.if_match);
    if (!etag) return report(etag.error());
    headers["If-Match"] = *etag;
  }
  std::string value = write.value;
  if (value == "-") value.assign(std::istreambuf_iterator<char>(std::cin), {});
  const auto answer = Client(cli.endpoint).put(path_of(write), value, headers);
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
  sub->add_option("--if-match", write->if_match, "only if this is the etag of the value so far");
  sub->add_option("--tags", write->tags, "names to invalidate by, separated by commas");
}

}  // namespace ringcache
