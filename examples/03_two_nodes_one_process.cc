// SPDX-License-Identifier: Apache-2.0
// Two whole nodes in one process: each can be asked for any key, the key's owner loads it once.
#include <ringcache/node.h>

#include <atomic>
#include <chrono>
#include <iostream>
#include <thread>

using namespace ringcache;

namespace {

const std::vector<Member> kMembers{
    {.id = "a", .name = "a", .address = "127.0.0.1:19201", .http = ""},
    {.id = "b", .name = "b", .address = "127.0.0.1:19202", .http = ""}};

std::atomic<int> loads = 0;

Result<Value> square(std::string_view key, const LoadContext&) {
  ++loads;
  const int number = std::stoi(std::string(key));
  return loaded(std::to_string(number * number));
}

/// A node of the group `squares` that knows both members and has no HTTP door.
Result<std::unique_ptr<Node>> start(const Member& self) {
  Config config;
  config.node.name = self.name;
  config.listen = {.http = "", .grpc = self.address};
  config.membership.type = Config::MembershipSection::Type::fixed;
  config.membership.members = kMembers;
  auto node = Node::create(config);
  if (!node) return node;
  if (auto added = (*node)->add_group({.name = "squares"}, square); !added)
    return std::unexpected(added.error());
  if (auto serving = (*node)->serve(); !serving) return std::unexpected(serving.error());
  return node;
}

}  // namespace

int main() {
  const auto a = start(kMembers[0]);
  const auto b = start(kMembers[1]);
  if (!a || !b) {
    std::cerr << (a ? b : a).error().message << '\n';
    return 1;
  }
  for (int number = 0; number < 20; ++number) {
    const std::string key = std::to_string(number);
    const auto from_a = get_blocking((*a)->store(), {"squares", key});
    const auto from_b = get_blocking((*b)->store(), {"squares", key});
    if (!from_a || !from_b || from_a->bytes.view() != from_b->bytes.view()) return 1;
  }
  std::cout << "40 gets at two nodes, " << loads << " loads\n";
  return loads == 20 ? 0 : 1;
}
