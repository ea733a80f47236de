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
constexpr Known kData[] = {
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
};

std::string data_words(std::string_view state) {
  const auto* found = std::ranges::find(kData, state, &Known::state);
  const std::string_view words = found == std::end(kData) ? "invalid data" : found->words;
  return std::string(words) + " (" + std::string(state) + ")";
}

}  // namespace

Failure postgres_failure(std::string_view state, std::string_view message) {
  const bool is_data = state.starts_with("22");
  return {trouble_of(state), is_data ? data_words(state) : std::string(message)};
}

}  // namespace ringcache
