// SPDX-License-Identifier: Apache-2.0
#include "sql/postgres_trouble.h"

#include <algorithm>
#include <iterator>

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

/// The database's own words for wrong data quote it, in the quotes of its language or in none.
struct Known {
  std::string_view state;
  std::string_view words;
};
constexpr Known kWords[] = {
    {"22001", "value too long for its type"},
    {"22003", "value out of range for its type"},
    {"22004", "null value not allowed"},
    {"22007", "invalid date or time"},
    {"22008", "date or time out of range"},
    {"22012", "division by zero"},
    {"22021", "invalid byte sequence for the encoding"},
    {"22023", "invalid parameter value"},
    {"22030", "duplicate key in a JSON object"},
    {"22032", "invalid JSON text"},
    {"22P02", "invalid input syntax for its type"},
    {"22P03", "invalid binary representation"},
    {"22P05", "character that the encoding does not have"},
    {"42601", "syntax error in a value"},
    {"42602", "invalid name in a value"},
    {"42703", "undefined column"},
    {"42704", "undefined object"},
    {"42883", "undefined function"},
    {"42P01", "undefined table"},
};

std::string own_words(std::string_view state) {
  const auto* found = std::ranges::find(kWords, state, &Known::state);
  std::string_view words = state.starts_with("22") ? "invalid data" : "syntax or name error";
  if (found != std::end(kWords)) words = found->words;
  return std::string(words) + " (" + std::string(state) + ")";
}

bool may_quote_value(std::string_view state, bool of_values) {
  const auto kind = state.substr(0, 2);
  constexpr std::string_view kNoPrivilege = "42501";
  return kind == "22" || (of_values && kind == "42" && state != kNoPrivilege);
}

}  // namespace

Failure postgres_failure(std::string_view state, std::string_view message, bool of_values) {
  return {trouble_of(state),
          may_quote_value(state, of_values) ? own_words(state) : std::string(message)};
}

}  // namespace ringcache
