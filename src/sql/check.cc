// SPDX-License-Identifier: Apache-2.0
#include "sql/check.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/utf8.h"
#include "sql/reading.h"

namespace ringcache {
namespace {

using Role = SqlStatement::Role;

bool has(const StatementShape& shape, std::string_view parameter) {
  return std::ranges::find(shape.parameters, parameter) != shape.parameters.end();
}

/// What the statements of a role are to use, and what they may.
struct Parameters {
  std::vector<std::string_view> needed;
  std::vector<std::string_view> allowed;
};

Parameters parameters_of(Role role) {
  switch (role) {
    case Role::get_many:
      return {{"keys"}, {}};
    case Role::put:
      return {{"key", "value"}, {"expires_at", "tags"}};
    case Role::cas:
      return {{"key", "value", "expected"}, {"expires_at", "tags"}};
    case Role::touch:
      return {{"key", "expires_at"}, {}};
    default:
      return {{"key"}, {}};
  }
}

std::string listed(const Parameters& parameters) {
  std::string list;
  for (const auto& names : {parameters.needed, parameters.allowed})
    for (const std::string_view name : names) list.append(list.empty() ? ":" : ", :").append(name);
  return list;
}

std::string mistake_in_parameters(Role role, const StatementShape& shape) {
  const Parameters parameters = parameters_of(role);
  for (const std::string& name : shape.parameters)
    if (std::ranges::count(parameters.needed, name) == 0 &&
        std::ranges::count(parameters.allowed, name) == 0)
      return "unknown parameter '" + name + "': there is " + listed(parameters);
  for (const std::string_view name : parameters.needed)
    if (!has(shape, name)) return "it does not use :" + std::string(name);
  return {};
}

std::string mistake_in_many(const StatementShape& shape) {
  if (shape.columns.size() < 2) return "it must yield the key first, and then what get yields";
  return {};
}

/// Ends and tags stand behind what they belong to.
std::string mistake_in_places(const StatementShape& shape) {
  const auto first = std::ranges::find_if(shape.columns, is_beside);
  if (first == shape.columns.begin()) return "it yields no value before " + *first;
  if (std::ranges::all_of(first, shape.columns.end(), is_beside)) return {};
  return *first + " must come last";
}

std::string mistake_in_columns(const StatementShape& shape) {
  if (shape.columns.empty()) return "it yields no column";
  if (std::string wrong = mistake_in_places(shape); !wrong.empty()) return wrong;
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
