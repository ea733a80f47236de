// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <memory>

#include "cli.h"
#include "client.h"
#include "explain.h"

namespace ringcache {
namespace {

std::string text(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string milliseconds(const Json& value) {
  return value.is_null() ? "for ever" : value.dump() + " ms";
}

void print_copy(const Json& page) {
  const Json& copy = page["copy"];
  const std::string at = text(page["node"]);
  if (copy.is_null()) {
    std::cout << "copy      none at " << at
              << (page["in_flight"].get<bool>() ? " (a load is in flight)" : "")
              << "; the last one: " << text(page["last_departure"]) << '\n';
    return;
  }
  std::cout << "copy      at " << at << (copy["absent"].get<bool>() ? ", known to be absent" : "")
            << ", age " << milliseconds(copy["age_ms"]) << ", fresh "
            << milliseconds(copy["fresh_ms"]) << ", left " << milliseconds(copy["left_ms"]) << '\n';
  if (copy.contains("etag"))
    std::cout << "value     " << copy["size"] << " bytes, etag " << text(copy["etag"]) << '\n';
  if (copy.contains("load_ms")) std::cout << "loaded in " << copy["load_ms"] << " ms\n";
}

int why(const Cli& cli, const std::string& group, const std::string& key) {
  const auto page = explain(Client(cli.endpoint), group, key);
  if (!page) return report(page.error());
  if (cli.format == Format::json) return std::cout << *page << '\n', kDone;
  std::cout << "key       " << group << " " << key << '\n';
  if (page->contains("owner"))
    std::cout << "owner     " << text((*page)["owner"]["name"]) << "\nring      "
              << ring_words((*page)["ring"]) << '\n';
  print_copy(*page);
  return kDone;
}

}  // namespace

void add_why(Cli& cli) {
  const auto key = std::make_shared<std::pair<std::string, std::string>>();
  auto* sub = cli.command("why", "who owns a key, what copy it has, and why it was missed",
                          [&cli, key] { return why(cli, key->first, key->second); });
  sub->add_option("GROUP", key->first)->required();
  sub->add_option("KEY", key->second)->required();
}

}  // namespace ringcache
