// SPDX-License-Identifier: Apache-2.0
// A server of students. Each instance is a node of one ringcache cluster: whichever is asked, a
// student is cached by the instance that owns it, and read from the database once.
#include <grpcpp/grpcpp.h>
#include <ringcache/node.h>
#include <signal.h>
#include <stdlib.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>

#include "service.h"

using namespace ringcache;

namespace {

struct Arguments {
  std::string listen = "127.0.0.1:9600";
  std::string database = "sqlite:students.db";
  std::string name;
  std::vector<std::string> peers;
  std::vector<std::string> etcd;
  std::string node = "127.0.0.1:0";
};

/// The cluster as a list that every instance is given alike.
Result<void> join_peers(Config& config, const std::vector<std::string>& peers) {
  config.membership.type = Config::MembershipSection::Type::fixed;
  for (const std::string& peer : peers) {
    const auto sign = peer.find('=');
    if (sign == std::string::npos)
      return fail(Errc::invalid_argument, "--peers: '" + peer + "' is not NAME=HOST:PORT");
    Member member{.name = peer.substr(0, sign), .address = peer.substr(sign + 1)};
    if (member.name == config.node.name) config.listen.grpc = member.address;
    config.membership.members.push_back(std::move(member));
  }
  if (!config.listen.grpc.empty()) return {};
  return fail(Errc::invalid_argument, "--name must be one of those in --peers");
}

/// The cluster as those that are registered in etcd.
void join_etcd(Config& config, const Arguments& arguments) {
  config.listen.grpc = arguments.node;
  config.membership.type = Config::MembershipSection::Type::etcd;
  config.membership.endpoints = arguments.etcd;
  config.membership.prefix = "/students";  // no other nodes: they have other groups
  config.membership.announce_as = "";
}

Result<Config> config_of(const Arguments& arguments) {
  Config config;
  config.node.name = arguments.name;
  config.listen = {.http = "", .grpc = ""};
  config.sources = {{.name = "school", .dsn = arguments.database}};
  config.groups = {students::group()};
  if (!arguments.etcd.empty()) join_etcd(config, arguments);
  if (!arguments.peers.empty())
    if (auto joined = join_peers(config, arguments.peers); !joined)
      return std::unexpected(joined.error());
  return config;
}

void print(LogLevel level, std::string_view component, std::string_view message) {
  std::string line(log_level_name(level));
  line.append(" ").append(component).append(": ").append(message).append("\n");
  std::cerr << line;
}

std::unique_ptr<grpc::Server> open_door(const std::string& address, students::Service& service) {
  grpc::ServerBuilder builder;
  // Otherwise two instances could listen on one port, and each get a part of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(&service);
  return builder.BuildAndStart();
}

/// Blocked in every thread (they inherit it), so that only sigwait() sees them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

int failed(const std::string& message) {
  std::cerr << "students_server: " << message << '\n';
  return 1;
}

int serve(const Arguments& arguments, Config config) {
  const sigset_t signals = block_signals();
  auto node = Node::create(std::move(config), Log(print));
  if (!node)
    return failed(node.error().message +
                  "\nThe table is made by schema.sqlite.sql or schema.mariadb.sql, see README.md.");
  if (auto serving = (*node)->serve(); !serving) return failed(serving.error().message);
  students::Service service((*node)->store());
  const auto door = open_door(arguments.listen, service);
  if (!door) return failed("cannot listen on " + arguments.listen + "; --listen chooses another");
  std::cout << "students at " << arguments.listen << '\n' << std::flush;
  int signal = 0;
  sigwait(&signals, &signal);
  door->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
  (*node)->leave();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  ::setenv("GRPC_VERBOSITY", "NONE", 0);  // gRPC would print what our own errors say
  Arguments arguments;
  CLI::App app("students_server: the service of students, cached by ringcache");
  app.option_defaults()->always_capture_default();
  app.add_option("--listen", arguments.listen, "HOST:PORT for clients");
  app.add_option("--database", arguments.database, "sqlite:PATH or mysql://…");
  app.add_option("--name", arguments.name, "name of this instance in its cluster");
  app.add_option("--peers", arguments.peers, "NAME=HOST:PORT[,…] of all instances, this one too")
      ->delimiter(',');
  app.add_option("--etcd", arguments.etcd, "HOST:PORT[,…] of etcd, instead of --peers")
      ->delimiter(',');
  app.add_option("--node", arguments.node, "with --etcd: HOST:PORT for the other instances");
  CLI11_PARSE(app, argc, argv);
  auto config = config_of(arguments);
  return config ? serve(arguments, std::move(*config)) : failed(config.error().message);
}
