// SPDX-License-Identifier: Apache-2.0
#include "client.h"

#include <httplib.h>

#include <utility>

namespace ringcache {
namespace {

/// The node's own words, where the body is its JSON error.
Error error_of(const httplib::Response& response) {
  const auto json = nlohmann::json::parse(response.body, nullptr, false);
  if (!json.is_object() || !json.contains("error"))
    return {Errc::internal, "the node answered " + std::to_string(response.status)};
  const auto& error = json["error"];
  std::string message = error.value("message", response.body);
  const std::string wait = response.get_header_value("X-Ringcache-Retry-After");
  if (!wait.empty()) message += "; try again in " + wait;
  return {errc_from_name(error.value("code", "")), std::move(message)};
}

}  // namespace

Client::Client(std::string endpoint) : endpoint_(std::move(endpoint)) {
  if (endpoint_.find("://") == std::string::npos) endpoint_ = "http://" + endpoint_;
}

Result<Answer> Client::send(const std::string& method, const std::string& path,
                            const std::string& body, const Headers& headers) const {
  httplib::Client http(endpoint_);
  if (!http.is_valid())
    return fail(Errc::invalid_argument,
                "'" + endpoint_ + "' is not an endpoint; write http://HOST:PORT");
  http.set_connection_timeout(2);
  http.set_read_timeout(30);
  http.set_url_encode(false);
  httplib::Request request;
  request.method = method;
  request.path = path;
  request.body = body;
  if (method == "PUT") request.set_header("Content-Type", "application/octet-stream");
  if (method == "POST") request.set_header("Content-Type", "application/json");
  for (const auto& [name, value] : headers) request.set_header(name, value);
  const auto response = http.send(request);
  if (!response)
    return fail(Errc::unavailable, "cannot reach " + endpoint_ + ": " +
                                       httplib::to_string(response.error()) +
                                       "; is ringcached running there? --endpoint or "
                                       "RINGCACHE_ENDPOINT names another node");
  if (response->status / 100 != 2) return std::unexpected(error_of(*response));
  return Answer{response->body, response->get_header_value("ETag"),
                response->get_header_value("Age"), response->get_header_value("X-Ringcache")};
}

Result<Json> Client::get_json(const std::string& path) const { return read_json(path, get(path)); }

Result<Json> Client::post_json(const std::string& path, const Json& question) const {
  return read_json(path, send("POST", path, question.dump()));
}

Result<Json> Client::read_json(const std::string& path, const Result<Answer>& answer) const {
  if (!answer) return std::unexpected(answer.error());
  Json json = Json::parse(answer->body, nullptr, false);
  if (json.is_discarded()) return fail(Errc::internal, endpoint_ + path + " answered no JSON");
  return json;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos)
      encoded += c;
    else
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return encoded;
}

std::string key_path(std::string_view group, std::string_view key) {
  return "/v1/groups/" + percent_encoded(group) + "/keys/" + percent_encoded(key);
}

std::string verb_path(std::string_view group, std::string_view verb) {
  return "/v1/groups/" + percent_encoded(group) + ':' + std::string(verb);
}

std::string why_path(std::string_view group, std::string_view key) {
  return "/v1/why/" + percent_encoded(group) + '/' + percent_encoded(key);
}

bool is_text(const std::string& bytes) {
  try {
    return !Json(bytes).dump().empty();
  } catch (const Json::type_error&) {
    return false;
  }
}

}  // namespace ringcache
