// SPDX-License-Identifier: Apache-2.0
// A whole node in somebody else's program, with doors on ports of the system's choice.
#include <ringcache/node.h>

#include <iostream>

using namespace ringcache;

int main() {
  Config config;
  config.listen = {.http = "127.0.0.1:0", .grpc = "127.0.0.1:0"};
  auto node = Node::create(config);
  if (!node) return 1;
  const auto group = (*node)->add_group(
      {.name = "echo"}, [](std::string_view key, auto&) -> Result<Value> { return loaded(key); });
  if (!group || !(*node)->serve()) return 1;
  const auto got = get_blocking((*node)->store(), KeyView("echo", "consumer"));
  std::cout << (got ? got->bytes.view() : got.error().message) << '\n';
  return 0;
}
