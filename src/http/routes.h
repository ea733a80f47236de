// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include <ringcache/http.h>

#include "http/batch_body.h"
#include "http/parser.h"

namespace ringcache {

enum class HttpRouteKind {
  key,      ///< /v1/groups/{group}/keys/{key}
  batch,    ///< /v1/groups/{group}:batchGet and its cousins
  api,      ///< /api?key=K[&group=G]
  go_peer,  ///< /_groupcache/{group}/{key} and its cousins
  page,
  health,
  ready,
};

/// Where a request's target leads.
struct HttpRoute {
  HttpRouteKind kind = HttpRouteKind::health;
  std::string group;
  std::string key;
  BatchVerb verb = BatchVerb::get;
  Duration ttl = Duration::max();       ///< Of a PUT that asks for one.
  std::string tags;                     ///< Of a PUT, separated by commas.
  std::optional<std::string> expected;  ///< The one etag of a PUT's If-Match; a weak one as W/….
  const HttpPage* page = nullptr;
  HttpPage::Parameters parameters;  ///< For the page.
};

/// The table of routes. Immutable, shared by all threads.
class HttpRoutes {
 public:
  HttpRoutes(std::vector<HttpPage> pages, std::string api_group, std::size_t key_bytes_max);

  /// Fills `route`, whose memory is used again from request to request.
  std::expected<void, HttpRefusal> find(const HttpRequest& request, HttpRoute& route) const;

 private:
  struct Place;
  using Found = std::expected<void, HttpRefusal>;

  Found find_place(const Place& place, const HttpRequest& request, HttpRoute& route) const;
  Found find_key(std::string_view rest, const Place& place, const HttpRequest& request,
                 HttpRoute& route) const;
  Found find_batch(std::string_view group, const Place& place, const HttpRequest& request,
                   HttpRoute& route) const;
  Found find_api(const Place& place, HttpRoute& route) const;
  Found find_go_peer(std::string_view rest, HttpRoute& route) const;
  Found find_page(const Place& place, HttpRoute& route) const;
  Found check_key(const HttpRoute& route) const;

  std::vector<HttpPage> pages_;
  std::string api_group_;
  std::size_t key_bytes_max_;
};

}  // namespace ringcache
