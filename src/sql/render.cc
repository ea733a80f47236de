// SPDX-License-Identifier: Apache-2.0
#include "sql/render.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include <ringcache/base64.h>

#include "base/utf8.h"

namespace ringcache {
namespace {

template <class... F>
struct Overloaded : F... {
  using F::operator()...;
};

/// As databases and JSON print it: a real that is whole keeps its ".0".
std::string real_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Inf" : "-Inf";
  char digits[32];
  std::string text(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

using Json = nlohmann::ordered_json;

Json json_of(const SqlColumn& column) {
  return std::visit(
      Overloaded{[](std::monostate) { return Json(); }, [](auto scalar) { return Json(scalar); },
                 [](double number) {
                   return std::isfinite(number) ? Json(number) : Json(real_text(number));
                 },
                 [](std::string_view text) {
                   return Json(valid_utf8(text) ? std::string(text) : to_base64(text));
                 },
                 [](SqlBlob blob) { return Json(to_base64(blob.bytes)); }},
      column);
}

Bytes raw(const SqlColumn& column) {
  return std::visit(Overloaded{[](std::monostate) { return Bytes::copy(""); },
                               [](auto integer) { return Bytes::copy(std::to_string(integer)); },
                               [](bool truth) { return Bytes::copy(truth ? "true" : "false"); },
                               [](double number) { return Bytes::copy(real_text(number)); },
                               [](std::string_view text) { return Bytes::copy(text); },
                               [](SqlBlob blob) { return Bytes::copy(blob.bytes); }},
                    column);
}

}  // namespace

Bytes render(const SqlRow& row, std::size_t from) {
  if (row.columns.size() == from + 1) return raw(row.columns[from]);
  Json object = Json::object();
  for (std::size_t i = from; i < row.columns.size(); ++i)
    object[row.names[i]] = json_of(row.columns[i]);
  return Bytes::copy(object.dump());
}

bool is_bytes(const SqlColumn& column) noexcept {
  return std::holds_alternative<std::string_view>(column) ||
         std::holds_alternative<SqlBlob>(column);
}

std::string_view bytes_of(const SqlColumn& column) noexcept {
  const auto* text = std::get_if<std::string_view>(&column);
  return text ? *text : std::get_if<SqlBlob>(&column)->bytes;
}

}  // namespace ringcache
