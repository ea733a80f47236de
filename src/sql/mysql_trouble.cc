// SPDX-License-Identifier: Apache-2.0
#include "sql/mysql_trouble.h"

#include <algorithm>
#include <iterator>

namespace ringcache {
namespace {

struct Known {
  unsigned code;
  Trouble trouble;
};

/// What the SQLSTATE does not tell, or tells otherwise. In the order of the codes.
constexpr Known kKnown[] = {
    {1020, Trouble::busy},       // the row has changed since it was read
    {1021, Trouble::full},       // disk full
    {1040, Trouble::broken},     // too many connections
    {1047, Trouble::unready},    // of Galera: no member of the majority
    {1053, Trouble::broken},     // shutdown in progress
    {1114, Trouble::full},       // table is full
    {1153, Trouble::too_large},  // packet above max_allowed_packet
    {1203, Trouble::broken},     // too many connections of a user
    {1205, Trouble::busy},       // lock wait timeout
    {1206, Trouble::busy},       // lock table full
    {1213, Trouble::busy},       // deadlock
    {1290, Trouble::read_only},  // --read-only
    {1301, Trouble::too_large},  // result above max_allowed_packet
    {1317, Trouble::late},       // query interrupted
    {1364, Trouble::refused},    // a column has no default
    {1366, Trouble::refused},    // incorrect value
    {1526, Trouble::refused},    // no partition for this value
    {1644, Trouble::refused},    // SIGNAL of a trigger
    {1792, Trouble::read_only},  // transaction
    {1836, Trouble::read_only},  // mode
    {1969, Trouble::late},       // max_statement_time
    {3024, Trouble::late},       // max_execution_time
    {3819, Trouble::refused},    // CHECK, MySQL
    {4025, Trouble::refused},    // CHECK, MariaDB
};

Trouble by_state(std::string_view state) {
  const std::string_view kind = state.substr(0, 2);
  if (kind == "22" || kind == "23") return Trouble::refused;
  if (kind == "42" || kind == "21" || kind == "0A") return Trouble::mistake;
  if (kind == "40") return Trouble::busy;
  if (kind == "25") return Trouble::read_only;
  return Trouble::broken;
}

Trouble trouble_of(unsigned code, std::string_view state) {
  const auto* found = std::ranges::lower_bound(kKnown, code, {}, &Known::code);
  if (found != std::end(kKnown) && found->code == code) return found->trouble;
  constexpr unsigned kClientFirst = 2000, kClientLast = 2999;
  if (code >= kClientFirst && code <= kClientLast) return Trouble::broken;
  // "General error" of a server that goes on: what the statement met, not the session.
  if (state == "HY000") return Trouble::mistake;
  return by_state(state);
}

/// "Duplicate entry 'VALUE' for key 'PRIMARY'", "Incorrect integer value: 'VALUE' for column …":
/// what follows the value is ours. It may hold quotes itself.
std::string without_value(std::string_view message) {
  const std::size_t begin = message.find('\'');
  if (begin == std::string_view::npos) return std::string(message);
  const std::size_t end = message.rfind("' for ");
  const bool found = end != std::string_view::npos && end > begin;
  return std::string(message.substr(0, begin)) + "…" +
         std::string(found ? message.substr(end + 1) : std::string_view());
}

/// "Truncated incorrect INTEGER value: 'VALUE'": nobody knows where it ends.
std::string before_value(std::string_view message) {
  const std::size_t begin = message.find_first_of("'\"`");
  if (begin == std::string_view::npos) return std::string(message);
  return std::string(message.substr(0, begin)) + "…";
}

/// Where a value stands bare.
std::string_view own_words(unsigned code, std::string_view state) {
  if (code == 1526) return "Table has no partition for this value";
  if (code == 3988) return "Impossible conversion between character sets";
  if (code == 8005 || code == 9007) return "Write conflict";  // of TiDB, which names the key
  if (code == 8022) return "Transaction failed and may be repeated";
  if (code == 8141) return "Assertion failed";
  if (state.starts_with("22S")) return "Coordinate out of range";
  return {};
}

bool has_name_behind_value(unsigned code) { return code == 1062 || code == 1366 || code == 1586; }

/// TiDB has many errors by the number 1105, and what it met in their words.
bool quotes_value(unsigned code) {
  constexpr unsigned kCodes[] = {1105, 1265, 1292, 1300, 1367, 1411, 1525, 1690,
                                 1741, 1761, 1762, 1918, 1977, 3140, 3141, 3854};
  return std::ranges::binary_search(kCodes, code);
}

std::string words_of(unsigned code, std::string_view state, std::string_view message) {
  if (const auto own = own_words(code, state); !own.empty()) return std::string(own);
  if (has_name_behind_value(code)) return without_value(message);
  return quotes_value(code) ? before_value(message) : std::string(message);
}

}  // namespace

Failure mysql_failure(unsigned code, std::string_view state, std::string_view message) {
  return {trouble_of(code, state), words_of(code, state, message)};
}

}  // namespace ringcache
