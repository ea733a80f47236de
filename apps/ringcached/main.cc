// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <stdlib.h>

#include <iostream>

#include <ringcache/node.h>

#include "arguments.h"
#include "logging.h"

namespace ringcache {
namespace {

/// Blocked in every thread (they inherit it), so that only the loop in run() sees them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int failed(const Error& error) {
  std::cerr << "ringcached: " << error.message << '\n';
  return 1;
}

int run(const Arguments& arguments, Config config) {
  const sigset_t signals = block_signals();
  const Log log = make_log(config.log.level, config.log.format);
  auto node = Node::create(std::move(config), log);
  if (!node) return failed(node.error());
  if (auto serving = (*node)->serve(); !serving) return failed(serving.error());
  int signal = 0;
  while (sigwait(&signals, &signal) == 0 && signal == SIGHUP)
    if (const auto newer = configure(arguments)) (*node)->reload(*newer);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);  // a second signal ends us at once
  (*node)->leave();
  return 0;
}

}  // namespace
}  // namespace ringcache

int main(int argc, char** argv) {
  ::setenv("GRPC_VERBOSITY", "NONE", 0);  // gRPC would print what our own log and errors say
  const auto arguments = ringcache::parse_arguments(argc, argv);
  if (!arguments) return arguments.error();
  auto config = ringcache::configure(*arguments);
  if (!config) return 1;
  if (arguments->check_only) return std::cout << "configuration is fine\n", 0;
  return ringcache::run(*arguments, std::move(*config));
}
