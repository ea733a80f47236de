// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/loopback.h"
#include "support/temp_dir.h"

namespace ringcache::testing {

/// A real database server for a test: a process on loopback, ended by pid, data in a temporary
/// folder. Has an empty database `school` and a user `ringcache` with the password `secret word`.
class DatabaseServer {
 public:
  DatabaseServer(const DatabaseServer&) = delete;
  DatabaseServer& operator=(const DatabaseServer&) = delete;
  virtual ~DatabaseServer() { kill(); }

  std::uint16_t port() const { return port_; }
  std::string dsn() const { return dsn(port_); }
  virtual std::string dsn(std::uint16_t port) const = 0;

  /// Starts it, and waits until it takes connections. Throws if it does not come up. PostgreSQL
  /// does not as long as a session of the one before it still ends.
  void start() {
    pid_ = spawn(command());
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!run_client("SELECT 1", false)) {
      if (std::chrono::steady_clock::now() > end)
        throw std::runtime_error("the database does not start: " + folder());
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      if (::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = spawn(command());
    }
  }
  /// As kill -9.
  void kill() {
    if (pid_ <= 0) return;
    signal_all(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  /// Every process of it.
  void freeze() const {
    signal_all(SIGSTOP);
    ::waitpid(pid_, nullptr, WUNTRACED);  // until then some of its threads may still run
    for (const pid_t child : children())
      while (!has_stopped(child)) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  void thaw() const { signal_all(SIGCONT); }

  /// Runs SQL past everything under test; throws when it fails.
  void run(const std::string& sql) const {
    if (!run_client(sql, true)) throw std::runtime_error("failed: " + sql);
  }

 protected:
  DatabaseServer() : port_(free_port(first_port())) {}

  virtual std::vector<std::string> command() const = 0;
  virtual std::vector<std::string> client(const std::string& sql) const = 0;
  /// The user to be, where a server refuses to run as root.
  virtual const char* user() const { return nullptr; }

  std::string folder() const { return folder_.path().string(); }
  std::string data() const { return folder_.file("data"); }

  void give_folder_away() const {
    if (const passwd* owner = user() && ::geteuid() == 0 ? ::getpwnam(user()) : nullptr)
      if (::chown(folder().c_str(), owner->pw_uid, owner->pw_gid) != 0)
        throw std::runtime_error("chown");
  }

  void run_to_end(const std::vector<std::string>& words) const {
    const pid_t pid = spawn(words);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (status != 0) throw std::runtime_error("failed: " + words.front() + ", see " + log());
  }

 private:
  std::string log() const { return folder_.file("log"); }

  /// PostgreSQL's sessions are processes in groups of their own, which answer on for a moment when
  /// their parent is gone; and then nobody knows them any more.
  void signal_all(int signal) const {
    const std::vector<pid_t> known = children();
    ::kill(-pid_, signal);
    for (const pid_t child : known) ::kill(child, signal);
  }

  std::vector<pid_t> children() const {
    const std::string pid = std::to_string(pid_);
    std::ifstream file("/proc/" + pid + "/task/" + pid + "/children");
    return {std::istream_iterator<pid_t>(file), {}};
  }

  /// Or is gone.
  static bool has_stopped(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    if (!std::getline(file, stat)) return true;
    return std::string_view("TZX").contains(stat.at(stat.rfind(')') + 2));
  }

  bool run_client(const std::string& sql, bool loud) const {
    const pid_t pid = spawn(client(sql), loud);
    int status = 0;
    ::waitpid(pid, &status, 0);
    return status == 0;
  }

  /// In a process group of its own.
  pid_t spawn(const std::vector<std::string>& words, bool loud = false) const {
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const passwd* other = user() && ::geteuid() == 0 ? ::getpwnam(user()) : nullptr;
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid != 0) return pid;
    ::setpgid(0, 0);
    if (other && (::setgid(other->pw_gid) != 0 || ::setuid(other->pw_uid) != 0)) ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // no server outlives its test
    const int null = ::open("/dev/null", O_RDWR);
    const int log = ::open(this->log().c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    ::dup2(null, 0);
    ::dup2(loud ? 2 : log, 1);
    if (!loud) ::dup2(log, 2);
    if (::chdir(folder().c_str()) != 0 || ::getppid() != parent) ::_exit(125);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }

  const TempDir folder_;
  const std::uint16_t port_;
  pid_t pid_ = -1;
};

}  // namespace ringcache::testing
