// SPDX-License-Identifier: Apache-2.0
#include "etcd/record.h"

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>

#include "base/units.h"

namespace ringcache {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kMaxIdBytes = 64;
constexpr std::size_t kMaxNameBytes = 255;

bool is_alnum(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::unexpected<Error> wrong(std::string message) {
  return fail(Errc::invalid_argument, std::move(message));
}

Result<void> check_id(std::string_view id) {
  const bool good = !id.empty() && id.size() <= kMaxIdBytes &&
                    std::ranges::all_of(id, [](char c) { return is_alnum(c) || c == '-'; });
  if (good) return {};
  return wrong("the id must be 1 to 64 letters, digits or '-'");
}

/// JSON holds UTF-8 alone: other bytes are replaced, so the text that comes back is not the same.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_utf8(const std::string& text) { return Json::parse(dump(text)) == text; }

Result<void> check_name(const std::string& name) {
  const bool good = !name.empty() && name.size() <= kMaxNameBytes &&
                    std::ranges::none_of(name, is_control) && is_utf8(name);
  if (good) return {};
  return wrong("the name must be 1 to 255 bytes of UTF-8 without control characters");
}

/// A literal address or a DNS name that others can reach; brackets are off already.
bool is_host(std::string_view host) {
  return !host.empty() && host != "0.0.0.0" && host != "::" &&
         std::ranges::all_of(host, [](char c) {
           return is_alnum(c) || std::string_view("-._:%").find(c) != std::string_view::npos;
         });
}

Result<void> check_address(std::string_view field, std::string_view text) {
  const auto address = parse_host_port(text);
  if (address && address->port != 0 && is_host(address->host)) return {};
  return wrong(std::string(field) +
               " must be a HOST:PORT that others can reach, for example 10.0.0.5:9999, " +
               "cache-1.local:9999 or [fd00::5]:9999");
}

Result<void> check_weight(std::int64_t weight) {
  if (weight >= 1 && weight <= std::int64_t{kMaxWeight}) return {};
  return wrong("weight must be a whole number from 1 to " + std::to_string(kMaxWeight));
}

Result<std::string> text_field(const Json& record, const char* field) {
  const auto found = record.find(field);
  if (found == record.end()) return wrong(std::string(field) + " is missing");
  if (!found->is_string()) return wrong(std::string(field) + " must be a string");
  return found->get<std::string>();
}

Result<unsigned> weight_field(const Json& record) {
  const auto found = record.find("weight");
  if (found == record.end()) return 1U;
  const std::int64_t weight = found->is_number_integer() ? found->get<std::int64_t>() : 0;
  if (auto checked = check_weight(weight); !checked) return std::unexpected(checked.error());
  return static_cast<unsigned>(weight);
}

Result<Member> member_of(std::string_view id, const Json& record) {
  auto name = text_field(record, "name");
  if (!name) return std::unexpected(name.error());
  auto address = text_field(record, "address");
  if (!address) return std::unexpected(address.error());
  auto http = record.contains("http") ? text_field(record, "http") : std::string();
  if (!http) return std::unexpected(http.error());
  const auto weight = weight_field(record);
  if (!weight) return std::unexpected(weight.error());
  return Member{std::string(id), std::move(*name), std::move(*address), std::move(*http), *weight};
}

}  // namespace

std::string fresh_member_id() {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::random_device random;
  std::string id;
  for (int i = 0; i < 4; ++i)
    for (std::uint32_t bits = random(), j = 0; j < 8; ++j, bits >>= 4) id += kDigits[bits & 15];
  return id;
}

Result<void> check_member(const Member& member) {
  if (auto id = check_id(member.id); !id) return id;
  if (auto name = check_name(member.name); !name) return name;
  if (auto address = check_address("address", member.address); !address) return address;
  if (auto weight = check_weight(member.weight); !weight) return weight;
  return member.http.empty() ? Result<void>{} : check_address("http", member.http);
}

std::string encode_member(const Member& member) {
  return dump({{"name", member.name},
               {"address", member.address},
               {"http", member.http},
               {"weight", member.weight},
               {"version", RINGCACHE_VERSION}});
}

Result<Member> decode_member(std::string_view id, std::string_view json) {
  if (json.size() > kMaxRecordBytes)
    return wrong("it is longer than " + std::to_string(kMaxRecordBytes) + " bytes");
  const Json record = Json::parse(json, nullptr, false);
  if (!record.is_object()) return wrong("it is not a JSON object");
  auto member = member_of(id, record);
  if (!member) return member;
  if (auto checked = check_member(*member); !checked) return std::unexpected(checked.error());
  return member;
}

std::string encode_endpoint(const Member& member) {
  return dump(
      {{"Op", 0},
       {"Addr", member.address},
       {"Metadata", "weight:" + std::to_string(member.weight) + ";version:" RINGCACHE_VERSION}});
}

}  // namespace ringcache
