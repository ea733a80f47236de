// SPDX-License-Identifier: Apache-2.0
#include "http/routes.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/units.h"
#include "base/uri.h"

namespace ringcache {
namespace {

constexpr std::string_view kGroups = "/v1/groups/";
constexpr std::string_view kKeys = "/keys/";
constexpr std::pair<std::string_view, BatchVerb> kVerbs[] = {
    {":batchGet", BatchVerb::get},
    {":batchPut", BatchVerb::put},
    {":batchDelete", BatchVerb::erase},
    {":touch", BatchVerb::touch},
    {":invalidate", BatchVerb::invalidate}};
constexpr std::array<std::string_view, 3> kGoPeers{"/_ggcache/", "/_geecache/", "/_groupcache/"};

std::unexpected<HttpRefusal> refuse(unsigned status, Errc code, std::string message) {
  return std::unexpected(HttpRefusal{status, {code, std::move(message)}, {}});
}

std::unexpected<HttpRefusal> bad(std::string message) {
  return refuse(400, Errc::invalid_argument, std::move(message));
}

std::unexpected<HttpRefusal> nowhere() {
  return refuse(404, Errc::not_found,
                "no such route; keys are at /v1/groups/{group}/keys/{key}, groups at /v1/groups, "
                "the cluster at /v1/cluster, state at /healthz and /readyz");
}

bool is_read(HttpMethod method) { return method == HttpMethod::get || method == HttpMethod::head; }

/// The methods of a route, as `Allow` lists them.
std::string_view methods_of(HttpRouteKind kind) {
  if (kind == HttpRouteKind::key) return "GET, HEAD, PUT, DELETE";
  return kind == HttpRouteKind::batch ? "POST" : "GET, HEAD";
}

bool knows(HttpRouteKind kind, HttpMethod method) {
  if (kind == HttpRouteKind::batch) return method == HttpMethod::post;
  if (is_read(method)) return true;
  return kind == HttpRouteKind::key && (method == HttpMethod::put || method == HttpMethod::erase);
}

/// The path of an origin-form or absolute-form target.
std::string_view strip_authority(std::string_view target) {
  if (!target.starts_with("http://")) return target;
  const auto slash = target.find('/', std::string_view("http://").size());
  return slash == std::string_view::npos ? "/" : target.substr(slash);
}

std::string_view next_segment(std::string_view& path) {
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(std::min(path.size(), segment.size() + 1));
  return segment;
}

/// Whether `path` has the shape of `route`; fills the values of its {names}. A last {key} takes all
/// that is left, slashes too. None: a malformed escape.
std::optional<bool> match_page(std::string_view route, std::string_view path,
                               HttpPage::Parameters& values) {
  while (!route.empty() && !path.empty()) {
    const std::string_view expected = next_segment(route);
    if (!expected.starts_with('{')) {
      if (next_segment(path) != expected) return false;
      continue;
    }
    const bool rest = expected == "{key}" && route.empty();
    const std::string_view found = rest ? std::exchange(path, {}) : next_segment(path);
    std::string& value = values[std::string(expected.substr(1, expected.size() - 2))];
    if (!percent_decode(found, PlusMeans::plus, value)) return {};
  }
  return route.empty() && path.empty();
}

using Read = std::expected<void, HttpRefusal>;

Read refuse_headers(const HttpRequest& request) {
  if (request.refused.empty()) return {};
  return bad("writes with " + request.refused + " are not supported here; nothing was written");
}

Read read_tags(std::string_view text, HttpRoute& route) {
  if (!route.tags.empty()) return bad("tags are there twice; separate them by commas");
  route.tags = text;
  for (;;) {
    const std::string_view tag = text.substr(0, text.find(','));
    if (auto checked = check_tag(tag); !checked) return bad(std::move(checked.error().message));
    if (tag.size() == text.size()) return {};
    text.remove_prefix(tag.size() + 1);
  }
}

/// The parameters of a write.
Read read_query(std::string_view query, HttpMethod method, HttpRoute& route) {
  const auto fields = parse_query(query);
  if (!fields) return bad("malformed %-escape in the query");
  for (const auto& [name, value] : *fields) {
    if (method != HttpMethod::put || (name != "ttl" && name != "tags"))
      return bad("unknown parameter '" + name.substr(0, 80) + "'; nothing was written");
    if (name == "tags") {
      if (auto read = read_tags(value, route); !read) return read;
      continue;
    }
    if (route.ttl != Duration::max()) return bad("ttl is there twice; nothing was written");
    const auto ttl = parse_ttl(value);
    if (!ttl) return bad(ttl.error().message);
    route.ttl = *ttl;
  }
  return {};
}

/// RFC 9110 8.8.3: an opaque tag in quotes, of any bytes but spaces, controls and quotes.
bool is_etag(std::string_view text) {
  if (text.size() < 2 || !text.starts_with('"') || !text.ends_with('"')) return false;
  return std::ranges::all_of(text.substr(1, text.size() - 2), [](char c) {
    return static_cast<unsigned char>(c) > ' ' && c != '"' && c != 0x7f;
  });
}

/// A weak etag never matches (RFC 9110 13.1.1): it stays marked, and no value's is.
Read read_if_match(const HttpRequest& request, HttpRoute& route) {
  if (!request.if_match) return {};
  std::string_view etag = *request.if_match;
  const bool weak = etag.starts_with("W/");
  if (weak) etag.remove_prefix(2);
  if (!is_etag(etag))
    return bad("If-Match: send one etag, in quotes as ETag has it; nothing was written");
  route.expected = (weak ? "W/" : "") + std::string(etag.substr(1, etag.size() - 2));
  return {};
}

}  // namespace

struct HttpRoutes::Place {
  std::string_view path;
  std::string_view query;
};

HttpRoutes::HttpRoutes(std::vector<HttpPage> pages, std::string api_group,
                       std::size_t key_bytes_max)
    : pages_(std::move(pages)), api_group_(std::move(api_group)), key_bytes_max_(key_bytes_max) {}

HttpRoutes::Found HttpRoutes::find(const HttpRequest& request, HttpRoute& route) const {
  const std::string_view target = strip_authority(request.target);
  const auto question = target.find('?');
  const bool asks = question != std::string_view::npos;
  const Place place{target.substr(0, question), asks ? target.substr(question + 1) : ""};
  route.page = nullptr;
  route.ttl = Duration::max();
  route.tags.clear();
  route.expected.reset();
  auto found = find_place(place, request, route);
  if (!found) return found;
  if (knows(route.kind, request.method)) return found;
  HttpRefusal refusal{405, {Errc::invalid_argument, "this route does not know that method"}, {}};
  refusal.allow = methods_of(route.kind);
  return std::unexpected(std::move(refusal));
}

HttpRoutes::Found HttpRoutes::find_place(const Place& place, const HttpRequest& request,
                                         HttpRoute& route) const {
  const std::string_view path = place.path;
  if (path.starts_with(kGroups) && path.find(kKeys, kGroups.size()) != std::string_view::npos)
    return find_key(path.substr(kGroups.size()), place, request, route);
  for (const auto& [name, verb] : kVerbs) {
    if (!path.starts_with(kGroups) || !path.ends_with(name)) continue;
    route.verb = verb;
    return find_batch(path.substr(kGroups.size(), path.size() - kGroups.size() - name.size()),
                      place, request, route);
  }
  if (path == "/api") return find_api(place, route);
  for (const std::string_view prefix : kGoPeers)
    if (path.starts_with(prefix)) return find_go_peer(path.substr(prefix.size()), route);
  if (path == "/healthz" || path == "/readyz") {
    route.kind = path == "/healthz" ? HttpRouteKind::health : HttpRouteKind::ready;
    return {};
  }
  return find_page(place, route);
}

HttpRoutes::Found HttpRoutes::find_key(std::string_view rest, const Place& place,
                                       const HttpRequest& request, HttpRoute& route) const {
  const std::string_view group = rest.substr(0, rest.find('/'));
  rest.remove_prefix(group.size());
  if (!rest.starts_with(kKeys)) return nowhere();
  route.kind = HttpRouteKind::key;
  if (!percent_decode(group, PlusMeans::plus, route.group) ||
      !percent_decode(rest.substr(kKeys.size()), PlusMeans::plus, route.key))
    return bad("malformed %-escape; write % as %25");
  if (is_read(request.method)) return check_key(route);
  if (auto refused = refuse_headers(request); !refused) return refused;
  if (auto read = read_query(place.query, request.method, route); !read) return read;
  if (auto read = read_if_match(request, route); !read) return read;
  return check_key(route);
}

HttpRoutes::Found HttpRoutes::find_batch(std::string_view group, const Place& place,
                                         const HttpRequest& request, HttpRoute& route) const {
  if (group.find('/') != std::string_view::npos) return nowhere();
  route.kind = HttpRouteKind::batch;
  if (!percent_decode(group, PlusMeans::plus, route.group))
    return bad("malformed %-escape; write % as %25");
  if (route.verb == BatchVerb::get || request.method != HttpMethod::post) return {};
  if (!place.query.empty()) return bad("all that is asked for is in the body; nothing was done");
  return refuse_headers(request);
}

HttpRoutes::Found HttpRoutes::find_api(const Place& place, HttpRoute& route) const {
  route.kind = HttpRouteKind::api;
  route.group = api_group_;
  route.key.clear();
  const auto fields = parse_query(place.query);
  if (!fields) return bad("malformed %-escape in the query");
  for (const auto& [name, value] : *fields) {
    if (name == "key") route.key = value;
    if (name == "group") route.group = value;
  }
  return check_key(route);
}

HttpRoutes::Found HttpRoutes::find_go_peer(std::string_view rest, HttpRoute& route) const {
  route.kind = HttpRouteKind::go_peer;
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return bad("write /{group}/{key}");
  if (!percent_decode(rest.substr(0, slash), PlusMeans::space, route.group) ||
      !percent_decode(rest.substr(slash + 1), PlusMeans::space, route.key))
    return bad("malformed %-escape");
  return check_key(route);
}

HttpRoutes::Found HttpRoutes::find_page(const Place& place, HttpRoute& route) const {
  route.kind = HttpRouteKind::page;
  for (const HttpPage& page : pages_) {
    route.parameters.clear();
    const auto matches = match_page(page.route, place.path, route.parameters);
    if (!matches) return bad("malformed %-escape; write % as %25");
    if (!*matches) continue;
    auto fields = parse_query(place.query);
    if (!fields) return bad("malformed %-escape in the query");
    for (auto& [name, value] : *fields) route.parameters.emplace(std::move(name), std::move(value));
    route.page = &page;
    return {};
  }
  return nowhere();
}

HttpRoutes::Found HttpRoutes::check_key(const HttpRoute& route) const {
  if (route.key.empty()) return bad("the key is empty");
  if (route.key.size() > key_bytes_max_)
    return refuse(413, Errc::too_large,
                  "the key is longer than " + std::to_string(key_bytes_max_) + " bytes");
  return {};
}

}  // namespace ringcache
