// SPDX-License-Identifier: Apache-2.0
#include "demo_cluster.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <optional>
#include <utility>

namespace ringcache {
namespace {

namespace fs = std::filesystem;

/// The demo's files, from a build tree or from an installed program.
std::optional<fs::path> find_files(const fs::path& programs) {
  for (const fs::path& candidate :
       {programs / "../../../deploy/demo", programs / "../share/ringcache/demo"})
    if (fs::exists(candidate / "Procfile")) return fs::canonical(candidate);
  return {};
}

bool accepts(std::uint16_t port) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool taken = ::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(socket);
  return taken;
}

constexpr std::array<std::uint16_t, 12> kPorts{2379, 2380,  22379, 22380, 32379, 32380,
                                               9999, 10000, 10001, 8080,  8081,  8082};

Result<void> check_ports() {
  for (const std::uint16_t port : kPorts)
    if (accepts(port))
      return fail(Errc::unavailable,
                  "port " + std::to_string(port) +
                      " is in use, and the demo needs it; `ss -ltnp` shows by whom. "
                      "If it is an etcd service: systemctl stop etcd");
  return {};
}

Result<void> check_programs() {
  for (const std::string program : {"etcd", "etcdctl", "foreman", "sqlite3"})
    if (std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) != 0)
      return fail(Errc::unavailable, program +
                                         " is missing; `make demo` installs it (Debian packages "
                                         "etcd-server, etcd-client, ruby-foreman, sqlite3)");
  return {};
}

/// In the child: foreman, in a group of its own so that Ctrl-C reaches only us, and never outliving
/// us.
[[noreturn]] void become_foreman(const fs::path& files, const fs::path& data) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int log = ::open((data / "cluster.log").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  const std::string procfile = files / "Procfile";
  execlp("foreman", "foreman", "start", "--procfile", procfile.c_str(), "--root", data.c_str(),
         nullptr);
  _exit(127);
}

}  // namespace

const std::vector<DemoNode>& DemoCluster::nodes() {
  static const std::vector<DemoNode> kNodes{{"localhost:9999", "127.0.0.1:8080"},
                                            {"localhost:10000", "127.0.0.1:8081"},
                                            {"localhost:10001", "127.0.0.1:8082"}};
  return kNodes;
}

Result<DemoCluster> DemoCluster::start(const std::string& data) {
  const fs::path programs = fs::read_symlink("/proc/self/exe").parent_path();
  const auto files = find_files(programs);
  if (!files)
    return fail(Errc::unavailable, "the demo's files (deploy/demo) are not beside the program");
  if (auto checked = check_programs(); !checked) return std::unexpected(checked.error());
  if (auto checked = check_ports(); !checked) return std::unexpected(checked.error());
  const fs::path folder = fs::absolute(data);
  setenv("DEMO_FILES", files->c_str(), 1);
  setenv("DEMO_DATA", folder.c_str(), 1);
  setenv("DEMO_BIN", programs.c_str(), 1);
  if (std::system(("'" + (*files / "prepare.sh").string() + "'").c_str()) != 0)
    return fail(Errc::unavailable, "cannot prepare the database in " + folder.string());
  const pid_t child = fork();
  if (child == 0) become_foreman(*files, folder);
  return DemoCluster(folder, child);
}

DemoCluster::DemoCluster(DemoCluster&& other) noexcept
    : data_(std::move(other.data_)), foreman_(std::exchange(other.foreman_, 0)) {}

DemoCluster::~DemoCluster() {
  if (foreman_ <= 0) return;
  kill(foreman_, SIGTERM);
  waitpid(foreman_, nullptr, 0);
}

pid_t DemoCluster::pid_of(const std::string& node) const {
  pid_t pid = 0;
  std::ifstream(data_ / (node + ".pid")) >> pid;
  return pid;
}

}  // namespace ringcache
