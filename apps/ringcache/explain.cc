// SPDX-License-Identifier: Apache-2.0
#include "explain.h"

namespace ringcache {

Result<Json> explain(const Client& node, const std::string& group, const std::string& key) {
  auto page = node.get_json(why_path(group, key));
  if (!page || !page->contains("owner")) return page;
  const Json& owner = (*page)["owner"];
  const std::string http = owner.value("http", "");
  if (owner.value("self", true) || http.empty()) return page;
  const auto at_owner = Client(http).get_json(why_path(group, key));
  return at_owner ? at_owner : page;
}

std::string ring_words(const Json& ring) {
  if (ring.contains("slot")) return "slot " + ring["slot"].dump();
  return "hash " + ring["hash"].dump() + ", index " + ring["index"].dump();
}

}  // namespace ringcache
