// SPDX-License-Identifier: Apache-2.0
#include "http/batch.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <utility>

#include <ringcache/base64.h>

#include "base/batches.h"
#include "base/utf8.h"
#include "http/reply.h"
#include "http/wire.h"

namespace ringcache {
namespace {

using Json = nlohmann::json;

/// What an entry takes beside key and value, at most.
constexpr std::size_t kEntryFrame = 256;

void append_text(std::string_view bytes, bool base64, std::string& out) {
  if (!base64) return void(out += json_string(bytes));
  out += '"';
  append_base64(bytes, out);
  out += '"';
}

template <class Unit>
void append_span(std::string_view name, Duration span, std::string& out) {
  const auto count = std::chrono::duration_cast<Unit>(std::max(span, Duration{0})).count();
  out.append(",\"").append(name).append("\":").append(std::to_string(count));
}

void append_error(const Error& error, std::string& out) {
  out.append(R"("error":{"code":")").append(errc_name(error.code));
  out.append(R"(","message":)").append(json_string(error.message));
  using std::chrono::milliseconds;
  if (error.retry_after > Duration{0})
    append_span<milliseconds>("retry_after_ms", std::chrono::ceil<milliseconds>(error.retry_after),
                              out);
  out += '}';
}

void append_history(const Value& value, std::string_view owner, Time now, std::string& out) {
  using std::chrono::microseconds, std::chrono::milliseconds;
  out.append(R"(,"etag":")").append(etag_of(value.bytes.view()));
  out.append(value.hit ? R"(","hit":true)" : R"(","hit":false)");
  if (value.stale) out += R"(,"stale":true)";
  if (!owner.empty()) out.append(R"(,"owner":)").append(json_string(owner));
  if (value.loaded_at != Time{}) append_span<milliseconds>("age_ms", now - value.loaded_at, out);
  if (!value.hit) append_span<microseconds>("load_us", value.load_time, out);
  if (value.expires_at != Time::max())
    append_span<milliseconds>("ttl_ms", value.expires_at - now, out);
}

/// As json_string() and append_base64() write it, but for the escapes of a few characters.
std::size_t text_bytes(std::string_view bytes, bool base64) {
  return base64 ? (bytes.size() + 2) / 3 * 4 : bytes.size();
}

std::size_t entry_bytes(const Result<Value>& value, bool base64) {
  return kEntryFrame +
         (value ? text_bytes(value->bytes.view(), base64) : value.error().message.size());
}

Result<void> check_value(const Result<Value>& value, bool base64) {
  if (!value) return std::unexpected(value.error());
  if (base64 || valid_utf8(value->bytes.view())) return {};
  return fail(Errc::invalid_argument, R"(the value is not UTF-8; ask with "encoding":"base64")");
}

void append_forwarded(const Result<Value>& value, Time now, std::string& out) {
  out += '{';
  if (value) {
    out += R"("facts":")";
    std::string facts;
    append_facts({*value}, now, facts);
    out.append(facts).append(R"(","value":)");
    append_text(value->bytes.view(), true, out);
  } else {
    append_error(value.error(), out);
  }
  out += '}';
}

/// The string of that name in an object; null when there is none.
const std::string* text_of(const Json& object, const char* name) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

/// The milliseconds of that name in an object; 0 when there are none.
Duration span_of(const Json& object, const char* name) {
  using std::chrono::milliseconds;
  const auto found = object.find(name);
  const auto* count =
      found == object.end() ? nullptr : found->get_ptr<const Json::number_unsigned_t*>();
  constexpr std::uint64_t kMost = Duration::max() / milliseconds(1);
  return count ? milliseconds(std::min<std::uint64_t>(*count, kMost)) : Duration{0};
}

std::optional<Error> error_of(const Json& entry) {
  const auto error = entry.is_object() ? entry.find("error") : entry.end();
  if (error == entry.end()) return {};
  const std::string* code = text_of(*error, "code");
  const std::string* message = text_of(*error, "message");
  if (!code || !message) return {};
  return Error{errc_from_name(*code), *message, span_of(*error, "retry_after_ms")};
}

std::optional<Result<Value>> parse_entry(const Json& entry, Time began) {
  if (auto error = error_of(entry)) return std::unexpected(std::move(*error));
  const std::string* text = text_of(entry, "value");
  const std::string* known = text_of(entry, "facts");
  if (!text || !known) return {};
  const auto bytes = from_base64(*text);
  auto facts = parse_facts(*known, began);
  if (!bytes || !facts || known->empty()) return {};
  facts->value.bytes = Bytes::copy(*bytes);
  return std::move(facts->value);
}

/// Of requests to another node.
constexpr std::string_view kBase64Body = R"({"encoding":"base64",)";

template <class Keys, class NameOf>
void append_keys(const Keys& keys, NameOf name_of, std::string& out) {
  out += R"("keys":[)";
  const char* separator = "";
  for (const auto& key : keys) {
    out += std::exchange(separator, ",");
    append_text(std::invoke(name_of, key), true, out);
  }
  out += ']';
}

}  // namespace

std::string batch_answer(std::string_view group, const HttpBatch& batch, const Values& values,
                         const OwnerName& owner, Time now, std::size_t bytes_max) {
  std::string out = R"({"values":[)";
  assert(values.size() == batch.keys.size());
  BatchRoom room(bytes_max, values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::string& key = batch.keys[i];
    out.append(i == 0 ? R"({"key":)" : R"(,{"key":)");
    append_text(key, batch.base64, out);
    out += ',';
    const auto fine = check_value(values[i], batch.base64);
    if (!fine) {
      append_error(fine.error(), out);
    } else if (!room.take(entry_bytes(values[i], batch.base64) + key.size())) {
      append_error(no_room(), out);
    } else {
      out += R"("value":)";
      append_text(values[i]->bytes.view(), batch.base64, out);
      append_history(*values[i], owner ? owner(KeyView(group, key)) : "", now, out);
    }
    out += '}';
  }
  return out += "]}\n";
}

std::string written_answer(const HttpBatch& batch, const Values& values, bool erased) {
  std::string out = R"({"results":[)";
  assert(values.size() == batch.keys.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    out.append(i == 0 ? R"({"key":)" : R"(,{"key":)");
    append_text(batch.keys[i], batch.base64, out);
    if (!values[i]) {
      out += ',';
      append_error(values[i].error(), out);
    } else if (!erased) {
      out.append(R"(,"etag":")").append(etag_of(values[i]->bytes.view())).append("\"");
    }
    out += '}';
  }
  return out += "]}\n";
}

std::string invalidated_answer(std::uint64_t copies) {
  return R"({"copies":)" + std::to_string(copies) + "}\n";
}

std::string forwarded_answer(const Values& values, Time now, std::size_t bytes_max) {
  std::string out = R"({"values":[)";
  BatchRoom room(bytes_max, values.size());
  const char* separator = "";
  for (const Result<Value>& value : values) {
    if (!room.take(entry_bytes(value, true))) break;
    out += std::exchange(separator, ",");
    append_forwarded(value, now, out);
  }
  return out += "]}";
}

std::string batch_request(std::span<const KeyView> keys) {
  std::string out(kBase64Body);
  append_keys(keys, &KeyView::name, out);
  return out += '}';
}

std::string touch_request(std::string_view key, std::string_view ttl) {
  std::string out(kBase64Body);
  append_keys(std::span(&key, 1), std::identity(), out);
  if (!ttl.empty()) out.append(R"(,"ttl":)").append(json_string(ttl));
  return out += '}';
}

std::string invalidate_request(const Invalidation& what) {
  std::string out(kBase64Body);
  if (what.all) return out += R"("all":true})";
  if (!what.tag.empty()) return out += R"("tag":)" + json_string(what.tag) + '}';
  if (!what.keys.empty()) {
    append_keys(std::span(what.keys), std::identity(), out);
    return out += '}';
  }
  out += R"("prefix":)";
  append_text(what.prefix, true, out);
  return out += '}';
}

std::optional<Values> parse_forwarded_answer(std::string_view body, Time began) {
  const Json document = Json::parse(body.begin(), body.end(), nullptr, false);
  const auto entries = document.is_object() ? document.find("values") : document.end();
  if (entries == document.end() || !entries->is_array()) return {};
  Values values;
  values.reserve(entries->size());
  for (const Json& entry : *entries) {
    auto value = parse_entry(entry, began);
    if (!value) return {};
    values.push_back(std::move(*value));
  }
  return values;
}

std::optional<std::uint64_t> parse_invalidated_answer(std::string_view body) {
  const Json document = Json::parse(body.begin(), body.end(), nullptr, false);
  const auto copies = document.is_object() ? document.find("copies") : document.end();
  if (copies == document.end() || !copies->is_number_unsigned()) return {};
  return copies->get<std::uint64_t>();
}

}  // namespace ringcache
