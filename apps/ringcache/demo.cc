// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include <iostream>
#include <memory>

#include "cli.h"
#include "demo_cluster.h"
#include "demo_tour.h"

namespace ringcache {
namespace {

struct Wish {
  bool once = false;
  std::string data = "build/demo";
};

void wait_for_interrupt() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM}) sigaddset(&signals, signal);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  int signal = 0;
  sigwait(&signals, &signal);
}

void say_what_to_try() {
  std::cout << "The cluster stays up until Ctrl-C. Three things to try:\n"
               "  curl http://127.0.0.1:8081/v1/groups/students/keys/张三\n"
               "  ringcache why scores 张三\n"
               "  ringcache ring owner scores 李四\n"
               "(ringcache is in build/release/bin; the nodes' HTTP doors are 127.0.0.1:8080, "
               ":8081 and :8082)\n"
            << std::flush;
}

int demo(const Wish& wish) {
  std::cout << "Starting three etcd members and three nodes over a database of students, in "
            << wish.data << "\n\n"
            << std::flush;
  const auto cluster = DemoCluster::start(wish.data);
  if (!cluster) return report(cluster.error());
  if (!give_tour(*cluster)) {
    std::cerr << "the tour did not hold; the log is " << cluster->log_file() << '\n';
    return kFailed;
  }
  if (wish.once) return kDone;
  say_what_to_try();
  wait_for_interrupt();
  std::cout << "\nstopping\n";
  return kDone;
}

}  // namespace

void add_demo(Cli& cli) {
  const auto wish = std::make_shared<Wish>();
  auto* sub = cli.command("demo", "start a local cluster, give the tour, stay up until Ctrl-C",
                          [wish] { return demo(*wish); });
  sub->add_flag("--once", wish->once, "end after the tour");
  sub->add_option("--data", wish->data, "folder for its data; emptied first")
      ->capture_default_str();
}

}  // namespace ringcache
