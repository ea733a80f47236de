// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "sql/driver.h"

namespace ringcache {

/// An error of MySQL, MariaDB or their client library, by its number and SQLSTATE. Of the message
/// only what holds no value.
Failure mysql_failure(unsigned code, std::string_view state, std::string_view message);

/// Whether nothing more can be asked of the session. A general error need not end it, so that one
/// that refuses a setting may still be used.
bool mysql_session_is_lost(unsigned code, std::string_view state);

}  // namespace ringcache
