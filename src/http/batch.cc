// SPDX-License-Identifier: Apache-2.0
#include "http/batch.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstdint>
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

/// Takes a batch as it is parsed and ends at the first thing that does not belong there, so that no
/// body can make us build more than its keys.
class BatchReader final : public nlohmann::json_sax<Json> {
 public:
  explicit BatchReader(std::size_t keys_max) : keys_max_(keys_max) {}

  HttpBatch& batch() noexcept { return batch_; }
  std::string& objection() noexcept { return objection_; }
  bool has_keys() const noexcept { return has_keys_; }

  bool start_object(std::size_t) override {
    if (place_ != Place::outside) return wrong();
    place_ = Place::fields;
    return true;
  }

  bool key(std::string& name) override {
    if (name == "keys" && !std::exchange(has_keys_, true)) return place_ = Place::keys, true;
    if (name == "encoding" && !std::exchange(has_encoding_, true))
      return place_ = Place::encoding, true;
    const bool known = name == "keys" || name == "encoding";
    return refuse(known ? '"' + name + "\" is there twice"
                        : "unknown field " + json_string(name.substr(0, 80)) +
                              R"(; there are "keys" and "encoding")");
  }

  bool start_array(std::size_t) override {
    if (place_ != Place::keys) return wrong();
    place_ = Place::list;
    return true;
  }

  bool string(std::string& text) override {
    if (place_ == Place::list) return add(std::move(text));
    if (place_ != Place::encoding || text != "base64") return wrong();
    batch_.base64 = true;
    place_ = Place::fields;
    return true;
  }

  bool end_array() override { return place_ = Place::fields, true; }
  bool end_object() override { return true; }

  bool null() override { return wrong(); }
  bool boolean(bool) override { return wrong(); }
  bool number_integer(std::int64_t) override { return wrong(); }
  bool number_unsigned(std::uint64_t) override { return wrong(); }
  bool number_float(double, const std::string&) override { return wrong(); }
  bool binary(Json::binary_t&) override { return wrong(); }
  bool parse_error(std::size_t at, const std::string&, const Json::exception&) override {
    return refuse("malformed JSON at byte " + std::to_string(at));
  }

 private:
  enum class Place { outside, fields, keys, list, encoding };

  bool add(std::string key) {
    if (batch_.keys.size() == keys_max_) return refuse(too_many_keys(keys_max_).message);
    batch_.keys.push_back(std::move(key));
    return true;
  }

  bool wrong() {
    if (place_ == Place::outside) return refuse(R"(the body must be {"keys":["a","b"]})");
    return refuse(place_ == Place::encoding ? R"("encoding" can only be "base64")"
                                            : R"("keys" must be a list of strings)");
  }

  bool refuse(std::string why) {
    objection_ = std::move(why);
    return false;
  }

  const std::size_t keys_max_;
  HttpBatch batch_;
  std::string objection_;
  Place place_ = Place::outside;
  bool has_keys_ = false;
  bool has_encoding_ = false;
};

Result<void> check_key(std::string_view key, std::size_t index, std::size_t bytes_max) {
  const std::string named = "key " + std::to_string(index + 1);
  if (key.empty()) return fail(Errc::invalid_argument, named + " is empty");
  if (key.size() <= bytes_max) return {};
  return fail(Errc::too_large, named + " is longer than " + std::to_string(bytes_max) + " bytes");
}

Result<void> finish_keys(HttpBatch& batch, std::size_t bytes_max) {
  for (std::size_t i = 0; i < batch.keys.size(); ++i) {
    std::string& key = batch.keys[i];
    if (batch.base64) {
      auto bytes = from_base64(key);
      if (!bytes)
        return fail(Errc::invalid_argument, "key " + std::to_string(i + 1) + " is not base64");
      key = std::move(*bytes);
    }
    if (auto checked = check_key(key, i, bytes_max); !checked) return checked;
  }
  return {};
}

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

}  // namespace

Result<HttpBatch> parse_batch(std::string_view body, const HttpBatchLimits& limits) {
  BatchReader reader(limits.keys);
  if (!Json::sax_parse(body.begin(), body.end(), &reader))
    return fail(Errc::invalid_argument, std::move(reader.objection()));
  if (!reader.has_keys()) return fail(Errc::invalid_argument, R"("keys" is missing)");
  if (auto keys = finish_keys(reader.batch(), limits.key_bytes); !keys)
    return std::unexpected(std::move(keys.error()));
  return std::move(reader.batch());
}

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
  std::string out = R"({"encoding":"base64","keys":[)";
  const char* separator = "\"";
  for (const KeyView& key : keys) {
    out += std::exchange(separator, ",\"");
    append_base64(key.name, out);
    out += '"';
  }
  return out += "]}";
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

}  // namespace ringcache
