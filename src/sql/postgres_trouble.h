// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "sql/driver.h"

namespace ringcache {

/// An error of PostgreSQL, or of what speaks its protocol, by its SQLSTATE. Of the message only
/// what holds no value.
Failure postgres_failure(std::string_view state, std::string_view message);

}  // namespace ringcache
