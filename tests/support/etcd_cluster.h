// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/loopback.h"

namespace ringcache::testing {

/// A real etcd cluster for a test: processes on loopback, ended by pid, data in a temporary folder.
class EtcdCluster {
 public:
  static bool installed() {
    for (const char* folder : {"/usr/bin/", "/usr/local/bin/"})
      if (::access((std::string(folder) + "etcd").c_str(), X_OK) == 0) return true;
    return false;
  }

  /// Starts `size` members and waits until each is healthy. Throws if they do not come up.
  explicit EtcdCluster(std::size_t size = 1) : members_(size) {
    std::string pattern = (std::filesystem::temp_directory_path() / "ringcache-etcd-XXXXXX");
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
    folder_ = pattern;
    std::uint16_t port = first_port();
    for (Member& member : members_) {
      member.client = port = free_port(port);
      member.peer = port = free_port(static_cast<std::uint16_t>(port + 1));
      ++port;
    }
    for (std::size_t i = 0; i < size; ++i) start(i);
    for (std::size_t i = 0; i < size; ++i) wait_healthy(i);
  }

  EtcdCluster(const EtcdCluster&) = delete;
  EtcdCluster& operator=(const EtcdCluster&) = delete;

  ~EtcdCluster() {
    for (std::size_t i = 0; i < members_.size(); ++i) kill(i);
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  std::size_t size() const { return members_.size(); }

  std::string endpoint(std::size_t i) const {
    return "127.0.0.1:" + std::to_string(members_[i].client);
  }

  std::vector<std::string> endpoints() const {
    std::vector<std::string> all;
    for (std::size_t i = 0; i < members_.size(); ++i) all.push_back(endpoint(i));
    return all;
  }

  /// As kill -9.
  void kill(std::size_t i) {
    if (members_[i].pid <= 0) return;
    ::kill(members_[i].pid, SIGKILL);
    ::waitpid(members_[i].pid, nullptr, 0);
    members_[i].pid = -1;
  }

  /// Returns once every thread of the member stands still: a busy machine takes its time over that.
  void freeze(std::size_t i) {
    ::kill(members_[i].pid, SIGSTOP);
    ::waitpid(members_[i].pid, nullptr, WUNTRACED);
  }
  void thaw(std::size_t i) { ::kill(members_[i].pid, SIGCONT); }

  /// Forgets all that the member knew. REQUIRES: it is killed.
  void wipe(std::size_t i) { std::filesystem::remove_all(data(i)); }

  /// Starts a killed member again, on its data.
  void start(std::size_t i) {
    const std::vector<std::string> words = command(i);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    const pid_t parent = ::getpid();
    members_[i].pid = ::fork();
    if (members_[i].pid != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // no etcd outlives its test
    const int null = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
    if (::getppid() == parent) ::execvp(argv[0], argv.data());
    ::_exit(127);
  }

  /// The member that leads, or size() when none does.
  std::size_t leader() const {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const std::string status = post(i, "/v3/maintenance/status", "{}");
      const std::string id = field(status, "member_id");
      if (!id.empty() && id == field(status, "leader")) return i;
    }
    return members_.size();
  }

  /// etcd's revision now.
  std::int64_t revision(std::size_t i = 0) const {
    const std::string text = field(post(i, "/v3/maintenance/status", "{}"), "revision");
    return text.empty() ? 0 : std::stoll(text);
  }

  /// Drops the history up to `revision`.
  void compact(std::int64_t revision, std::size_t i = 0) const {
    post(i, "/v3/kv/compaction", R"({"revision":")" + std::to_string(revision) + R"("})");
  }

  bool healthy(std::size_t i) const {
    return exchange(i, "GET /health HTTP/1.0\r\n\r\n").find(R"("health":"true")") !=
           std::string::npos;
  }

  void wait_healthy(std::size_t i) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!healthy(i)) {
      if (std::chrono::steady_clock::now() > end) throw std::runtime_error("etcd does not start");
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

 private:
  struct Member {
    std::uint16_t client = 0;
    std::uint16_t peer = 0;
    pid_t pid = -1;
  };

  std::string data(std::size_t i) const { return folder_ + "/" + std::to_string(i); }

  std::vector<std::string> command(std::size_t i) const {
    const auto url = [](std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); };
    std::string cluster;
    for (std::size_t j = 0; j < members_.size(); ++j)
      cluster += (j ? ",m" : "m") + std::to_string(j) + "=" + url(members_[j].peer);
    const std::string client = url(members_[i].client);
    const std::string peer = url(members_[i].peer);
    return {"etcd",
            "--name",
            "m" + std::to_string(i),
            "--data-dir",
            data(i),
            "--logger",
            "zap",
            "--log-level",
            "error",
            "--listen-client-urls",
            client,
            "--advertise-client-urls",
            client,
            "--listen-peer-urls",
            peer,
            "--initial-advertise-peer-urls",
            peer,
            "--initial-cluster",
            cluster};
  }

  std::string exchange(std::size_t i, const std::string& request) const {
    return http_exchange(members_[i].client, request);
  }

  std::string post(std::size_t i, const std::string& path, const std::string& body) const {
    return exchange(i, "POST " + path + " HTTP/1.0\r\nContent-Length: " +
                           std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  /// The text of `"name":"TEXT"` in a JSON answer.
  static std::string field(const std::string& json, const std::string& name) {
    const auto key = json.find("\"" + name + "\":\"");
    if (key == std::string::npos) return {};
    const auto from = key + name.size() + 4;
    return json.substr(from, json.find('"', from) - from);
  }

  std::string folder_;
  std::vector<Member> members_;
};

}  // namespace ringcache::testing
