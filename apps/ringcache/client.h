// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include <ringcache/result.h>

namespace ringcache {

using Json = nlohmann::ordered_json;

/// An answer of 2xx.
struct Answer {
  std::string body;
  std::string etag;
  std::string age;
  std::string path;  ///< X-Ringcache: how the answer came about.
};

/// Speaks to one node over its public HTTP API. Any other answer than 2xx is an Error with the
/// words of the node, or of whoever could not be reached.
class Client {
 public:
  explicit Client(std::string endpoint);  ///< "http://HOST:PORT", or just "HOST:PORT".

  using Headers = std::map<std::string, std::string>;

  Result<Answer> get(const std::string& path, const Headers& headers = {}) const {
    return send("GET", path, {}, headers);
  }
  Result<Answer> put(const std::string& path, const std::string& body,
                     const Headers& headers = {}) const {
    return send("PUT", path, body, headers);
  }
  Result<Answer> erase(const std::string& path) const { return send("DELETE", path); }
  Result<Json> get_json(const std::string& path) const;
  Result<Json> post_json(const std::string& path, const Json& question) const;

  const std::string& endpoint() const { return endpoint_; }

 private:
  Result<Answer> send(const std::string& method, const std::string& path,
                      const std::string& body = {}, const Headers& headers = {}) const;
  Result<Json> read_json(const std::string& path, const Result<Answer>& answer) const;

  std::string endpoint_;
};

/// "/v1/groups/GROUP/keys/KEY", both percent-encoded.
std::string key_path(std::string_view group, std::string_view key);
/// "/v1/groups/GROUP:VERB".
std::string verb_path(std::string_view group, std::string_view verb);
/// The same bytes in a path or query.
std::string percent_encoded(std::string_view text);
/// Whether it is UTF-8, as JSON must be.
bool is_text(const std::string& bytes);
/// "/v1/why/GROUP/KEY".
std::string why_path(std::string_view group, std::string_view key);

}  // namespace ringcache
