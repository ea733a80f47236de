// SPDX-License-Identifier: Apache-2.0
#include "sql/postgres_trouble.h"

namespace ringcache {
namespace {

Trouble by_class(std::string_view kind) {
  if (kind == "22" || kind == "23" || kind == "44" || kind == "P0") return Trouble::refused;
  if (kind == "40") return Trouble::busy;
  if (kind == "42" || kind == "0A" || kind == "21" || kind == "2B") return Trouble::mistake;
  if (kind == "54") return Trouble::too_large;
  return Trouble::broken;
}

Trouble trouble_of(std::string_view state) {
  if (state == "25006") return Trouble::read_only;
  if (state == "40003") return Trouble::broken;  // nobody knows whether the statement was done
  if (state == "53100") return Trouble::full;
  if (state == "55P03") return Trouble::busy;  // lock not available
  if (state == "57014") return Trouble::late;  // cancelled: the statement's time is over
  return by_class(state.substr(0, 2));
}

/// `invalid input syntax for type integer: "VALUE"`, and the bytes that are no UTF-8.
std::string without_value(std::string_view message) {
  const std::size_t value = message.find(": \"");
  const std::size_t bytes = message.find(": 0x");
  return std::string(message.substr(0, std::min(value, bytes)));
}

}  // namespace

Failure postgres_failure(std::string_view state, std::string_view message) {
  const bool may_hold_value = state.starts_with("22");
  return {trouble_of(state), may_hold_value ? without_value(message) : std::string(message)};
}

}  // namespace ringcache
