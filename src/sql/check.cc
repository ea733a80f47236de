// SPDX-License-Identifier: Apache-2.0
#include "sql/check.h"

#include <algorithm>
#include <set>

#include "base/utf8.h"

namespace ringcache {
namespace {

using Role = SqlStatement::Role;

bool has(const StatementShape& shape, std::string_view parameter) {
  return std::ranges::find(shape.parameters, parameter) != shape.parameters.end();
}

std::string mistake_in_parameters(Role role, const StatementShape& shape) {
  const std::string key = role == Role::get_many ? "keys" : "key";
  const bool put = role == Role::put;
  for (const std::string& name : shape.parameters)
    if (name != key && !(put && name == "value"))
      return "unknown parameter '" + name + "': there is :" + key + (put ? " and :value" : "");
  if (!has(shape, key)) return "it does not use :" + key;
  if (put && !has(shape, "value")) return "it does not use :value";
  return {};
}

std::string mistake_in_many(const StatementShape& shape) {
  if (shape.columns.size() < 2) return "it must yield the key first, and then what get yields";
  return {};
}

std::string mistake_in_columns(const StatementShape& shape) {
  if (shape.columns.empty()) return "it yields no column";
  std::set<std::string_view> names;
  for (const std::string& name : shape.columns) {
    if (!names.insert(name).second)
      return "two columns are called '" + name + "': name them apart with AS";
    if (!valid_utf8(name)) return "the name of a column is not UTF-8: name it with AS";
  }
  return {};
}

}  // namespace

std::string mistake_in(const SqlStatement& statement, const StatementShape& shape) {
  if (statement.role == Role::trusted) return {};
  if (shape.empty) return "it is empty";
  if (shape.further) return "it is more than one statement";
  if (std::string wrong = mistake_in_parameters(statement.role, shape); !wrong.empty())
    return wrong;
  if (statement.role == Role::get_many)
    if (std::string wrong = mistake_in_many(shape); !wrong.empty()) return wrong;
  if (statement.role == Role::get || statement.role == Role::get_many)
    return shape.writes ? "it writes, but a get only reads" : mistake_in_columns(shape);
  if (!shape.writes) return "it does not write";
  // Rows that it returned would keep it from ending.
  return shape.columns.empty() ? "" : "it yields rows: leave RETURNING out, the get reads the row";
}

}  // namespace ringcache
