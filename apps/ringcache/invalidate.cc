// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>
#include <optional>
#include <vector>

#include <ringcache/base64.h>

#include "cli.h"
#include "client.h"

namespace ringcache {
namespace {

struct Target {
  std::string group;
  std::optional<std::string> prefix, tag;
  std::vector<std::string> keys;
};

/// An option that is empty is no option left out: the node refuses it.
Json question(const Target& target) {
  if (target.tag) return {{"tag", *target.tag}};
  if (target.prefix) return {{"encoding", "base64"}, {"prefix", to_base64(*target.prefix)}};
  if (target.keys.empty()) return {{"all", true}};
  Json keys = Json::array();
  for (const std::string& key : target.keys) keys.push_back(to_base64(key));
  return {{"encoding", "base64"}, {"keys", std::move(keys)}};
}

int invalidate(const Cli& cli, const Target& target) {
  if (target.tag && !is_text(*target.tag))
    return report({Errc::invalid_argument, "--tag: a tag is a name in UTF-8"});
  const auto answer =
      Client(cli.endpoint).post_json(verb_path(target.group, "invalidate"), question(target));
  if (!answer) return report(answer.error());
  if (cli.format == Format::table)
    std::cout << (*answer)["copies"] << " copies went\n";
  else if (cli.format == Format::raw)
    std::cout << (*answer)["copies"] << '\n';
  else
    std::cout << *answer << '\n';
  return kDone;
}

}  // namespace

void add_invalidate(Cli& cli) {
  const auto target = std::make_shared<Target>();
  auto* sub =
      cli.command("invalidate", "drop the copies of keys on every node: they are read again",
                  [&cli, target] { return invalidate(cli, *target); });
  sub->add_option("GROUP", target->group)->required();
  auto* keys = sub->add_option("KEY", target->keys, "none, nor an option: all of the group");
  auto* prefix = sub->add_option("--prefix", target->prefix, "keys that begin so");
  auto* tag = sub->add_option("--tag", target->tag, "keys that have this tag");
  prefix->excludes(keys)->excludes(tag);
  tag->excludes(keys);
}

}  // namespace ringcache
