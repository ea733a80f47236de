// SPDX-License-Identifier: Apache-2.0
#include "http/batch_body.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include <ringcache/base64.h>

#include "base/batches.h"
#include "base/units.h"
#include "base/utf8.h"
#include "http/reply.h"

namespace ringcache {
namespace {

using Json = nlohmann::json;

enum class Field : std::uint8_t {
  keys,
  entries,
  key,
  value,
  ttl,
  tags,
  prefix,
  tag,
  all,
  encoding
};

/// A place where fields may stand: a verb's body, or an entry of a put.
constexpr unsigned in(BatchVerb verb) { return 1U << static_cast<unsigned>(verb); }
constexpr unsigned kEntry = 1U << 5;
constexpr unsigned kBodies = kEntry - 1;

struct FieldRule {
  Field field;
  std::string_view name;
  std::string_view form;  ///< What its value must be.
  unsigned places;
};

constexpr std::string_view kStrings = "must be a list of strings";
constexpr std::string_view kString = "must be a string";
constexpr FieldRule kRules[] = {
    {Field::keys, "keys", kStrings, kBodies & ~in(BatchVerb::put)},
    {Field::entries, "entries", "must be a list of objects", in(BatchVerb::put)},
    {Field::key, "key", kString, kEntry},
    {Field::value, "value", kString, kEntry},
    {Field::prefix, "prefix", kString, in(BatchVerb::invalidate)},
    {Field::tag, "tag", kString, in(BatchVerb::invalidate)},
    {Field::all, "all", "can only be true", in(BatchVerb::invalidate)},
    {Field::ttl, "ttl", "must be a string such as \"10m\"", in(BatchVerb::touch) | kEntry},
    {Field::tags, "tags", kStrings, kEntry},
    {Field::encoding, "encoding", R"(can only be "base64")", kBodies}};

const FieldRule* find_rule(unsigned place, std::string_view name) {
  const auto* found = std::ranges::find_if(
      kRules, [&](const FieldRule& r) { return (r.places & place) != 0 && r.name == name; });
  return found == std::end(kRules) ? nullptr : found;
}

std::string quoted(std::string_view name) { return '"' + std::string(name) + '"'; }

/// `"keys", "ttl" and "encoding"`.
std::string names_in(unsigned place) {
  std::vector<std::string_view> names;
  for (const FieldRule& rule : kRules)
    if ((rule.places & place) != 0) names.push_back(rule.name);
  std::string list;
  for (std::size_t i = 0; i < names.size(); ++i)
    list += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + quoted(names[i]);
  return list;
}

std::string_view example_of(BatchVerb verb) {
  switch (verb) {
    case BatchVerb::put:
      return R"({"entries":[{"key":"a","value":"1"}]})";
    case BatchVerb::touch:
      return R"({"keys":["a","b"],"ttl":"10m"})";
    default:
      return R"({"keys":["a","b"]})";
  }
}

/// Takes a batch as it is parsed and ends at the first thing that does not belong there, so that no
/// body can make us build more than its keys.
class BodyReader final : public nlohmann::json_sax<Json> {
 public:
  BodyReader(BatchVerb verb, std::size_t keys_max, Time now)
      : verb_(verb), keys_max_(keys_max), now_(now) {}

  HttpBatch& batch() noexcept { return batch_; }
  std::vector<std::string>& values() noexcept { return values_; }
  std::string& objection() noexcept { return objection_; }
  bool has(Field field) const noexcept { return (seen_ & bit(field)) != 0; }

  bool start_object(std::size_t) override {
    if (level_ == Level::entries) return begin_entry();
    if (level_ != Level::outside) return wrong();
    level_ = Level::fields;
    return true;
  }

  bool end_object() override { return in_entry_ ? end_entry() : true; }

  bool key(std::string& name) override {
    const unsigned place = in_entry_ ? kEntry : in(verb_);
    rule_ = find_rule(place, name);
    if (!rule_)
      return refuse("unknown field " + json_string(name.substr(0, 80)) + "; there are " +
                    names_in(place));
    unsigned& seen = in_entry_ ? seen_in_entry_ : seen_;
    if ((std::exchange(seen, seen | bit(rule_->field)) & bit(rule_->field)) != 0)
      return refuse(quoted(rule_->name) + " is there twice");
    return true;
  }

  bool start_array(std::size_t) override {
    if (level_ != Level::fields) return wrong();
    if (rule_->field == Field::entries) return level_ = Level::entries, true;
    if (rule_->form != kStrings) return wrong();
    level_ = Level::list;
    return true;
  }

  bool end_array() override { return level_ = Level::fields, true; }

  bool string(std::string& text) override {
    if (level_ == Level::fields) return take(text);
    if (level_ != Level::list) return wrong();
    return rule_->field == Field::tags ? add_tag(text) : add_key(std::move(text));
  }

  bool boolean(bool value) override {
    if (level_ != Level::fields || rule_->field != Field::all || !value) return wrong();
    return batch_.all = true;
  }

  bool null() override { return wrong(); }
  bool number_integer(std::int64_t) override { return wrong(); }
  bool number_unsigned(std::uint64_t) override { return wrong(); }
  bool number_float(double, const std::string&) override { return wrong(); }
  bool binary(Json::binary_t&) override { return wrong(); }
  bool parse_error(std::size_t at, const std::string&, const Json::exception&) override {
    in_entry_ = false;
    return refuse("malformed JSON at byte " + std::to_string(at));
  }

 private:
  enum class Level : std::uint8_t { outside, fields, list, entries };

  static unsigned bit(Field field) { return 1U << static_cast<unsigned>(field); }

  bool begin_entry() {
    if (!add_key({})) return false;
    values_.emplace_back();
    batch_.values.emplace_back();
    tags_.clear();
    seen_in_entry_ = 0;
    in_entry_ = true;
    level_ = Level::fields;
    return true;
  }

  bool end_entry() {
    for (const Field field : {Field::key, Field::value})
      if ((seen_in_entry_ & bit(field)) == 0)
        return refuse(field == Field::key ? R"("key" is missing)" : R"("value" is missing)");
    if (!tags_.empty()) batch_.values.back().tags = Bytes::copy(tags_);
    in_entry_ = false;
    rule_ = find_rule(in(BatchVerb::put), "entries");
    level_ = Level::entries;
    return true;
  }

  bool add_key(std::string key) {
    if (batch_.keys.size() == keys_max_) return refuse(too_many_keys(keys_max_).message);
    batch_.keys.push_back(std::move(key));
    return true;
  }

  bool add_tag(const std::string& tag) {
    if (auto checked = check_tag(tag); !checked) return refuse(checked.error().message);
    if (!tags_.empty()) tags_ += ',';
    tags_ += tag;
    return true;
  }

  /// The value of a field that is one string.
  bool take(std::string& text) {
    switch (rule_->field) {
      case Field::key:
        return batch_.keys.back() = std::move(text), true;
      case Field::value:
        return values_.back() = std::move(text), true;
      case Field::prefix:
        return batch_.prefix = std::move(text), true;
      case Field::tag:
        return batch_.tag = std::move(text), true;
      case Field::ttl:
        return take_ttl(text);
      case Field::encoding:
        return batch_.base64 = true, text == "base64" || wrong();
      default:
        return wrong();
    }
  }

  bool take_ttl(const std::string& text) {
    const auto ttl = parse_ttl(text);
    if (!ttl) return refuse(ttl.error().message);
    (in_entry_ ? batch_.values.back().expires_at : batch_.expires_at) = saturating_add(now_, *ttl);
    return true;
  }

  bool wrong() {
    if (level_ == Level::outside)
      return refuse("the body must be " + std::string(example_of(verb_)));
    return refuse(quoted(rule_->name) + ' ' + std::string(rule_->form));
  }

  bool refuse(std::string why) {
    objection_ = std::move(why);
    if (in_entry_) objection_.insert(0, "entry " + std::to_string(batch_.keys.size()) + ": ");
    return false;
  }

  const BatchVerb verb_;
  const std::size_t keys_max_;
  const Time now_;
  HttpBatch batch_;
  std::vector<std::string> values_;  // of the entries, as they came
  std::string tags_;                 // of the entry, joined
  std::string objection_;
  const FieldRule* rule_ = nullptr;  // of the field whose value is next
  Level level_ = Level::outside;
  bool in_entry_ = false;
  unsigned seen_ = 0;
  unsigned seen_in_entry_ = 0;
};

Result<void> decode(std::string& text, const std::string& named) {
  auto bytes = from_base64(text);
  if (!bytes) return fail(Errc::invalid_argument, named + " is not base64");
  text = std::move(*bytes);
  return {};
}

Result<void> check_size(std::string_view text, const std::string& named, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return {};
  return fail(Errc::too_large, named + " is longer than " + std::to_string(bytes_max) + " bytes");
}

/// Of all keys, or of all values, each named with its number.
Result<void> finish_texts(std::vector<std::string>& texts, std::string_view what, bool base64,
                          std::size_t bytes_max) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string named = std::string(what) + ' ' + std::to_string(i + 1);
    if (base64)
      if (auto decoded = decode(texts[i], named); !decoded) return decoded;
    if (auto checked = check_size(texts[i], named, bytes_max); !checked) return checked;
  }
  return {};
}

Result<void> finish_keys(HttpBatch& batch, std::size_t bytes_max) {
  if (auto done = finish_texts(batch.keys, "key", batch.base64, bytes_max); !done) return done;
  const auto empty = std::ranges::find(batch.keys, std::string());
  if (empty == batch.keys.end()) return {};
  return fail(Errc::invalid_argument,
              "key " + std::to_string(empty - batch.keys.begin() + 1) + " is empty");
}

Result<void> finish_values(BodyReader& reader, std::size_t bytes_max) {
  HttpBatch& batch = reader.batch();
  auto done = finish_texts(reader.values(), "value", batch.base64, bytes_max);
  for (std::size_t i = 0; done && i < batch.values.size(); ++i)
    batch.values[i].bytes = Bytes::copy(reader.values()[i]);
  return done;
}

/// The writes of a batch are done at once: of two for a key either might be the last.
Result<void> check_distinct(const std::vector<std::string>& keys) {
  std::vector<std::size_t> places(keys.size());
  std::iota(places.begin(), places.end(), 0);
  const auto key_at = [&](std::size_t place) -> const std::string& { return keys[place]; };
  std::ranges::stable_sort(places, {}, key_at);
  const auto twice = std::ranges::adjacent_find(places, {}, key_at);
  if (twice == places.end()) return {};
  return fail(Errc::invalid_argument, "key " + std::to_string(twice[1] + 1) + " is key " +
                                          std::to_string(twice[0] + 1) +
                                          " again; a batch writes a key once");
}

/// Nobody means all of a group by a list, prefix or tag that is empty.
Result<void> finish_invalidation(BodyReader& reader) {
  HttpBatch& batch = reader.batch();
  int ways = 0;
  for (const Field field : {Field::keys, Field::prefix, Field::tag, Field::all})
    ways += int{reader.has(field)};
  if (ways != 1)
    return fail(Errc::invalid_argument, R"(name one of "keys", "prefix", "tag" and "all")");
  if (batch.base64)
    if (auto decoded = decode(batch.prefix, R"("prefix")"); !decoded) return decoded;
  if (!batch.keys.empty() || !batch.prefix.empty() || !batch.tag.empty() || batch.all) return {};
  return fail(Errc::invalid_argument,
              R"(nothing is named; {"all":true} invalidates all of the group)");
}

Result<void> finish(BatchVerb verb, BodyReader& reader, const HttpBatchLimits& limits) {
  if (auto keys = finish_keys(reader.batch(), limits.key_bytes); !keys) return keys;
  if (verb == BatchVerb::invalidate) return finish_invalidation(reader);
  const Field needed = verb == BatchVerb::put ? Field::entries : Field::keys;
  if (!reader.has(needed))
    return fail(Errc::invalid_argument,
                needed == Field::keys ? R"("keys" is missing)" : R"("entries" is missing)");
  if (verb == BatchVerb::put)
    if (auto distinct = check_distinct(reader.batch().keys); !distinct) return distinct;
  return finish_values(reader, limits.value_bytes);
}

}  // namespace

Result<HttpBatch> parse_batch(BatchVerb verb, std::string_view body, const HttpBatchLimits& limits,
                              Time now) {
  BodyReader reader(verb, limits.keys, now);
  if (!Json::sax_parse(body.begin(), body.end(), &reader))
    return fail(Errc::invalid_argument, std::move(reader.objection()));
  if (auto done = finish(verb, reader, limits); !done)
    return std::unexpected(std::move(done.error()));
  return std::move(reader.batch());
}

Result<Duration> parse_ttl(std::string_view text) {
  auto ttl = parse_duration(text);
  if (!ttl) return fail(Errc::invalid_argument, "ttl: " + ttl.error().message);
  if (*ttl > Duration{0}) return ttl;
  return fail(Errc::invalid_argument, "ttl: must be longer than 0; leave it out for no end");
}

Result<void> check_tag(std::string_view tag) {
  if (!tag.empty() && tag.find(',') == std::string_view::npos && valid_utf8(tag)) return {};
  return fail(Errc::invalid_argument,
              "tags: a tag is a name in UTF-8, not empty and without a comma");
}

}  // namespace ringcache
