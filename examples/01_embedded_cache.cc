// SPDX-License-Identifier: Apache-2.0
// A cache in front of a function, inside a program: no network, no configuration.
#include <ringcache/group.h>
#include <ringcache/loader.h>

#include <iostream>
#include <map>

using namespace ringcache;

// Where the truth lives; in earnest a database.
Result<Value> read_score(std::string_view name, const LoadContext&) {
  static const std::map<std::string, std::string, std::less<>> kScores{{"Tom", "630"}};
  const auto row = kScores.find(name);
  if (row == kScores.end()) return fail(Errc::not_found, "no such student");
  return loaded(row->second);
}

int main() {
  const auto scheduler = thread_scheduler(1);
  Cluster alone;
  Group scores({.name = "scores", .policy = PolicyKind::arc}, loader_source(read_score), alone,
               *scheduler);
  for (int i = 0; i < 3; ++i) scores.get("Tom");  // one of these reads the source
  const Result<Value> score = scores.get("Tom");
  std::cout << "score of Tom: " << (score ? score->bytes.view() : score.error().message) << '\n';
  return scores.stats().loads == 1 ? 0 : 1;
}
