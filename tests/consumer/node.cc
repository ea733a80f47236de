// SPDX-License-Identifier: Apache-2.0
// A whole node in somebody else's program, with doors on ports of the system's choice.
#include <ringcache/node.h>

#include <cstdio>

int main(int, char** arguments) {
  ringcache::Config config;
  config.node.data_dir = arguments[1];
  config.listen.http = config.listen.grpc = "127.0.0.1:0";
  auto node = ringcache::Node::create(config);
  if (!node || !(*node)->serve()) return 1;
  const ringcache::KeyView key("kv", "who");
  const auto put =
      ringcache::put_blocking((*node)->store(), key, {.bytes = ringcache::Bytes::copy("consumer")});
  const auto got = ringcache::get_blocking((*node)->store(), key);
  std::puts(put && got ? std::string(got->bytes.view()).c_str() : "nothing");
  return put && got ? 0 : 1;
}
