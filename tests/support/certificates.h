// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

#include "support/temp_dir.h"

namespace ringcache::testing {

/// Certificates made for a test by the openssl command: of two authorities, `ca` and `stranger`,
/// and by the first of a `server` called 127.0.0.1 and a user `holder`. A server may read them
/// whoever it runs as.
class Certificates {
 public:
  static bool installed() { return std::filesystem::exists("/usr/bin/openssl"); }

  Certificates() {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms(0755));
    make("ca");
    make("stranger");
    make("server", of_ca("subjectAltName=IP:127.0.0.1"));
    make("holder", of_ca("extendedKeyUsage=clientAuth"));
  }

  std::string certificate(const std::string& name) const { return folder_.file(name + ".pem"); }
  std::string key(const std::string& name) const { return folder_.file(name + ".key"); }
  /// Another file beside them.
  std::string write(const std::string& name, const std::string& text) const {
    return folder_.write(name, text);
  }

  /// PostgreSQL takes a key from nobody but itself or root.
  void give_key_away(const std::string& name, const char* user) const {
    const passwd* owner = ::geteuid() == 0 ? ::getpwnam(user) : nullptr;
    if (owner && ::chown(key(name).c_str(), owner->pw_uid, owner->pw_gid) != 0)
      throw std::runtime_error("chown");
  }

 private:
  std::string of_ca(const std::string& extension) const {
    return " -CA " + certificate("ca") + " -CAkey " + key("ca") +
           " -addext basicConstraints=critical,CA:FALSE -addext " + extension;
  }
  void make(const std::string& name, const std::string& more = "") const {
    const std::string command =
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        " -subj /CN=" +
        name + " -keyout " + key(name) + " -out " + certificate(name) + more + " 2>/dev/null";
    if (std::system(command.c_str()) != 0) throw std::runtime_error("failed: " + command);
  }

  const TempDir folder_;
};

}  // namespace ringcache::testing
