// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iostream>
#include <memory>
#include <vector>

#include <ringcache/base64.h>

#include "cli.h"
#include "client.h"
#include "table.h"

namespace ringcache {
namespace {

struct WantedKeys {
  std::string group;
  std::vector<std::string> keys;
};

/// A key's part of the node's answer.
struct KeyAnswer {
  std::string key;
  std::string value;  ///< Its bytes, or the words of the error.
  std::string how;    ///< "hit", "miss", or the error's code.
  bool found = false;
  Json json;  ///< As it came, its base64 read where that is text.
};

/// In one line of a table.
std::string shown(const std::string& value) {
  if (!is_text(value)) return '(' + std::to_string(value.size()) + " bytes that are no text)";
  std::string line;
  for (const char c : value)
    line += c == '\n' ? "\\n" : std::string(1, c < ' ' && c >= 0 ? '?' : c);
  return line;
}

KeyAnswer read_entry(const std::string& key, const Json& json) {
  KeyAnswer entry{.key = key, .json = json};
  entry.found = json.contains("value");
  if (entry.found) {
    entry.value = from_base64(json.value("value", "")).value_or("");
    entry.how = json.value("hit", false) ? "hit" : "miss";
  } else {
    const Json error = json.value("error", Json::object());
    entry.value = error.value("message", "");
    entry.how = error.value("code", "internal");
  }
  if (!is_text(key) || !is_text(entry.value)) {
    entry.json["encoding"] = "base64";
    return entry;
  }
  entry.json["key"] = key;
  if (entry.found) entry.json["value"] = entry.value;
  return entry;
}

Result<std::vector<KeyAnswer>> ask(const Client& client, const WantedKeys& wanted) {
  Json question{{"encoding", "base64"}, {"keys", Json::array()}};
  for (const std::string& key : wanted.keys) question["keys"].push_back(to_base64(key));
  const auto answer = client.post_json(verb_path(wanted.group, "batchGet"), question);
  if (!answer) return std::unexpected(answer.error());
  const Json values = answer->is_object() ? answer->value("values", Json::array()) : Json::array();
  if (values.size() != wanted.keys.size())
    return fail(Errc::internal, client.endpoint() + " answered as no ringcache node does");
  std::vector<KeyAnswer> entries;
  for (std::size_t i = 0; i < values.size(); ++i)
    entries.push_back(read_entry(wanted.keys[i], values[i]));
  return entries;
}

void print_table(const std::vector<KeyAnswer>& entries) {
  Table table({"KEY", "ANSWER", "VALUE"});
  for (const KeyAnswer& entry : entries)
    table.add({shown(entry.key), entry.how, shown(entry.value)});
  table.print(std::cout);
}

void print_json(const std::vector<KeyAnswer>& entries) {
  for (const KeyAnswer& entry : entries) std::cout << entry.json << '\n';
}

/// A line for each key, whatever the value: an empty one for a key that is not there.
void print_raw(const std::vector<KeyAnswer>& entries) {
  for (const KeyAnswer& entry : entries) {
    std::cout << (entry.found ? entry.value : "") << '\n';
    if (!entry.found) std::cerr << "ringcache: " << entry.key << ": " << entry.value << '\n';
  }
}

int exit_code(const std::vector<KeyAnswer>& entries) {
  const auto missing = [](const KeyAnswer& entry) { return entry.how == "not_found"; };
  const auto fine = [&](const KeyAnswer& entry) { return entry.found || missing(entry); };
  if (!std::ranges::all_of(entries, fine)) return kFailed;
  return std::ranges::any_of(entries, missing) ? kNotFound : kDone;
}

int mget(const Cli& cli, const WantedKeys& wanted) {
  const auto entries = ask(Client(cli.endpoint), wanted);
  if (!entries) return report(entries.error());
  if (cli.format == Format::json)
    print_json(*entries);
  else if (cli.format == Format::raw)
    print_raw(*entries);
  else
    print_table(*entries);
  return exit_code(*entries);
}

}  // namespace

void add_mget(Cli& cli) {
  const auto wanted = std::make_shared<WantedKeys>();
  auto* sub = cli.command("mget", "print the values of many keys, asked for at once",
                          [&cli, wanted] { return mget(cli, *wanted); });
  sub->add_option("GROUP", wanted->group)->required();
  sub->add_option("KEY", wanted->keys)->required();
}

}  // namespace ringcache
