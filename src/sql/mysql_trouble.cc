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
    {1226, Trouble::broken},     // a user's share is used up
    {1290, Trouble::read_only},  // --read-only
    {1300, Trouble::refused},    // no valid string
    {1301, Trouble::too_large},  // result above max_allowed_packet
    {1317, Trouble::late},       // query interrupted
    {1364, Trouble::refused},    // a column has no default
    {1366, Trouble::refused},    // incorrect value
    {1411, Trouble::refused},    // incorrect value, for a function
    {1461, Trouble::broken},     // too many prepared statements
    {1525, Trouble::refused},    // incorrect value
    {1526, Trouble::refused},    // no partition for this value
    {1644, Trouble::refused},    // SIGNAL of a trigger
    {1792, Trouble::read_only},  // transaction
    {1836, Trouble::read_only},  // mode
    {1969, Trouble::late},       // max_statement_time
    {1977, Trouble::refused},    // a character that the other set does not have, MariaDB
    {3024, Trouble::late},       // max_execution_time
    {3572, Trouble::busy},       // NOWAIT
    {3819, Trouble::refused},    // CHECK, MySQL
    {3854, Trouble::refused},    // no such string in the other character set
    {3988, Trouble::refused},    // the same
    {3989, Trouble::read_only},  // schema
    {4025, Trouble::refused},    // CHECK, MariaDB
    {8002, Trouble::busy},       // of TiDB: a conflict, rolled back
    {8004, Trouble::too_large},  // of TiDB: transaction
    {8005, Trouble::busy},       // of TiDB: write conflict
    {8022, Trouble::busy},       // of TiDB: the commit failed, and was rolled back
    {8025, Trouble::too_large},  // of TiDB: entry
    {8028, Trouble::busy},       // of TiDB: the schema has changed, rolled back
    {9007, Trouble::busy},       // of TiDB: write conflict
};

/// The general errors (HY000) that are the statement's own, or its data's.
struct Codes {
  unsigned first, last;
};
constexpr Codes kMistakes[] = {
    {1093, 1093},  // a table both written and read
    {1096, 1096},  // no tables
    {1111, 1111},  // group function
    {1191, 1191},  // no full-text index
    {1193, 1193},  // unknown system variable
    {1210, 1210},  // wrong arguments
    {1221, 1221},  // wrong usage
    {1228, 1229},  // a variable of the session, or of all
    {1238, 1238},  // the same
    {1267, 1267},  // collations that do not mix
    {1270, 1271},  // the same
    {1288, 1288},  // not updatable
    {1295, 1295},  // cannot be prepared
    {1347, 1348},  // no such kind of object, column not updatable
    {1356, 1356},  // a view that does not fit its tables
    {1359, 1361},  // a trigger that there is, or is not, or is not on a table
    {1390, 1390},  // too many parameters
    {1393, 1395},  // more than one table of a view
    {1419, 1419},  // creating triggers takes SUPER
    {1423, 1423},  // a view's column without a default
    {1442, 1443},  // a trigger writes its own table
    {1449, 1449},  // no such definer
    {1471, 1471},  // not insertable
    {1621, 1621},  // variable is read only
    {1906, 1906},  // a generated column was given a value, MariaDB
    {3065, 3065},  // ORDER BY and DISTINCT
    {3105, 3105},  // a generated column was given a value, MySQL
    {3593, 3593},  // window function
    {3685, 3686},  // regular expression
    {3688, 3697},  // the same
    {3994, 3994},  // use of a parameter
    {4002, 4024},  // WITH, window functions, MariaDB
    {4032, 4032},  // use of a parameter
    {4035, 4046},  // JSON
    {4048, 4051},  // the same
    {4074, 4074},  // window function
    {4078, 4079},  // type of an operand
    {4099, 4107},  // VALUES and aggregate functions
    {4176, 4180},  // JSON_TABLE
};

bool is_mistake(unsigned code) {
  const auto* after = std::ranges::upper_bound(kMistakes, code, {}, &Codes::first);
  return after != std::begin(kMistakes) && code <= std::prev(after)->last;
}

Trouble by_state(std::string_view state) {
  const std::string_view kind = state.substr(0, 2);
  if (kind == "22" || kind == "23") return Trouble::refused;
  if (kind == "42" || kind == "21" || kind == "0A") return Trouble::mistake;
  if (kind == "40") return Trouble::busy;
  if (kind == "25") return Trouble::read_only;
  return Trouble::broken;
}

/// "General error" of a server that goes on, unlike those of the library.
bool is_general(unsigned code, std::string_view state) {
  constexpr unsigned kClientFirst = 2000, kClientLast = 2999;
  return state == "HY000" && (code < kClientFirst || code > kClientLast);
}

Trouble trouble_of(unsigned code, std::string_view state) {
  const auto* found = std::ranges::lower_bound(kKnown, code, {}, &Known::code);
  if (found != std::end(kKnown) && found->code == code) return found->trouble;
  // Of what else is general nobody knows what came of the statement.
  if (is_general(code, state)) return is_mistake(code) ? Trouble::mistake : Trouble::broken;
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

bool mysql_session_is_lost(unsigned code, std::string_view state) {
  return trouble_of(code, state) == Trouble::broken && !is_general(code, state);
}

Failure mysql_failure(unsigned code, std::string_view state, std::string_view message) {
  return {trouble_of(code, state), words_of(code, state, message)};
}

}  // namespace ringcache
