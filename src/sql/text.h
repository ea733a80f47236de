// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ringcache {

/// In what the databases write SQL differently, as far as finding `:name` in it goes.
struct SqlSyntax {
  /// How a parameter is written for the database: `?` for each, or `$1`, the same for each use of
  /// a name.
  bool numbered = false;
  /// A list of keys is one parameter, an array, and `IN (:keys)` becomes `= ANY ($1)`. Otherwise it
  /// is one parameter for each key.
  bool arrays = false;
  bool backslashes = false;    ///< Escape in '…' and "…".
  bool hash_comments = false;  ///< # to the end of the line.
  bool dollar_quotes = false;  ///< $tag$…$tag$.
  bool brackets = false;       ///< [identifier].
  /// What begins a parameter of the database's own, which nobody would bind.
  std::string_view own_markers;
};

/// A statement as the database is to get it, and what it says of itself.
struct SqlText {
  std::string text;
  /// What each marker of `text` stands for, in their order: "key", "value", "keys", …; a marker of
  /// the database's own as it is written.
  std::vector<std::string> markers;
  bool empty = true;     ///< Nothing but space and comments.
  bool further = false;  ///< A second statement follows.
  bool writes = false;
};

/// Finds the parameters, `:name`, where they are code: neither in strings, quoted names nor
/// comments. `keys` is how many keys a list has.
SqlText read_sql(std::string_view text, const SqlSyntax& syntax, std::size_t keys = 1);

}  // namespace ringcache
