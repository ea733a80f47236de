// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "sql/driver.h"

namespace ringcache {

/// An error of PostgreSQL, or of what speaks its protocol, by its SQLSTATE. Of the message only
/// what holds no value. Where the error is `of_values`, not of a place in the statement's text, a
/// name in it may be one: to_tsquery(:key) and :key::regclass read it as such.
Failure postgres_failure(std::string_view state, std::string_view message, bool of_values);

}  // namespace ringcache
